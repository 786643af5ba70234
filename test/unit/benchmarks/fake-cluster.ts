import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';
import { systemClock } from '../../../src/base/clock.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { Jobs } from '../../../src/kube/resources.ts';
import type { ClusterRef, DeleteOptions, KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/model/types.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';
import type { ExecOptions } from '../../../src/kube/streams/types.ts';
import type { Endpoint, PokerService } from '../../../src/poker/types.ts';
import { hastened } from '../../support/hastened.ts';

export const CLUSTER: ClusterRef = { context: 'test', namespace: 'bench', server: 'https://127.0.0.1:1' };

export const ENDPOINT: Endpoint = {
  baseUrl: 'http://gateway.bench.svc',
  model: 'a model',
  decodePods: [{ name: 'decode-0', ip: '10.0.0.7' }],
};

/** Timers of the product run twenty times as fast; the pods' own shells run in real time. */
export const quickClock = hastened(systemClock, 20);

interface FakePod {
  readonly object: KubeObject;
  readonly root: string;
  readonly processes: Set<ChildProcess>;
}

/**
 * Pods whose shell is this machine's own `sh`, each with a folder of its own in place of `/tmp/llmdw` and `/run/llmdw`
 * and with the benchmark tools as scripts on its PATH, so that the scripts that run in real pods are tested as they are.
 */
export class FakeCluster {
  readonly #folder: string;
  readonly #tools: string;
  readonly pods = new Map<string, FakePod>();
  /** Called before each exec; may throw what the cluster would. */
  beforeExec: (pod: string, command: readonly string[]) => void = () => {};
  /** Called with what an exec is about to answer on stdout. */
  damage: (bytes: Buffer, command: readonly string[]) => Buffer = (bytes) => bytes;
  readonly jobs = new Map<string, KubeObject>();

  constructor(folder: string) {
    this.#folder = folder;
    this.#tools = join(folder, 'tools');
    mkdirSync(this.#tools, { recursive: true });
  }

  /** Puts a program on the PATH of every pod. */
  async tool(name: string, script: string): Promise<void> {
    await writeFile(join(this.#tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  addPod(
    name: string,
    extra: {
      readonly labels?: Record<string, string>;
      readonly job?: string;
      readonly annotations?: Record<string, string>;
      readonly gpus?: number;
    } = {},
  ): FakePod {
    const root = join(this.#folder, name);
    mkdirSync(root, { recursive: true });
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        uid: randomUUID(),
        labels: { 'llm-d.ai/owner': 'me', 'app.kubernetes.io/managed-by': 'llm-d-workbench', ...extra.labels },
        annotations: extra.annotations ?? {},
        ...(extra.job === undefined
          ? {}
          : { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'job', uid: extra.job }] }),
      },
      spec: {
        containers: [{ image: 'tools:1', resources: { limits: { 'nvidia.com/gpu': String(extra.gpus ?? 0) } } }],
      },
      status: { phase: 'Running', podIP: '10.0.0.9' },
    };
    const pod: FakePod = { object, root, processes: new Set() };
    this.pods.set(name, pod);
    return pod;
  }

  /** Ends what runs in it and forgets it. */
  async deletePod(name: string): Promise<void> {
    const pod = this.pods.get(name);
    this.pods.delete(name);
    for (const child of pod?.processes ?? []) kill(child);
    if (pod) await rm(pod.root, { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    for (const name of this.pods.keys().toArray()) {
      await killDetached(join(this.#folder, name));
      await this.deletePod(name);
    }
  }

  readonly client = {
    cluster: CLUSTER,
    dispose() {},
    resourceOf: (_apiVersion: string, kind: string) => Promise.resolve(kind === 'Job' ? Jobs : undefined),
    get: (resource: ResourceType, _namespace: string | undefined, name: string) => {
      const found = resource === Jobs ? this.jobs.get(name) : this.pods.get(name)?.object;
      return found ? Promise.resolve(found) : Promise.reject(notFound(name));
    },
    list: (_resource: unknown, options: { readonly labelSelector?: string }) => {
      const [key = '', value] = options.labelSelector?.split('=') ?? [];
      return Promise.resolve(
        this.pods
          .values()
          .map((pod) => pod.object)
          .filter((pod) => pod.metadata.labels?.[key] === value)
          .toArray(),
      );
    },
    apply: async (object: KubeObject) => {
      const job = { ...object, metadata: { ...object.metadata, uid: randomUUID() } };
      this.jobs.set(job.metadata.name, job);
      await this.#startJob(job);
      return job;
    },
    delete: async (_resource: unknown, _namespace: string | undefined, name: string, { uid }: DeleteOptions) => {
      if (this.jobs.get(name)?.metadata.uid !== uid)
        throw new WorkbenchError({ code: 'conflict', message: `Job ${name} is another one` });
      this.jobs.delete(name);
      for (const pod of this.pods
        .keys()
        .filter((each) => each.startsWith(`${name}-`))
        .toArray())
        await this.deletePod(pod);
      return true;
    },
    exec: async (options: ExecOptions) => {
      const { exitCode, stdout } = await this.#exec(options);
      if (options.stdout) await pipeline(Readable.from([stdout]), keepOpen(options.stdout));
      return exitCode;
    },
    execOutput: (options: ExecOptions) => this.#exec(options),
    async *logs() {
      yield { time: '2026-01-01T00:00:00Z', text: 'last words' };
    },
  } as unknown as KubeClient;

  readonly contexts = {
    client: () => Promise.resolve(this.client),
    list: () => Promise.resolve([{ name: CLUSTER.context, server: CLUSTER.server }]),
  } as unknown as Contexts;

  readonly poker = {
    endpoint: () => Promise.resolve(ENDPOINT),
    start: () => {
      if (!this.pods.has('poker-me')) this.addPod('poker-me');
      return Promise.resolve({ pod: 'poker-me', phase: 'ready', reason: undefined });
    },
  } as unknown as PokerService;

  async #exec({
    pod: name,
    command,
    stdin,
  }: ExecOptions): Promise<{ exitCode: number; stdout: Buffer; stderr: string }> {
    this.beforeExec(name, command);
    const pod = this.pods.get(name);
    if (!pod) throw notFound(name);
    const child = this.#spawn(pod, command, stdin !== undefined);
    if (stdin) child.stdin?.end(this.#inPod(pod, (await collectStream(stdin)).toString()));
    const [stdout, stderr] = await Promise.all([collectStream(child.stdout), collectStream(child.stderr)]);
    const exitCode =
      child.exitCode ?? (await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137))));
    return { exitCode, stdout: this.damage(stdout, command), stderr: stderr.toString() };
  }

  #spawn(
    pod: FakePod,
    command: readonly string[],
    withInput: boolean,
    env: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const [file = '', ...args] = command.map((word) => this.#inPod(pod, word));
    const child = spawn(file, args, {
      cwd: pod.root,
      detached: true,
      stdio: [withInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env, PATH: `${this.#tools}:${process.env['PATH'] ?? ''}` },
    });
    pod.processes.add(child);
    child.on('close', () => pod.processes.delete(child));
    return child;
  }

  #inPod(pod: FakePod, text: string): string {
    return text.replaceAll('/tmp/llmdw', join(pod.root, 'llmdw')).replaceAll('/run/llmdw', join(pod.root, 'llmdw'));
  }

  async #startJob(job: KubeObject): Promise<void> {
    const { completions, template } = job['spec'] as {
      completions: number;
      template: {
        metadata: { labels: Record<string, string> };
        spec: { containers: { command: string[]; args: string[] }[] };
      };
    };
    const [container] = template.spec.containers;
    for (let index = 0; index < completions; index += 1) {
      const pod = this.addPod(`${job.metadata.name}-${index}`, {
        labels: template.metadata.labels,
        job: job.metadata.uid ?? '',
        annotations: { 'batch.kubernetes.io/job-completion-index': String(index) },
      });
      await mkdir(join(pod.root, 'llmdw'), { recursive: true });
      this.#spawn(pod, [...(container?.command ?? []), ...(container?.args ?? [])].map(asKubeletExpands), false, {
        JOB_COMPLETION_INDEX: String(index),
      });
    }
  }
}

/** In a container's command and args `$$` stands for `$`. */
function asKubeletExpands(word: string): string {
  return word.replaceAll('$$', '$');
}

function notFound(name: string): WorkbenchError {
  return new WorkbenchError({ code: 'not-found', message: `pod ${name} in test/bench was not found` });
}

async function collectStream(stream: Readable | null): Promise<Buffer> {
  return stream ? buffer(stream) : Buffer.alloc(0);
}

/** The product ends the stream that it handed in by itself. */
function keepOpen(stream: Writable): Writable {
  return new Writable({ write: (chunk, encoding, done) => void stream.write(chunk, encoding, done) });
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** What a run started with setsid belongs to no child of ours: its own pid files name it. */
async function killDetached(root: string): Promise<void> {
  const child = spawn('sh', [
    '-c',
    'for file in "$1"/llmdw/*/pid; do [ -e "$file" ] && kill -9 -- "-$(cat "$file")" 2> /dev/null; done',
    'sh',
    root,
  ]);
  await finished(child.stdout);
}

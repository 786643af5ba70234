import { createHash } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkbenchError } from '../../src/base/errors.ts';
import type { ClusterRef, KubeClient } from '../../src/kube/types.ts';
import type { Contexts } from '../../src/kube/login/types.ts';
import type { ExecOptions, ExecOutput } from '../../src/kube/streams/types.ts';
import type { KubeObject, ResourceType } from '../../src/kube/model/types.ts';

export interface FakeFile {
  content: Buffer;
  modified: number;
}

export const cluster: ClusterRef = { context: 'test', namespace: 'team', server: 'https://cluster.test' };

/** Pods with files, behind the few commands that listing and copying traces run there. Only what the tests reach is a client. */
export class FakeTracePods {
  readonly files = new Map<string, Map<string, FakeFile>>();
  readonly folders = new Map<string, string>();
  readonly commands: string[] = [];
  /** Called before each `dd` sends; may throw, or answer how many bytes to send before the connection ends. */
  onRange: (pod: string, path: string, offset: number) => number | undefined | Promise<number | undefined> = () =>
    undefined;
  /** Checksum programs of the containers. */
  checksums = ['sha256sum', 'cksum'];
  /** What `cksum` prints. */
  cksum = '';

  add(pod: string, path: string, content: Buffer, modified = 1_700_000_000.5): void {
    if (!this.files.has(pod)) this.files.set(pod, new Map());
    this.files.get(pod)!.set(path, { content, modified });
  }

  client(): KubeClient {
    const client: Pick<KubeClient, 'cluster' | 'get' | 'exec' | 'execOutput'> = {
      cluster,
      get: <T extends KubeObject>(_resource: ResourceType<T>, _namespace: string | undefined, name: string) =>
        Promise.resolve(this.#pod(name) as T),
      exec: (options) => this.#exec(options),
      execOutput: (options) => this.#execOutput(options),
    };
    return client as KubeClient;
  }

  contexts(): Contexts {
    return { client: () => Promise.resolve(this.client()) } as unknown as Contexts;
  }

  #pod(name: string): KubeObject {
    if (!this.files.has(name)) throw new WorkbenchError({ code: 'not-found', message: `pod "${name}" not found` });
    const folder = this.folders.get(name) ?? '/traces';
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        containers: [
          { name: 'proxy' },
          {
            name: 'vllm',
            args: ['serve', '--profiler-config', JSON.stringify({ profiler: 'torch', torch_profiler_dir: folder })],
          },
        ],
      },
    };
  }

  #filesOf(pod: string): Map<string, FakeFile> {
    const files = this.files.get(pod);
    if (!files) throw new WorkbenchError({ code: 'not-found', message: `pod "${pod}" not found` });
    return files;
  }

  #execOutput(options: Omit<ExecOptions, 'stdout' | 'stderr'>): Promise<ExecOutput> {
    const files = this.#filesOf(options.pod);
    const [tool, ...args] = options.command;
    this.commands.push(options.command.join(' '));
    const path = args.at(-1) ?? '';
    const output = (exitCode: number, stdout: string | Buffer = '', stderr = ''): Promise<ExecOutput> =>
      Promise.resolve({ exitCode, stdout: Buffer.from(stdout), stderr });
    switch (tool) {
      case 'find': {
        const found = files
          .entries()
          .filter(([name]) => name.startsWith(`${args[0]}/`))
          .toArray();
        if (found.length === 0) return output(1, '', `find: '${args[0]}': No such file or directory`);
        return output(
          0,
          found.map(([name, file]) => `${file.content.length} ${file.modified.toFixed(10)} ${name}\0`).join(''),
        );
      }
      case 'test':
        return output(files.size === 0 ? 1 : 0);
      case 'tail':
        return output(0, files.get(path)!.content.subarray(-Number(args[1])));
      case 'sha256sum': {
        if (!this.checksums.includes(tool)) return output(127, '', 'sha256sum: not found');
        return output(0, `${createHash('sha256').update(files.get(path)!.content).digest('hex')}  ${path}\n`);
      }
      case 'cksum':
        return this.checksums.includes(tool) ? output(0, this.cksum) : output(127, '', 'cksum: not found');
      default:
        throw new Error(`unexpected command ${tool}`);
    }
  }

  async #exec(options: ExecOptions): Promise<number> {
    if (options.command[0] === 'find') {
      const { exitCode, stdout, stderr } = await this.#execOutput(options);
      options.stderr?.write(stderr);
      await this.#send(options, stdout, stdout.length);
      return exitCode;
    }
    const files = this.#filesOf(options.pod);
    this.commands.push(options.command.join(' '));
    const settings = new Map(
      options.command.slice(1).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]),
    );
    const path = settings.get('if')!;
    const block = Number(settings.get('bs'));
    const offset = Number(settings.get('skip')) * block;
    const file = files.get(path);
    if (!file) {
      options.stderr?.write(`dd: failed to open '${path}': No such file or directory\n`);
      return 1;
    }
    const bytes = file.content.subarray(offset, offset + Number(settings.get('count')) * block);
    const cut = await this.onRange(options.pod, path, offset);
    await this.#send(options, bytes, Math.min(cut ?? Infinity, bytes.length));
    if (cut !== undefined)
      throw new WorkbenchError({ code: 'connection-lost', message: 'the connection ended before the command did' });
    return 0;
  }

  async #send({ stdout }: ExecOptions, bytes: Buffer, count: number): Promise<void> {
    for (let at = 0; at < count; at += 65536) {
      await new Promise<void>((resolve) =>
        stdout!.write(bytes.subarray(at, Math.min(at + 65536, count)), () => resolve()),
      );
      if (stdout!.errored) throw stdout!.errored;
    }
  }
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'llmdw-traces-'));
}

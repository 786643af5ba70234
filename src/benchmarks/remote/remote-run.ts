import { createHash, randomUUID } from 'node:crypto';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { finished } from 'node:stream/promises';
import { stringAt } from '../../base/json.ts';
import { isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { lastLine } from '../../base/last-line.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import { hasEnded } from '../../kube/model/pod.ts';
import type { KubeClient } from '../../kube/types.ts';
import { Pods } from '../../kube/resources.ts';
import { writeError } from '../write-error.ts';
import {
  KILL,
  LIST,
  LOOK,
  parseList,
  parseLook,
  PREPARE,
  type RemoteFile,
  type RemoteState,
  START,
} from './scripts.ts';

export interface Look {
  /** Output from the offset asked for. */
  readonly log: Buffer;
  readonly step: string;
  readonly state: RemoteState;
}

/** A copy that arrives damaged or cut is asked for this many times. */
const COPY_ATTEMPTS = 3;

/** A pod, and not another one that has its name later. */
export interface RunPod {
  readonly name: string;
  readonly uid: string | undefined;
}

/** One benchmark in one pod: its directory there, and what can be asked of it. Every call is one short exec. */
export class RemoteRun {
  readonly pod: string;
  readonly #uid: string | undefined;
  readonly #client: KubeClient;
  readonly #directory: string;

  constructor(client: KubeClient, pod: RunPod, directory: string) {
    this.#client = client;
    this.pod = pod.name;
    this.#uid = pod.uid;
    this.#directory = directory;
  }

  /** Writes the script and starts it detached. */
  async start(script: string, signal: AbortSignal): Promise<void> {
    await this.#sh(PREPARE, [], 'prepare', signal, script);
    await this.#sh(START, [], 'start', signal);
  }

  /** Lets a worker of a Job begin, or end. */
  async mark(name: 'go' | 'fetched', signal: AbortSignal): Promise<void> {
    await this.#sh(`: > "$1/${name}"`, [], `mark as ${name}`, signal);
  }

  async look(offset: number, signal: AbortSignal): Promise<Look> {
    const { stdout, stderr } = await this.#sh(LOOK, [String(offset + 1)], 'look at', signal);
    const read = parseLook(stderr);
    if (!read) throw this.#failed('look at', stderr);
    return { log: stdout, ...read };
  }

  /** Asks the run to end; rejects with `pod-gone` where its pod is. INT would not do: a shell starts what it puts into the background deaf to it. */
  async kill(name: 'TERM' | 'KILL', signal: AbortSignal): Promise<void> {
    const end = await this.podEnd(signal);
    if (end !== undefined)
      throw new WorkbenchError({ code: 'pod-gone', message: end, hint: 'There is nothing left to end.' });
    await this.#exec(KILL, [name], signal);
  }

  /** Why the pod cannot be asked any more; undefined while it runs. */
  async podEnd(signal: AbortSignal): Promise<string | undefined> {
    try {
      const pod = await this.#client.get(Pods, this.#client.cluster.namespace, this.pod, signal);
      if (pod.metadata.uid !== this.#uid)
        return `pod ${this.pod} of ${this.place} was made anew while the benchmark ran`;
      if (!hasEnded(pod)) return undefined;
      return `pod ${this.pod} of ${this.place} ended while the benchmark ran (${stringAt(pod, 'status', 'reason') ?? stringAt(pod, 'status', 'phase')})`;
    } catch (error) {
      if (isWorkbenchError(error, 'not-found'))
        return `pod ${this.pod} of ${this.place} was deleted while the benchmark ran`;
      throw error;
    }
  }

  /** What the pod's container printed last; empty when that is gone too. */
  async containerLog(lines: number, signal: AbortSignal): Promise<string> {
    const found: string[] = [];
    try {
      for await (const line of this.#client.logs({
        namespace: this.#client.cluster.namespace,
        pod: this.pod,
        tailLines: lines,
        signal,
      }))
        found.push(line.text);
    } catch (error) {
      if (!isWorkbenchError(error, 'not-found')) throw error;
    }
    return found.join('\n');
  }

  async files(signal: AbortSignal): Promise<readonly RemoteFile[]> {
    return parseList((await this.#sh(LIST, [], 'list the results of', signal)).stdout.toString());
  }

  /** Copies a result file, checked by size and SHA-256. What has that name is whole or untouched. */
  async fetch(file: RemoteFile, files: WorkspaceFiles, name: string, signal: AbortSignal): Promise<void> {
    // Of a name of its own: should another window fetch the same, neither moves the other's half into place.
    const draft = `${name}.${randomUUID()}.part`;
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await this.#copy(file, files, draft, signal);
          await files.rename(draft, name);
          return;
        } catch (error) {
          if (attempt === COPY_ATTEMPTS || !isWorkbenchError(error, 'connection-lost', 'exec-failed')) throw error;
        }
      }
    } finally {
      await files.remove(draft);
    }
  }

  async #copy(file: RemoteFile, files: WorkspaceFiles, draft: string, signal: AbortSignal): Promise<void> {
    const digest = new DigestStream(file.size);
    const handle = await files.open(draft);
    // Closes the handle when it ends.
    const target = handle.createWriteStream();
    const written = finished(target);
    // Heard of by `written`; without a listener of its own an early error would end the process.
    digest.on('error', () => {});
    digest.pipe(target);
    try {
      await handle.truncate();
      const exitCode = await this.#client.exec({
        namespace: this.#client.cluster.namespace,
        pod: this.pod,
        command: ['cat', `${this.#directory}/results/${file.path}`],
        stdout: digest,
        signal,
      });
      digest.end();
      await written;
      if (exitCode !== 0 || digest.size !== file.size || digest.sha256() !== file.sha256) {
        throw new WorkbenchError({
          code: 'exec-failed',
          message: `${file.path} of pod ${this.pod} in ${this.place} arrived damaged (${digest.size} of ${file.size} bytes)`,
          hint: 'The connection to the cluster is bad. Cancel what else runs over it, and try again.',
        });
      }
    } catch (error) {
      digest.destroy();
      target.destroy();
      await written.catch(() => {});
      throw writeError(files.path(draft), error);
    }
  }

  async #sh(
    script: string,
    args: readonly string[],
    doing: string,
    signal: AbortSignal,
    input?: string,
  ): Promise<{ readonly stdout: Buffer; readonly stderr: string }> {
    const output = await this.#exec(script, args, signal, input);
    if (output.exitCode !== 0) throw this.#failed(doing, output.stderr || output.stdout.toString());
    return output;
  }

  #exec(
    script: string,
    args: readonly string[],
    signal: AbortSignal,
    input?: string,
  ): ReturnType<KubeClient['execOutput']> {
    return this.#client.execOutput({
      namespace: this.#client.cluster.namespace,
      pod: this.pod,
      command: ['sh', '-c', script, 'llmdw', this.#directory, ...args],
      ...(input === undefined ? {} : { stdin: Readable.from([Buffer.from(input)]) }),
      signal,
    });
  }

  #failed(doing: string, output: string): WorkbenchError {
    return new WorkbenchError({
      code: 'exec-failed',
      message: `cannot ${doing} the benchmark in pod ${this.pod} of ${this.place}: ${lastLine(output) || 'no output'}`,
      hint: `Look at it with "kubectl exec -it ${this.pod} -- sh" and its directory ${this.#directory}.`,
    });
  }

  /** Context and namespace, for messages. */
  get place(): string {
    return `${this.#client.cluster.context}/${this.#client.cluster.namespace}`;
  }
}

/** Passes bytes on and knows their number and digest. More than the file was said to have is an error: a pod may send without an end. */
class DigestStream extends Transform {
  readonly #hash = createHash('sha256');
  readonly #limit: number;
  size = 0;

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length;
    if (this.size > this.#limit) {
      done(
        new WorkbenchError({
          code: 'exec-failed',
          message: `more came than the ${this.#limit} bytes that the file was said to have`,
          hint: 'The file may have changed meanwhile; try again.',
        }),
      );
      return;
    }
    this.#hash.update(chunk);
    done(null, chunk);
  }

  sha256(): string {
    return this.#hash.digest('hex');
  }
}

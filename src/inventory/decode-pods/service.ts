import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { disposable, DisposableStore, type Disposable } from '../../base/disposables.ts';
import { errorText, toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { Emitter } from '../../base/events.ts';
import { labels } from '../../base/labels.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import { Pods } from '../../kube/resources.ts';
import type { ClusterRef, KubeClient } from '../../kube/types.ts';
import type { Contexts } from '../../kube/login/types.ts';
import { projectPod } from '../project.ts';
import type { PodView } from '../types.ts';
import { decodePodLines } from './lines.ts';
import type { DecodePodsFile, WrittenDecodePods } from './types.ts';

export interface DecodePodsFileOptions {
  /** `.tmp/` of the workspace; undefined while no folder counts. */
  readonly files: () => WorkspaceFiles | undefined;
  readonly contexts: Contexts;
  readonly owner: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const FILE = 'decode_pods.txt';
/** Pods of a group come and go together. */
const SETTLE_MS = 200;

export function createDecodePodsFile(options: DecodePodsFileOptions): DecodePodsFile {
  return new WatchedDecodePodsFile(options);
}

class WatchedDecodePodsFile implements DecodePodsFile {
  readonly #options: DecodePodsFileOptions;
  readonly #written: Emitter<WrittenDecodePods>;
  readonly #failed: Emitter<WorkbenchError>;
  readonly onDidWrite;
  readonly onDidFail;
  readonly #contextChange: Disposable;
  /** The file is read, compared and written by one at a time. */
  readonly #turn = new Limiter(1);
  readonly #ended = new AbortController();
  #following: Disposable | undefined;
  /** Whose pods the file holds, as far as this window knows. */
  #heldOf: ClusterRef | undefined;
  #told: string | undefined;

  constructor(options: DecodePodsFileOptions) {
    const { contexts, logger } = options;
    this.#options = options;
    const onError = (error: unknown): void => logger.error('a listener of decode_pods.txt failed', error);
    this.#written = new Emitter(onError);
    this.#failed = new Emitter(onError);
    this.onDidWrite = this.#written.event;
    this.onDidFail = this.#failed.event;
    this.#contextChange = contexts.onDidChange(() => this.#following && this.#restart());
  }

  async write(cluster: ClusterRef, signal: AbortSignal): Promise<WrittenDecodePods> {
    const files = this.#options.files();
    if (!files)
      throw new WorkbenchError({
        code: 'bad-usage',
        message: 'no folder is open to write .tmp/decode_pods.txt in',
        hint: 'Open a folder.',
      });
    const client = await this.#options.contexts.client(cluster);
    const pods = await client.list(Pods, { namespace: cluster.namespace, labelSelector: this.#selector, signal });
    const lines = decodePodLines(
      pods.map((pod) => projectPod(pod)),
      this.#options.owner,
    );
    return this.#turn.run(signal, () => this.#replace(files, cluster, lines));
  }

  async follow(): Promise<void> {
    const files = this.#options.files();
    if (this.#following || this.#ended.signal.aborted || !files) return;
    try {
      if ((await files.read(FILE)) !== undefined && !this.#following) this.#restart();
    } catch (error) {
      this.#tell(error);
    }
  }

  dispose(): void {
    this.#ended.abort();
    this.#following?.dispose();
    this.#contextChange.dispose();
    this.#written.dispose();
    this.#failed.dispose();
  }

  /** Only pods with my name on them: a light watch, whatever else the cluster holds. */
  get #selector(): string {
    return `${labels.owner}=${this.#options.owner}`;
  }

  #restart(): void {
    this.#following?.dispose();
    if (this.#ended.signal.aborted) return;
    const following = new DisposableStore();
    const over = new AbortController();
    following.add(disposable(() => over.abort()));
    this.#following = following;
    // Without a cluster the file stays as it is. Why there is none is told where one is chosen; choosing one starts over.
    this.#watch(following, over.signal).catch((error: unknown) =>
      this.#options.logger.debug(`decode_pods.txt follows no cluster: ${errorText(error)}`),
    );
  }

  async #watch(following: DisposableStore, over: AbortSignal): Promise<void> {
    const { contexts } = this.#options;
    const cluster = await contexts.current();
    if (!cluster || over.aborted) return;
    const client = await contexts.client(cluster);
    if (!over.aborted) following.add(this.#watchPods(client, over));
  }

  #watchPods(client: KubeClient, over: AbortSignal): Disposable {
    const pods = new Map<string, PodView>();
    let listed = false;
    let settling: Disposable | undefined;
    const changed = (): void => {
      // Before the first whole list nothing is known: the file keeps what it held.
      if (!listed || settling) return;
      settling = this.#options.clock.setTimer(SETTLE_MS, () => {
        settling = undefined;
        void this.#update(client.cluster, [...pods.values()], over);
      });
    };
    const watch = client.watch({
      resource: Pods,
      namespace: client.cluster.namespace,
      labelSelector: this.#selector,
      project: projectPod,
      sink: {
        replace(items) {
          pods.clear();
          for (const [key, pod] of items) pods.set(key, pod);
          listed = true;
          changed();
        },
        set(key, pod) {
          pods.set(key, pod);
          changed();
        },
        delete(key) {
          pods.delete(key);
          changed();
        },
        // A lost connection is the trees' to tell: the watch goes on, and the file keeps what it held.
        state: (state) => state.kind === 'denied' && this.#tell(state.error),
      },
    });
    return disposable(() => {
      watch.dispose();
      settling?.dispose();
    });
  }

  async #update(cluster: ClusterRef, pods: readonly PodView[], over: AbortSignal): Promise<void> {
    const files = this.#options.files();
    if (!files) return;
    try {
      await this.#turn.run(over, async () => {
        const lines = decodePodLines(pods, this.#options.owner);
        const held = await files.read(FILE);
        if (over.aborted) return;
        // Who deleted the file does not want it any longer.
        if (held === undefined) this.#stop();
        else if (held === textOf(lines)) this.#heldOf = cluster;
        else this.#written.fire(await this.#replace(files, cluster, lines));
        this.#told = undefined;
      });
    } catch (error) {
      if (!over.aborted) this.#tell(error);
    }
  }

  async #replace(files: WorkspaceFiles, cluster: ClusterRef, lines: readonly string[]): Promise<WrittenDecodePods> {
    await files.write(FILE, textOf(lines));
    const elsewhere = !isDeepStrictEqual(this.#heldOf, cluster);
    this.#heldOf = cluster;
    return { path: files.path(FILE), cluster, pods: lines.length, elsewhere };
  }

  #stop(): void {
    this.#following?.dispose();
    this.#following = undefined;
    this.#heldOf = undefined;
  }

  #tell(error: unknown): void {
    const failure = toWorkbenchError(error, 'keep .tmp/decode_pods.txt current');
    if (failure.message === this.#told) return;
    this.#told = failure.message;
    this.#options.logger.warn(failure.message);
    this.#failed.fire(failure);
  }
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

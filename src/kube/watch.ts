import { sleep, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { isWorkbenchError, toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { JsonCalls } from './json-calls.ts';
import { listChunks } from './list.ts';
import { objectKey } from './resources.ts';
import type { Transport } from './transport.ts';
import type { ClusterRef, KubeObject, WatchOptions, WatchState } from './types.ts';
import { followWatch } from './watch-stream.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
/** A watch that lasted this long worked; a shorter one counts as a try in vain, so that a server that ends each at once is not hammered. */
const SETTLED_MS = 1000;
/** Permissions and CRDs change by a person's hand; asking more often would only load the server. */
const DENIED_DELAY_MS = 60_000;
const ABSENT_DELAY_MS = 30_000;

export interface WatchDependencies {
  readonly cluster: ClusterRef;
  readonly calls: JsonCalls;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps a sink equal to the server: a chunked list, then watches from its version, one after the other, for ever.
 * Every failure leads to another try with a jittered, growing delay; the sink keeps what it had meanwhile.
 */
export class WatchSupervisor<T> implements Disposable {
  readonly #deps: WatchDependencies;
  readonly #options: WatchOptions<T>;
  readonly #stop = new AbortController();
  #state: WatchState | undefined;
  /** Wall ms of the last proof that what the sink holds was true. */
  #lastHeard: number;
  /** Where the next watch goes on; undefined: list first. */
  #version: string | undefined;
  /** Monotonic ms at which the watch that runs was opened. */
  #openedAt: number | undefined;
  /** Tries in a row that did not last. */
  #failures = 0;

  constructor(deps: WatchDependencies, options: WatchOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    this.#lastHeard = deps.clock.now();
  }

  start(): this {
    this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#deps.logger.error(`watch of ${this.#options.resource.plural} ended`, error);
    });
    return this;
  }

  /** Final: the sink hears nothing after it, whatever was under way. */
  dispose(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    this.#tell({ kind: 'connecting' });
    while (!this.#stop.signal.aborted) {
      const delayMs = await this.#round();
      if (delayMs > 0) await sleep(this.#deps.clock, delayMs, this.#stop.signal);
    }
  }

  /** A list if one is due, then one watch to its end. Answers how long to wait before the next round. */
  async #round(): Promise<number> {
    try {
      this.#version ??= await this.#relist();
      await this.#follow(this.#version);
      this.#countTry();
      return this.#failures === 0 ? 0 : this.#delay();
    } catch (error) {
      if (this.#stop.signal.aborted) return 0;
      this.#countTry();
      return this.#afterFailure(toWorkbenchError(error, `watch ${this.#options.resource.plural}`));
    }
  }

  #countTry(): void {
    const lasted = this.#openedAt === undefined ? 0 : this.#deps.clock.monotonic() - this.#openedAt;
    this.#openedAt = undefined;
    this.#failures = lasted >= SETTLED_MS ? 0 : this.#failures + 1;
  }

  async #relist(): Promise<string> {
    const { resource, namespace, labelSelector, fieldSelector } = this.#options;
    let items = new Map<string, T>();
    let version = '';
    await listChunks(
      this.#deps.calls,
      resource,
      {
        signal: this.#stop.signal,
        ...(namespace === undefined ? {} : { namespace }),
        ...(labelSelector === undefined ? {} : { labelSelector }),
        ...(fieldSelector === undefined ? {} : { fieldSelector }),
      },
      (chunk) => {
        version = chunk.resourceVersion;
        for (const object of chunk.items) {
          const item = this.#project(object);
          if (item !== undefined) items.set(objectKey(object), item);
        }
      },
      () => { items = new Map(); },
    );
    this.#deliver((sink) => sink.replace(items));
    return version;
  }

  async #follow(version: string): Promise<void> {
    const { clock } = this.#deps;
    await followWatch(this.#deps.transport, this.#deps.cluster, clock, this.#options, version, {
      opened: () => {
        this.#lastHeard = clock.now();
        this.#openedAt = clock.monotonic();
        this.#tell({ kind: 'live' });
      },
      heard: () => { this.#lastHeard = clock.now(); },
      changed: (object) => this.#changed(object),
      deleted: (object) => this.#deliver((sink) => sink.delete(objectKey(object))),
      reached: (reached) => { this.#version = reached; },
    }, this.#stop.signal);
  }

  /** One object that the projection cannot take must not cost the whole list. */
  #project(object: KubeObject): T | undefined {
    try {
      return this.#options.project(object);
    } catch (error) {
      this.#deps.logger.error(`cannot read ${this.#options.resource.plural} "${objectKey(object)}"`, error);
      return undefined;
    }
  }

  #changed(object: KubeObject): void {
    const item = this.#project(object);
    const key = objectKey(object);
    this.#deliver((sink) => (item === undefined ? sink.delete(key) : sink.set(key, item)));
  }

  #afterFailure(error: WorkbenchError): number {
    const { logger } = this.#deps;
    switch (error.code) {
      case 'expired':
        // The history is gone, not the objects: list again and let the sink keep what it shows until then.
        this.#version = undefined;
        return this.#failures <= 1 ? 0 : this.#delay();
      case 'forbidden':
        this.#version = undefined;
        this.#tell({ kind: 'denied', error });
        return DENIED_DELAY_MS * jitter();
      case 'resource-absent':
      case 'not-found':
        this.#version = undefined;
        this.#deliver((sink) => sink.replace(new Map()));
        this.#tell({ kind: 'absent' });
        return ABSENT_DELAY_MS * jitter();
      default:
        logger.warn(error.message);
        this.#tell({ kind: 'stale', since: this.#lastHeard, error });
        return this.#delay();
    }
  }

  #delay(): number {
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(Math.max(0, this.#failures - 1), 10)) * jitter();
  }

  /** Tells a state once; `since` stays the first moment of being stale. */
  #tell(state: WatchState): void {
    const before = this.#state;
    if (before?.kind === state.kind && errorCode(before) === errorCode(state)) return;
    const next = before?.kind === 'stale' && state.kind === 'stale' ? { ...state, since: before.since } : state;
    this.#state = next;
    this.#deliver((sink) => sink.state(next));
  }

  /** A sink that throws has a bug of its own; it must not end the watch. */
  #deliver(act: (sink: WatchOptions<T>['sink']) => void): void {
    if (this.#stop.signal.aborted) return;
    try {
      act(this.#options.sink);
    } catch (error) {
      this.#deps.logger.error(`the receiver of ${this.#options.resource.plural} failed`, error);
    }
  }
}

function errorCode(state: WatchState): string | undefined {
  return 'error' in state && isWorkbenchError(state.error) ? state.error.code : undefined;
}

function jitter(): number {
  return 0.75 + Math.random() * 0.5;
}

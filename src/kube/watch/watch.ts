import { sleep, type Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposables.ts';
import { toWorkbenchError, WorkbenchError, type ErrorCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { JsonCalls } from '../http/json-calls.ts';
import { listChunks } from './list.ts';
import { objectKey, resourcePath } from '../resources.ts';
import { describeSubject, statusOf, subjectOf } from '../http/status.ts';
import type { Transport } from '../http/transport.ts';
import type { ClusterRef } from '../types.ts';
import type { KubeObject } from '../model/types.ts';
import type { WatchOptions, WatchState } from './types.ts';
import { followWatch, type WatchEnd } from './watch-stream.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 30_000;
/** However long a server asks to be left alone, a person waits for the view. */
const LONGEST_RETRY_AFTER_MS = 120_000;
/** A watch that lasted this long worked; a shorter one counts as a failed try, so that a server that ends each at once is not hammered. */
const SETTLED_MS = 1000;
/** A connection that breaks and is there again within this time is no news. */
const GRACE_MS = 3000;
/** Permissions and CRDs change by a person's hand; asking more often would only load the server. */
const DENIED_DELAY_MS = 60_000;
const ABSENT_DELAY_MS = 30_000;
/** A login needs a person too, and a credential plugin may open a browser at each try. */
const LOGIN_DELAY_MS = 300_000;
/** An API server that starts refuses for a moment what it will serve: what was listed before is believed to be gone or forbidden at the third word. */
const BELIEVED_AFTER = 3;
/** So many watches in a row that ended as soon as they began are no hiccup: what is shown may be old. */
const HICCUPS = 3;

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
export class WatchSupervisor<T, O extends KubeObject = KubeObject> implements Disposable {
  readonly #deps: WatchDependencies;
  readonly #options: WatchOptions<T, O>;
  readonly #stop = new AbortController();
  #state: WatchState | undefined;
  /** Wall ms of the last proof that what the sink holds was true. */
  #lastHeard: number;
  /** Where the next watch goes on; undefined: list first. */
  #version: string | undefined;
  /** Whether the sink holds a list. */
  #listed = false;
  /** Monotonic ms at which the watch that runs was opened. */
  #openedAt: number | undefined;
  /** Ends the time in which a watch that follows failures has to prove itself. */
  #proving: Disposable | undefined;
  /** Ends the time in which a watch may be started again without a word. */
  #grace: Disposable | undefined;
  /** Tries in a row that did not last. */
  #failures = 0;
  /** Answers in a row that what was listed before is forbidden or not there. */
  #contradictions = 0;

  constructor(deps: WatchDependencies, options: WatchOptions<T, O>) {
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
    this.#proving?.dispose();
    this.#grace?.dispose();
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
      const end = await this.#follow(this.#version);
      // The events of a watch without a word may be held back on the way, or be those of another history: only a list tells.
      if (end === 'never-spoke') this.#version = undefined;
      return this.#afterEnd();
    } catch (error) {
      if (this.#stop.signal.aborted) return 0;
      return this.#afterFailure(toWorkbenchError(error, `watch ${this.#options.resource.plural}`));
    }
  }

  #afterEnd(): number {
    this.#countTry();
    if (this.#failures === 0) {
      this.#doubt(this.#error('timeout', 'no answer', 'The watch is started again by itself.'));
      return 0;
    }
    if (this.#failures >= HICCUPS)
      this.#stale(
        this.#error(
          'connection-lost',
          'it is ended as soon as it begins',
          'A proxy or load balancer on the way may end requests that last.',
        ),
      );
    return this.#delay();
  }

  #countTry(): void {
    this.#proving?.dispose();
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
      (object) => ({ key: objectKey(object), item: this.#project(object) }),
      (chunk) => {
        version = chunk.resourceVersion;
        for (const { key, item } of chunk.items) if (item !== undefined) items.set(key, item);
      },
      () => {
        items = new Map();
      },
    );
    this.#listed = true;
    this.#contradictions = 0;
    this.#lastHeard = this.#deps.clock.now();
    this.#deliver((sink) => sink.replace(items));
    return version;
  }

  #follow(version: string): Promise<WatchEnd> {
    const { clock } = this.#deps;
    return followWatch(
      this.#deps.transport,
      this.#deps.cluster,
      clock,
      this.#options,
      version,
      {
        opened: () => {
          this.#openedAt = clock.monotonic();
          if (this.#failures === 0) this.#proven();
          else this.#proving = clock.setTimer(SETTLED_MS, () => this.#proven());
        },
        heard: () => {
          this.#lastHeard = clock.now();
        },
        changed: (object) => this.#changed(object),
        deleted: (object) => this.#deliver((sink) => sink.delete(objectKey(object))),
        reached: (reached) => {
          this.#version = reached;
          this.#proven();
        },
      },
      this.#stop.signal,
    );
  }

  /** The watch works. One that follows failures has to send an event first, or to last: not every one that is accepted does. */
  #proven(): void {
    this.#proving?.dispose();
    this.#contradictions = 0;
    this.#lastHeard = this.#deps.clock.now();
    this.#tell({ kind: 'live' });
  }

  /** One object that the projection cannot take must not cost the whole list. */
  #project(object: O): T | undefined {
    try {
      return this.#options.project(object);
    } catch (error) {
      this.#deps.logger.error(`cannot read ${this.#options.resource.plural} "${objectKey(object)}"`, error);
      return undefined;
    }
  }

  #changed(object: O): void {
    const item = this.#project(object);
    const key = objectKey(object);
    this.#deliver((sink) => (item === undefined ? sink.delete(key) : sink.set(key, item)));
  }

  #afterFailure(error: WorkbenchError): number {
    const opened = this.#openedAt !== undefined;
    this.#countTry();
    // Whoever could not be reached may come back with another history, so the next try lists. The busy are spared it.
    if (!opened && error.code !== 'too-many-requests') this.#version = undefined;
    switch (error.code) {
      case 'expired':
        return this.#afterExpiry(error);
      case 'forbidden':
        return this.#contradicted(error, { kind: 'denied', error }, DENIED_DELAY_MS);
      case 'resource-absent':
      case 'not-found':
        return this.#contradicted(error, { kind: 'absent' }, ABSENT_DELAY_MS);
      case 'auth-plugin-failed':
        this.#stale(error);
        return LOGIN_DELAY_MS * jitter();
      default:
        if (this.#failures === 0) this.#doubt(error);
        else this.#stale(error);
        return Math.max(this.#delay(), Math.min(statusOf(error)?.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS));
    }
  }

  /** The history is gone, not the objects: list again at once, and let the sink keep what it shows until then. */
  #afterExpiry(error: WorkbenchError): number {
    this.#version = undefined;
    if (this.#failures <= 1) return 0;
    this.#stale(error);
    return this.#delay();
  }

  #contradicted(error: WorkbenchError, verdict: WatchState, delayMs: number): number {
    this.#version = undefined;
    this.#contradictions += 1;
    if (this.#listed && this.#contradictions < BELIEVED_AFTER) {
      this.#stale(error);
      return this.#delay();
    }
    // What is absent is an empty list; what is forbidden may well be there, and its receiver knows what to make of it.
    if (verdict.kind === 'absent') this.#deliver((sink) => sink.replace(new Map()));
    this.#listed = false;
    this.#failures = 0;
    this.#tell(verdict);
    return delayMs * jitter();
  }

  #stale(error: WorkbenchError): void {
    this.#deps.logger.warn(error.message);
    this.#tell({ kind: 'stale', since: this.#lastHeard, error });
  }

  /** A watch that worked has ended: what is shown counts as live for as long as a new one may take to begin. */
  #doubt(error: WorkbenchError): void {
    this.#grace?.dispose();
    if (this.#state?.kind === 'live') this.#grace = this.#deps.clock.setTimer(GRACE_MS, () => this.#stale(error));
    else this.#stale(error);
  }

  #error(code: ErrorCode, what: string, hint: string): WorkbenchError {
    const subject = subjectOf('GET', resourcePath(this.#options.resource, this.#options.namespace), true);
    return new WorkbenchError({
      code,
      message: `cannot ${describeSubject(subject, this.#deps.cluster)}: ${what}`,
      hint,
    });
  }

  #delay(): number {
    return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(Math.max(0, this.#failures - 1), 10)) * jitter();
  }

  /** Tells a state once. */
  #tell(state: WatchState): void {
    this.#grace?.dispose();
    if (this.#state !== undefined && sameState(this.#state, state)) return;
    this.#state = state;
    this.#deliver((sink) => sink.state(state));
  }

  /** A sink that throws has a bug of its own; it must not end the watch. */
  #deliver(act: (sink: WatchOptions<T, O>['sink']) => void): void {
    if (this.#stop.signal.aborted) return;
    try {
      act(this.#options.sink);
    } catch (error) {
      this.#deps.logger.error(`the receiver of ${this.#options.resource.plural} failed`, error);
    }
  }
}

function sameState(one: WatchState, other: WatchState): boolean {
  return one.kind === other.kind && sinceOf(one) === sinceOf(other) && messageOf(one) === messageOf(other);
}

function sinceOf(state: WatchState): number | undefined {
  return state.kind === 'stale' ? state.since : undefined;
}

function messageOf(state: WatchState): string | undefined {
  return 'error' in state ? state.error.message : undefined;
}

function jitter(): number {
  return 0.75 + Math.random() * 0.5;
}

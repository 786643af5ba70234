import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { throwIfAborted, type Clock } from '../../base/clock.ts';
import { DisposableStore, disposable, type Disposable } from '../../base/disposables.ts';
import { errorText, isWorkbenchError, toWorkbenchError, WorkbenchError, type ErrorCode } from '../../base/errors.ts';
import { Emitter } from '../../base/events.ts';
import type { Logger } from '../../base/logger.ts';
import { describeTarget, resolveTarget, type ForwardedPod } from './forward-target.ts';
import { ForwardedConnection } from './forwarded-connection.ts';
import { Pods, resourcePath } from '../resources.ts';
import type { Transport } from '../http/transport.ts';
import type { ForwardState, ForwardTarget, PortForward } from './types.ts';
import type { KubeClient } from '../types.ts';
import { openWebSocket } from './websocket.ts';

const PROTOCOL = 'v4.channel.k8s.io';
/** A pod that was looked up this long ago needs no new look: a browser opens six connections at once. */
const FRESH_MS = 1000;
const PROBE_MS = 5000;
/** There is no pod to carry bytes to; any other failure of a look says nothing about the pod. */
const GONE: readonly ErrorCode[] = ['not-found', 'pod-gone', 'not-ready', 'namespace-missing'];

export interface ForwardDependencies {
  readonly client: Pick<KubeClient, 'cluster' | 'get' | 'list'>;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of a forward that was disposed. */
  readonly ended: (forward: PortForward) => void;
}

export interface ForwardRequest {
  readonly namespace: string;
  readonly target: ForwardTarget;
  readonly port: number;
}

/** Looks the pod up, so that what cannot be reached fails at once; see `KubeClient.portForward`. */
export async function forwardPort(
  dependencies: ForwardDependencies,
  request: ForwardRequest,
  signal: AbortSignal,
): Promise<PortForward> {
  const { namespace, target, port } = request;
  const first = await resolveTarget(dependencies.client, namespace, target, port, undefined, signal);
  throwIfAborted(signal);
  return new Forward(dependencies, request, first);
}

/** Makes connections to the pod, each over a WebSocket of its own, and knows whether there still is one. */
class Forward implements PortForward {
  readonly #dependencies: ForwardDependencies;
  readonly #request: ForwardRequest;
  readonly #where: string;
  readonly #owned = new DisposableStore();
  readonly #changes = new Emitter<ForwardState>();
  readonly #failures = new Emitter<WorkbenchError>();
  readonly #stop = new AbortController();
  /** The connections that run, by the pod that they lead to; undefined while it is looked for. */
  readonly #connections = new Map<ForwardedConnection, string | undefined>();
  #pod: ForwardedPod;
  #state: ForwardState;
  #lookedAt: number;
  #heardAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<ForwardedPod> | undefined;

  constructor(dependencies: ForwardDependencies, request: ForwardRequest, pod: ForwardedPod) {
    this.#dependencies = dependencies;
    this.#request = request;
    this.#where = `port-forward to ${describeTarget(request.target, request.namespace, request.port)} (context "${dependencies.client.cluster.context}")`;
    this.#pod = pod;
    this.#state = { kind: 'open', pod: pod.name, uid: pod.uid };
    this.#lookedAt = dependencies.clock.monotonic();
    this.#owned.add(this.#changes);
    this.#owned.add(this.#failures);
    this.#owned.add(disposable(() => this.#stop.abort()));
    this.#owned.add(this.#probeRegularly());
  }

  get state(): ForwardState {
    return this.#state;
  }

  onDidChange(listener: (state: ForwardState) => void): Disposable {
    return this.#changes.event(listener);
  }

  onDidFail(listener: (error: WorkbenchError) => void): Disposable {
    return this.#failures.event(listener);
  }

  dispose(): void {
    this.#owned.dispose();
    this.#dependencies.ended(this);
    // Whoever has sent all that there was and let go of it waits for nothing.
    for (const connection of this.#connections.keys())
      connection.destroy(connection.writableEnded ? undefined : this.#closed());
  }

  connect(): Duplex {
    const { clock, logger } = this.#dependencies;
    const leadsTo = (uid: string): void => {
      if (!connection.destroyed) this.#connections.set(connection, uid);
    };
    const connection = new ForwardedConnection({
      where: this.#where,
      clock,
      heard: () => this.#heard(),
      open: (signal) => this.#open(signal, leadsTo),
    });
    this.#connections.set(connection, undefined);
    connection.once('close', () => this.#connections.delete(connection));
    connection.once('error', (error) => {
      // Its user's own reasons for ending it are no failures.
      if (!isWorkbenchError(error) || error.code === 'aborted') return;
      logger.warn(`${this.#where}: ${error.message}`);
      this.#failures.fire(error);
    });
    if (this.#stop.signal.aborted) connection.destroy(this.#closed());
    return connection;
  }

  #closed(): WorkbenchError {
    return new WorkbenchError({ code: 'aborted', message: `${this.#where} was closed` });
  }

  /** A pod that went between the look and the connection is looked for once more. */
  async #open(signal: AbortSignal, leadsTo: (uid: string) => void): Promise<WebSocket> {
    const pod = await this.#currentPod();
    const to = async (found: ForwardedPod): Promise<WebSocket> => {
      const remote = await this.#webSocket(found, signal);
      leadsTo(found.uid);
      return remote;
    };
    try {
      return await to(pod);
    } catch (error) {
      if (!isWorkbenchError(error) || signal.aborted) throw error;
      const now = await this.#look();
      if (now.uid === pod.uid) throw error;
      return to(now);
    }
  }

  #webSocket(pod: ForwardedPod, signal: AbortSignal): Promise<WebSocket> {
    const { transport, client, clock } = this.#dependencies;
    return openWebSocket(transport, client.cluster, clock, {
      path: resourcePath(Pods, this.#request.namespace, pod.name, 'portforward'),
      query: { ports: pod.port },
      protocols: [PROTOCOL],
      signal,
    });
  }

  #currentPod(): Promise<ForwardedPod> {
    const fresh = this.#state.kind === 'open' && this.#dependencies.clock.monotonic() - this.#lookedAt < FRESH_MS;
    return fresh ? Promise.resolve(this.#pod) : this.#look();
  }

  #look(): Promise<ForwardedPod> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<ForwardedPod> {
    const { client, clock } = this.#dependencies;
    const { namespace, target, port } = this.#request;
    try {
      const pod = await resolveTarget(client, namespace, target, port, this.#pod.uid, this.#stop.signal);
      this.#lookedAt = clock.monotonic();
      this.#found(pod);
      return pod;
    } catch (error) {
      throw this.#lost(error);
    }
  }

  #found(pod: ForwardedPod): void {
    const { uid } = this.#pod;
    this.#pod = pod;
    if (pod.uid !== uid)
      this.#cut(
        uid,
        new WorkbenchError({
          code: 'pod-gone',
          message: `${this.#where}: its pod was replaced`,
          hint: 'A new connection goes to the new pod.',
        }),
      );
    if (this.#state.kind === 'open' && this.#state.uid === pod.uid) return;
    if (pod.uid !== uid)
      this.#dependencies.logger.info(`${this.#where}: goes on to pod "${pod.name}", made anew or another one`);
    this.#tell({ kind: 'open', pod: pod.name, uid: pod.uid });
  }

  /** A look that failed: the pod is not there, or it cannot be told. */
  #lost(cause: unknown): WorkbenchError {
    const why = toWorkbenchError(cause, this.#where);
    if (why.code === 'aborted') return why;
    const gone = GONE.includes(why.code);
    const error = new WorkbenchError({
      code: gone ? 'pod-gone' : why.code,
      message: `${this.#where} is dead: ${why.message}`,
      ...(why.hint === undefined ? {} : { hint: why.hint }),
      cause: why,
    });
    if (gone) this.#cut(this.#pod.uid, error);
    if (this.#state.kind !== 'lost' || this.#state.error.message !== error.message) this.#tell({ kind: 'lost', error });
    return error;
  }

  #cut(uid: string, reason: WorkbenchError): void {
    for (const [connection, leadsTo] of this.#connections) if (leadsTo === uid) connection.destroy(reason);
  }

  #tell(state: ForwardState): void {
    this.#state = state;
    this.#changes.fire(state);
  }

  #heard(): void {
    this.#heardAt = this.#dependencies.clock.monotonic();
  }

  /** Asks for the pod while somebody waits for it in silence, or wants to be told. */
  #probeRegularly(): Disposable {
    const { clock, logger } = this.#dependencies;
    let timer = clock.setTimer(PROBE_MS, () => void beat());
    const beat = async (): Promise<void> => {
      const quiet = clock.monotonic() - this.#heardAt >= PROBE_MS;
      const wanted = this.#changes.hasListeners || (quiet && this.#connections.size > 0);
      try {
        if (wanted) await this.#look();
      } catch (error) {
        logger.debug(errorText(error));
      }
      if (!this.#stop.signal.aborted) timer = clock.setTimer(PROBE_MS, () => void beat());
    };
    return disposable(() => timer.dispose());
  }
}

import { disposable, DisposableStore, type Disposable } from '../../base/disposables.ts';
import { isAbort, toWorkbenchError, type WorkbenchError } from '../../base/errors.ts';
import { Emitter } from '../../base/events.ts';
import type { Trust } from '../../base/trust.ts';
import type { ClusterRef } from '../../kube/types.ts';
import type { RemoteTraces, TraceService } from '../../traces/types.ts';
import { placeOf } from '../../kube/place.ts';
import type { Session } from '../session.ts';

export interface RemoteTraceState {
  readonly traces: RemoteTraces | undefined;
  readonly loading: boolean;
  readonly error: WorkbenchError | undefined;
}

const UNKNOWN: RemoteTraceState = { traces: undefined, loading: false, error: undefined };

/** The trace files inside the pods. Listing them asks every pod, so it happens when a view opens, on refresh and after profiling, not on a timer. */
export class RemoteTraceList implements Disposable {
  readonly #service: TraceService;
  readonly #session: Session;
  readonly #trust: Trust;
  readonly #permit: (cluster: ClusterRef) => Promise<void>;
  readonly #changed = new Emitter<void>();
  readonly #owned = new DisposableStore();
  #place: string | undefined;
  #state: RemoteTraceState = UNKNOWN;
  #listing: AbortController | undefined;
  #followers = 0;
  readonly onDidChange = this.#changed.event;

  /** Looking for files runs a command in each pod: not before trust, and not where `permit` throws because one may not. */
  constructor(service: TraceService, session: Session, trust: Trust, permit: (cluster: ClusterRef) => Promise<void>) {
    this.#service = service;
    this.#permit = permit;
    this.#session = session;
    this.#trust = trust;
    this.#owned.add(this.#changed);
    this.#owned.add(session.onDidChange(() => this.#catchUp()));
    this.#owned.add(trust.onDidGrant(() => this.#catchUp()));
  }

  /** What is known of this cluster; nothing of another one. */
  current(cluster: ClusterRef | undefined): RemoteTraceState {
    return cluster && placeOf(cluster) === this.#place ? this.#state : UNKNOWN;
  }

  /** Keeps the list of the chosen cluster while held. */
  follow(): Disposable {
    this.#followers += 1;
    this.#catchUp();
    return disposable(() => {
      this.#followers -= 1;
    });
  }

  /** Lists again now. Failures are part of the state. */
  async refresh(): Promise<void> {
    const { cluster } = this.#session;
    this.#listing?.abort();
    if (!cluster || !this.#trust.granted) return;
    const listing = new AbortController();
    this.#listing = listing;
    const known = this.current(cluster).traces;
    this.#place = placeOf(cluster);
    this.#set({ traces: known, loading: true, error: undefined });
    try {
      await this.#permit(cluster);
      const traces = await this.#service.remote(cluster, listing.signal);
      if (this.#listing === listing) this.#set({ traces, loading: false, error: undefined });
    } catch (error) {
      if (this.#listing !== listing) return;
      this.#set({
        traces: known,
        loading: false,
        error: isAbort(error) ? undefined : toWorkbenchError(error, `list the traces in ${placeOf(cluster)}`),
      });
    }
  }

  dispose(): void {
    this.#listing?.abort();
    this.#listing = undefined;
    this.#owned.dispose();
  }

  #catchUp(): void {
    const { cluster } = this.#session;
    if (this.#followers > 0 && cluster && placeOf(cluster) !== this.#place) void this.refresh();
  }

  #set(state: RemoteTraceState): void {
    this.#state = state;
    this.#changed.fire();
  }
}

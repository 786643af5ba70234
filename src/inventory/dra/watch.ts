import { sleep, type Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposables.ts';
import { isWorkbenchError, toWorkbenchError } from '../../base/errors.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { ResourceType } from '../../kube/model/types.ts';
import type { WatchState } from '../../kube/watch/types.ts';
import { WatchedKind } from '../watched-kind.ts';
import { projectClaim, projectSlice } from './project.ts';
import type { ClaimView, DraSnapshot, SliceView } from './types.ts';

/** Newest first; a cluster that serves several keeps the same objects in each. */
const VERSIONS = ['resource.k8s.io/v1', 'resource.k8s.io/v1beta2', 'resource.k8s.io/v1beta1'];
/** An upgrade or a repaired connection may bring what was missing. */
const ASK_AGAIN_MS = 60_000;

interface Followed {
  readonly claims: WatchedKind<ClaimView>;
  readonly slices: WatchedKind<SliceView>;
}

/**
 * Follows ResourceClaims and ResourceSlices in the version that the cluster serves. It never stands in the way of nodes and pods:
 * what cannot be read is a state that the GPU report warns of where it matters.
 */
export class DraWatch implements Disposable {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #touched: () => void;
  readonly #stop = new AbortController();
  #followed: Followed | undefined;
  /** Before anything could be followed. */
  #state: WatchState = { kind: 'connecting' };
  snapshot: DraSnapshot;

  constructor(client: KubeClient, clock: Clock, before: DraSnapshot | undefined, touched: () => void) {
    this.#client = client;
    this.#clock = clock;
    this.#touched = touched;
    const states = { claims: this.#state, slices: this.#state };
    this.snapshot = before
      ? { ...before, states }
      : { claims: new Map(), slices: new Map(), states, claimScope: 'cluster' };
    this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted)
        this.#tell({ kind: 'stale', since: clock.now(), error: toWorkbenchError(error, 'look for resource claims') });
    });
  }

  /** Listed, or known not to be listable now. */
  get settled(): boolean {
    if (!this.#followed) return this.#state.kind !== 'connecting';
    const { claims, slices } = this.#followed;
    return [claims, slices].every((kind) => kind.settled || kind.failure !== undefined);
  }

  /** Closes the changes up to now into `snapshot`; answers whether there were any. */
  take(): boolean {
    const before = this.snapshot;
    const next = this.#next();
    const same =
      before.claims === next.claims &&
      before.slices === next.slices &&
      before.states.claims === next.states.claims &&
      before.states.slices === next.states.slices &&
      before.claimScope === next.claimScope;
    if (!same) this.snapshot = next;
    return !same;
  }

  dispose(): void {
    this.#stop.abort();
    this.#followed?.claims.dispose();
    this.#followed?.slices.dispose();
  }

  #next(): DraSnapshot {
    if (!this.#followed) {
      const gone = this.#state.kind === 'absent';
      const { claims, slices, claimScope } = this.snapshot;
      return {
        claims: gone ? new Map() : claims,
        slices: gone ? new Map() : slices,
        states: { claims: this.#state, slices: this.#state },
        claimScope,
      };
    }
    const { claims, slices } = this.#followed;
    claims.take();
    slices.take();
    return {
      claims: claims.items,
      slices: slices.items,
      states: { claims: claims.state, slices: slices.state },
      claimScope: claims.scope,
    };
  }

  async #run(): Promise<void> {
    while (!(await this.#start())) await sleep(this.#clock, ASK_AGAIN_MS, this.#stop.signal);
  }

  async #start(): Promise<boolean> {
    try {
      const served = await this.#served();
      if (this.#stop.signal.aborted) return true;
      if (!served) {
        this.#tell({ kind: 'absent' });
        return false;
      }
      this.#follow(served.claims, served.slices);
      return true;
    } catch (error) {
      if (this.#stop.signal.aborted) return true;
      const cause = toWorkbenchError(error, 'look for resource claims');
      this.#tell(
        isWorkbenchError(cause, 'forbidden')
          ? { kind: 'denied', error: cause }
          : { kind: 'stale', since: this.#clock.now(), error: cause },
      );
      return false;
    }
  }

  async #served(): Promise<{ readonly claims: ResourceType; readonly slices: ResourceType } | undefined> {
    for (const version of VERSIONS) {
      const claims = await this.#client.resourceOf(version, 'ResourceClaim', this.#stop.signal);
      const slices = claims && (await this.#client.resourceOf(version, 'ResourceSlice', this.#stop.signal));
      if (claims && slices) return { claims, slices };
    }
    return undefined;
  }

  #follow(claims: ResourceType, slices: ResourceType): void {
    this.#followed = {
      claims: new WatchedKind(claims, projectClaim, this.snapshot.claims, this.#touched),
      slices: new WatchedKind(slices, projectSlice, this.snapshot.slices, this.#touched),
    };
    this.#followed.claims.start(this.#client);
    this.#followed.slices.start(this.#client);
  }

  /** A state that lasts is told once. */
  #tell(state: WatchState): void {
    if (this.#state.kind === state.kind) return;
    this.#state = state;
    this.#touched();
  }
}

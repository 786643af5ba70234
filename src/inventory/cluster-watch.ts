import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import type { WorkbenchError } from '../base/errors.ts';
import { Throttle } from '../base/throttle.ts';
import { Nodes, Pods } from '../kube/resources.ts';
import type { KubeClient } from '../kube/types.ts';
import { DraWatch } from './dra/watch.ts';
import { podProjection, projectNode } from './project.ts';
import type { InventoryChange, InventorySnapshot, NodeView, PodView } from './types.ts';
import { WatchedKind } from './watched-kind.ts';

/** A single change is told at once; on a busy cluster those of this span become one event. */
const PACE = { everyMs: 10, restTimes: 3 } as const;

export interface ClusterListener {
  changed(change: InventoryChange): void;
  /** The cluster could not be listed at all; the watch goes on trying. */
  failed(error: WorkbenchError): void;
}

/** Where an earlier watch ended. Its snapshot is shown until the first list is there, if it is of the same cluster. */
export interface Before {
  readonly version: number;
  readonly snapshot: InventorySnapshot | undefined;
}

/** The watches of nodes, pods and DRA's claims and slices of one cluster, as a stream of immutable snapshots. */
export class ClusterWatch implements Disposable {
  readonly #client: KubeClient;
  readonly #listener: ClusterListener;
  readonly #nodes: WatchedKind<NodeView>;
  readonly #pods: WatchedKind<PodView>;
  readonly #dra: DraWatch;
  readonly #throttle: Throttle;
  #version: number;

  constructor(client: KubeClient, clock: Clock, before: Before, listener: ClusterListener) {
    this.#client = client;
    this.#listener = listener;
    this.#version = before.version;
    const same = isDeepStrictEqual(before.snapshot?.cluster, client.cluster) ? before.snapshot : undefined;
    this.#throttle = new Throttle(clock, PACE, () => this.#flush());
    const touched = (): void => this.#throttle.ask();
    this.#nodes = new WatchedKind(Nodes, projectNode, same?.nodes, touched);
    this.#pods = new WatchedKind(Pods, podProjection(), same?.pods, touched);
    this.#dra = new DraWatch(client, clock, same?.dra, touched);
    this.#nodes.start(client);
    this.#pods.start(client);
  }

  dispose(): void {
    this.#throttle.dispose();
    this.#nodes.dispose();
    this.#pods.dispose();
    this.#dra.dispose();
  }

  #flush(): void {
    const unlisted = [this.#nodes, this.#pods].map((kind) => kind.failure).find((error) => error !== undefined);
    this.#version += 1;
    const change = { nodes: this.#nodes.take(), pods: this.#pods.take(), dra: this.#dra.take() };
    this.#listener.changed({ snapshot: this.#snapshot(), ...change });
    if (unlisted) this.#listener.failed(unlisted);
  }

  #snapshot(): InventorySnapshot {
    return {
      cluster: this.#client.cluster,
      nodes: this.#nodes.items,
      pods: this.#pods.items,
      states: { nodes: this.#nodes.state, pods: this.#pods.state },
      podScope: this.#pods.scope,
      dra: this.#dra.snapshot,
      complete: this.#nodes.settled && this.#pods.settled && this.#dra.settled,
      version: this.#version,
    };
  }
}

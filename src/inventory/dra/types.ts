import type { WatchState } from '../../kube/watch/types.ts';

/** A device as claims name it: unique within its driver's pool. */
export interface DeviceRef {
  readonly driver: string;
  readonly pool: string;
  readonly device: string;
}

/** What is kept of a ResourceClaim. */
export interface ClaimView {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** The GPUs that it holds. Devices of other drivers, and administrative access to devices that others hold, are left out. */
  readonly devices: readonly DeviceRef[];
  /** The GPUs that it waits for, by device class; empty once it is allocated. */
  readonly wanted: Readonly<Record<string, number>>;
  /** The pods that may use it. */
  readonly reservedFor: readonly { readonly pod: string; readonly uid: string }[];
}

/** One device that a driver offers. */
export interface OfferedDevice {
  readonly name: string;
  /** The node that it is on, where the slice leaves that to its devices. */
  readonly node?: string;
  /** The counters that it shares with other devices of its pool: a GPU and its partitions name the same one. */
  readonly counterSets: readonly string[];
  readonly product?: string;
  /** What kind of partition it is, where it is one: `mig-1g.10gb`, `cpx_nps4`. */
  readonly partition?: string;
  /** True where the driver or an administrator keeps claims off it. */
  readonly tainted: boolean;
}

/** What is kept of a ResourceSlice of a GPU driver. */
export interface SliceView {
  readonly name: string;
  readonly driver: string;
  readonly pool: string;
  /** Only slices of a pool's newest generation are true. */
  readonly generation: number;
  /** Undefined for devices that several nodes can reach. */
  readonly node: string | undefined;
  readonly devices: readonly OfferedDevice[];
}

/** Claims and slices by their key. Both are empty on a cluster without dynamic resource allocation. */
export interface DraSnapshot {
  readonly claims: ReadonlyMap<string, ClaimView>;
  readonly slices: ReadonlyMap<string, SliceView>;
  /** `absent`: the cluster does not serve them. */
  readonly states: Readonly<Record<'claims' | 'slices', WatchState>>;
  /** Which claims are known. */
  readonly claimScope: 'cluster' | 'namespace';
}

/** The claim that stands for a pod's request of an extended resource on a node whose devices DRA hands out. */
export interface ExtendedClaim {
  readonly claim: string;
  /** The extended resources that it meets, e.g. `nvidia.com/gpu`. */
  readonly resources: readonly string[];
}

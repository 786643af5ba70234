import type { Disposable } from '../base/disposables.ts';
import type { WorkbenchError } from '../base/errors.ts';
import type { Event } from '../base/events.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { OwnerReference } from '../kube/model/types.ts';
import type { WatchState } from '../kube/watch/types.ts';
import type { DraSnapshot, ExtendedClaim } from './dra/types.ts';

/** What is kept of a node. */
export interface NodeView {
  readonly name: string;
  readonly uid: string;
  readonly ready: boolean;
  readonly schedulable: boolean;
  readonly internalIp: string | undefined;
  /** GPU product, e.g. `H200`; undefined on a node without GPUs. */
  readonly product: string | undefined;
  /** Extended GPU resources (`nvidia.com/gpu`, `amd.com/gpu`…) that pods may use: status.allocatable. */
  readonly allocatable: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value: string; readonly effect: string }[];
  /** Version of its kubelet, e.g. `v1.33.4`. */
  readonly kubeletVersion?: string | undefined;
}

export interface ContainerView {
  readonly name: string;
  readonly image: string;
  /** `init` has ended before the pod runs; `sidecar` is an init container with restartPolicy Always. */
  readonly role: 'main' | 'sidecar' | 'init';
  readonly ports: readonly { readonly name: string | undefined; readonly port: number }[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ready: boolean;
  readonly restarts: number;
  /** Why it waits or ended: `CrashLoopBackOff`, `OOMKilled`… */
  readonly reason: string | undefined;
  readonly exitCode: number | undefined;
  /** How the last run that is over ended, also while the next one is under way. */
  readonly lastExit: ContainerExit | undefined;
}

export interface ContainerExit {
  /** `Error`, `OOMKilled`, `Completed`… */
  readonly reason: string;
  readonly exitCode: number | undefined;
  /** RFC 3339; undefined where the runtime did not say. */
  readonly finishedAt: string | undefined;
}

/** What is kept of a pod. */
export interface PodView {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly ready: boolean;
  /** Set while the pod is being deleted. */
  readonly deleting: boolean;
  readonly node: string | undefined;
  readonly ip: string | undefined;
  readonly createdAt: string | undefined;
  readonly startedAt: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owner: OwnerReference | undefined;
  /** Effective GPU request: max(largest init container, sum of containers + sidecars); limits stand in where requests are absent. */
  readonly gpus: Readonly<Record<string, number>>;
  /** Names of the resource claims (DRA) in its namespace that it uses; absent where it uses none. */
  readonly claims?: readonly string[];
  /** Set where some of `gpus` is met by a claim that the scheduler made, instead of a device plugin. */
  readonly extendedClaim?: ExtendedClaim;
  readonly containers: readonly ContainerView[];
  readonly restarts: number;
  /** The one clause that says why it is not fine, from the scheduler, a container's state or its last exit. */
  readonly reason: string | undefined;
}

/** One immutable picture of the cluster. A new change makes a new object; maps that did not change are the same ones. */
export interface InventorySnapshot {
  readonly cluster: ClusterRef;
  readonly nodes: ReadonlyMap<string, NodeView>;
  readonly pods: ReadonlyMap<string, PodView>;
  /** By kind: `nodes`, `pods`. A denied list of nodes leaves the GPU view to what pods say, with a note. */
  readonly states: Readonly<Record<'nodes' | 'pods', WatchState>>;
  /** Which pods are in the snapshot: all, or those of the cluster's namespace where no more may be listed. */
  readonly podScope: 'cluster' | 'namespace';
  /** Dynamic resource allocation; absent before anything of it was asked. */
  readonly dra?: DraSnapshot;
  /** True as soon as each kind has been listed once, or cannot be. */
  readonly complete: boolean;
  readonly version: number;
}

export interface InventoryChange {
  readonly snapshot: InventorySnapshot;
  /** Keys of nodes and pods that changed; `all` after a relist or another cluster. */
  readonly nodes: ReadonlySet<string> | 'all';
  readonly pods: ReadonlySet<string> | 'all';
  /** Whether claims, slices or the state of their watches changed. */
  readonly dra?: boolean;
}

/** Watches while somebody holds a lease, and only then. */
export interface Inventory extends Disposable {
  readonly snapshot: InventorySnapshot | undefined;
  readonly onDidChange: Event<InventoryChange>;
  /** Why the cluster cannot be listed; undefined while it can, or nobody knows yet. */
  readonly failure: WorkbenchError | undefined;
  readonly onDidFail: Event<WorkbenchError>;
  /** Loads what the first lease will need, and calls nobody: what is in its way the lease tells. */
  prepare(): void;
  lease(): Disposable;
  /** Lists again now, instead of when the next try is due: somebody has logged in, or been given a right. */
  refresh(): void;
  /** The first complete snapshot of the current cluster. */
  whenComplete(signal: AbortSignal): Promise<InventorySnapshot>;
}

// --- GPUs: the JSON of `llmdw gpus --json`

export interface GpuCount {
  readonly allocatable: number;
  readonly requested: number;
  readonly free: number;
}

export interface GpuHolder {
  readonly namespace: string;
  readonly pod: string;
  /** The person or stack that the pod belongs to: `llm-d.ai/owner`, else the top owner's name. */
  readonly owner: string;
  readonly count: number;
}

export interface GpuNode {
  readonly name: string;
  readonly ready: boolean;
  /**
   * Whether an ordinary GPU pod could be placed here: the node is not cordoned and has no NoSchedule or NoExecute taint but those that
   * mark GPU nodes as such.
   */
  readonly schedulable: boolean;
  readonly product: string | null;
  /**
   * By resource of a device plugin (`nvidia.com/gpu`) or by DRA driver (`gpu.nvidia.com`), each device under one of them. `requested`
   * is the effective request of pods that are bound to the node and have not ended, or the devices that claims hold.
   */
  readonly resources: Readonly<Record<string, GpuCount>>;
  /** Topology labels that the node carries, by short name: leafgroup, rack, superpod, zone… */
  readonly topology: Readonly<Record<string, string>>;
  /** GPUs that several pods share through one claim are counted with the first of them; the others hold 0. */
  readonly holders: readonly GpuHolder[];
}

export interface GpuReport {
  readonly nodes: readonly GpuNode[];
  /**
   * `allocatable`, `requested` and `free` are those of ready, schedulable nodes: `free` is what an ordinary new pod could get.
   * `unusable` counts all GPUs of the other nodes, `tainted` the free ones among them on nodes that are ready and not cordoned, which
   * a pod that tolerates the taint could get. `pending` are those that pods without a node wait for.
   */
  readonly totals: Readonly<
    Record<string, GpuCount & { readonly unusable: number; readonly tainted: number; readonly pending: number }>
  >;
  readonly warnings: readonly Warning[];
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}

// --- Model servers: the JSON of `llmdw pods --json`

export type Role = 'prefill' | 'decode' | 'both' | 'routing' | 'other';

export interface ModelServerPod {
  readonly name: string;
  readonly namespace: string;
  readonly ip: string | null;
  readonly node: string | null;
  /** Worker index inside its group: 0 is the leader. */
  readonly rank: number | null;
  /** The data-parallel ranks of its group that run in this pod, both ends included; null where its command does not tell. */
  readonly ranks: { readonly first: number; readonly last: number } | null;
  /** GPUs that it requests. */
  readonly gpus: number;
  /** RFC 3339. */
  readonly createdAt: string | null;
  readonly ports: readonly { readonly name: string | null; readonly container: string; readonly port: number }[];
  readonly phase: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** How the latest run of one of its main or sidecar containers ended. */
  readonly lastExit: (ContainerExit & { readonly container: string }) | null;
  readonly reason: string | null;
}

export interface ModelServerGroup {
  readonly index: number;
  /** Of a DisaggregatedSet, whose revisions stand side by side while it rolls out. */
  readonly revision: string | null;
  readonly pods: readonly ModelServerPod[];
}

export interface ModelServerRole {
  readonly role: Role;
  readonly groups: readonly ModelServerGroup[];
}

export interface ModelServerDeployment {
  readonly name: string;
  readonly kind: string;
  readonly namespace: string;
  readonly owner: string | null;
  readonly mine: boolean;
  readonly model: string | null;
  /** The llm-d release that the labels point to, e.g. `0.3-0.4`; null when they name none. */
  readonly release: string | null;
  readonly gpus: number;
  readonly roles: readonly ModelServerRole[];
}

export interface PodsReport {
  readonly deployments: readonly ModelServerDeployment[];
  readonly warnings: readonly Warning[];
}

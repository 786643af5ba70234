import type { ReportProgress } from '../base/logger.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { KubeObject } from '../kube/model/types.ts';

/** A deployable guide under `manifests/guides/<id>/guide.yaml`. */
export interface Guide {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly model: string;
  readonly variants: readonly GuideVariant[];
  readonly values: readonly GuideValue[];
}

export interface GuideVariant {
  readonly id: string;
  readonly title: string;
  readonly description: string;
}

/** A value that matters enough to be asked for. */
export interface GuideValue {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly kind: 'integer' | 'string';
  readonly default: string;
  readonly minimum?: number;
}

export interface DeployRequest {
  readonly cluster: ClusterRef;
  readonly guide: string;
  readonly variant: string;
  /** Name of the deployment; also the prefix of its objects. */
  readonly name: string;
  readonly values: Readonly<Record<string, string>>;
}

export type PlannedAction = 'create' | 'change' | 'unchanged' | 'conflict';

export interface PlannedObject {
  readonly action: PlannedAction;
  readonly object: KubeObject;
  /** As it is in the cluster; undefined for `create`. */
  readonly live: KubeObject | undefined;
  /** As it would be after apply, from the server's dry run. */
  readonly dryRun: KubeObject | undefined;
  /** Why it would not be applied: whose it is, or who manages a field of it. */
  readonly conflict: string | undefined;
}

export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface DeployPlan {
  readonly request: DeployRequest;
  readonly objects: readonly PlannedObject[];
  readonly findings: readonly Finding[];
}

/** A deployment that the Workbench made for this person, found in the cluster by its labels. */
export interface Deployed {
  readonly name: string;
  /** Undefined: this Workbench has no guide of that name. It can be stopped all the same. */
  readonly guide: string | undefined;
  readonly owner: string;
  readonly model: string;
  /** Undefined while it has no Gateway. */
  readonly gateway: string | undefined;
  /** Base URL inside the cluster, through the gateway. */
  readonly endpoint: string | undefined;
  readonly objects: readonly { readonly kind: string; readonly name: string }[];
}

export interface LongCall {
  readonly signal: AbortSignal;
  readonly progress: ReportProgress;
}

export interface StopOptions extends LongCall {
  /** Grace period 0. */
  readonly force?: boolean;
}

export interface Readiness {
  readonly ready: boolean;
  readonly pods: number;
  readonly readyPods: number;
  /** The model's name as `/v1/models` answers through the gateway. */
  readonly model: string | undefined;
  readonly seconds: number;
}

export interface DeploymentService {
  guides(): Promise<readonly Guide[]>;
  plan(request: DeployRequest, signal: AbortSignal): Promise<DeployPlan>;
  /**
   * Applies a plan with field manager `llm-d-workbench`; errors name the object that failed and what was already applied.
   * `not-yours` when an object is somebody else's by now, before anything is applied.
   */
  apply(plan: DeployPlan, call: LongCall): Promise<void>;
  /** Everything that this user deployed in the cluster's namespace. */
  list(cluster: ClusterRef, signal: AbortSignal): Promise<readonly Deployed[]>;
  /** What `stop` would delete, by name, so that the confirmation can show it. */
  stopTargets(cluster: ClusterRef, name: string, signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** This and what follows reject with `not-yours` when the deployment is somebody else's. */
  stop(cluster: ClusterRef, name: string, options: StopOptions): Promise<void>;
  /** Restarts the model servers; gateway and pool stay. */
  restart(cluster: ClusterRef, name: string, options: StopOptions): Promise<void>;
  redeployRouting(cluster: ClusterRef, name: string, call: LongCall): Promise<void>;
  /**
   * Pods Ready, endpoint picker Ready, `/v1/models` answered through the gateway. A pod that crashed for good rejects with
   * `deployment-failed` and its evidence, and so does a deployment that is stopped meanwhile.
   */
  waitReady(cluster: ClusterRef, name: string, call: LongCall): Promise<Readiness>;
  /**
   * Creates or updates the guides' secrets from values that are never logged. Answers the names written.
   * `not-yours` when one of them is somebody else's; none is written then.
   */
  createSecrets(cluster: ClusterRef, signal: AbortSignal): Promise<readonly string[]>;
}

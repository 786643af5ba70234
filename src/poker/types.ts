import type { ClusterRef } from '../kube/types.ts';
import type { ToolEnvironment } from '../kube/tools/types.ts';
import type { LongCall } from '../deployment/types.ts';

/** What a shell in the poker pod, or a benchmark in it, talks to. */
export interface Endpoint {
  /** Base URL inside the cluster, e.g. `http://<gateway>.<namespace>.svc.cluster.local`. */
  readonly baseUrl: string;
  readonly model: string;
  /** `<name> <ip>` of each decode pod. */
  readonly decodePods: readonly { readonly name: string; readonly ip: string }[];
}

export interface PokerStatus {
  readonly pod: string;
  readonly phase: 'absent' | 'starting' | 'ready' | 'failed';
  readonly reason: string | undefined;
}

/** How to open an interactive shell: what VS Code's terminal is to run. */
export interface ShellCommand {
  readonly title: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: ToolEnvironment['env'];
  /** Two lines shown before the prompt. */
  readonly greeting: string;
}

/** Every call on the pod rejects with `not-yours` where a pod of its name was not made for this owner. */
export interface PokerService {
  status(cluster: ClusterRef, signal: AbortSignal): Promise<PokerStatus>;
  /** Starts it if it is absent and waits until it is Ready. */
  start(cluster: ClusterRef, call: LongCall): Promise<PokerStatus>;
  stop(cluster: ClusterRef, call: LongCall): Promise<void>;
  /** Writes the Justfile with the endpoint into the pod and answers the command of the terminal. */
  shell(cluster: ClusterRef, endpoint: Endpoint | undefined, signal: AbortSignal): Promise<ShellCommand>;
  /** Gateway, model and decode pods of the namespace's deployment. `not-ready` when there is none that answers. */
  endpoint(cluster: ClusterRef, deployment: string | undefined, signal: AbortSignal): Promise<Endpoint>;
}

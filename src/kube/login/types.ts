import type { Disposable } from '../../base/disposables.ts';
import type { ToolEnvironment } from '../tools/types.ts';
import type { ClusterRef, KubeClient } from '../types.ts';

export interface ContextInfo {
  readonly name: string;
  readonly cluster: string;
  readonly server: string;
  readonly user: string;
  /** The namespace that the kubeconfig names, `default` where it names none. */
  readonly namespace: string;
  readonly current: boolean;
}

/** The kubeconfig's contexts and the one that this workspace chose. The choice is kept in `KeyValueStore`, never in the kubeconfig. */
export interface Contexts extends Disposable {
  list(): Promise<readonly ContextInfo[]>;
  /** The chosen one; else the kubeconfig's current context with `.env`'s NAMESPACE before its own. Undefined: no kubeconfig. */
  current(): Promise<ClusterRef | undefined>;
  select(context: string, namespace?: string): Promise<ClusterRef>;
  /** Its cluster has gone: if it is the chosen one, the choice before it counts again, from the next `reload` on. */
  leave(context: string): Promise<void>;
  /** The chosen context was left by itself: it came with a demo cluster's file, which went with its cluster. No other context is ever left so. */
  onDidLeave(listener: (context: string) => void): Disposable;
  onDidChange(listener: (cluster: ClusterRef | undefined) => void): Disposable;
  /** A client of a pinned cluster; the same object for the same cluster while it lives. */
  client(cluster: ClusterRef): Promise<KubeClient>;
  /** Arguments and environment that make kubectl or helm act on this very cluster (`--context`, `--namespace`, KUBECONFIG). */
  toolEnvironment(cluster: ClusterRef): Promise<ToolEnvironment>;
  /** Reads the kubeconfig files again now; a change on disk does the same. */
  reload(): Promise<void>;
}

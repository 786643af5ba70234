import type { NodeShape } from './node-shape.ts';
import type { IpPool } from './pods/ip-pool.ts';

/** Pods that are bound to our nodes and that others look after. */
export interface ForeignPods {
  /** The label that every one of them has, and no other pod. */
  readonly label: string;
  /** Why nothing can be asked of such a pod; undefined for a pod that is none. */
  refusal(namespace: string, pod: string): string | undefined;
  /** A node's pod addresses, of which both sides take. */
  addresses(node: NodeShape): IpPool;
}

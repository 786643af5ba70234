import type { NodeShape } from '../nodes/node-shape.ts';
import { IpPool } from '../nodes/pods/ip-pool.ts';

/** The pod addresses of every node, from which its kubelet and the crowd's both take. */
export class PodAddresses {
  readonly #pools = new Map<string, IpPool>();

  poolOf(node: NodeShape): IpPool {
    const pool = this.#pools.get(node.name) ?? new IpPool(node.podSubnet);
    this.#pools.set(node.name, pool);
    return pool;
  }
}

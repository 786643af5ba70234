import type { NodeShape } from '../nodes/node-shape.ts';
import type { PodNeeds } from './templates.ts';

interface Room {
  readonly node: NodeShape;
  pods: number;
  cpu: number;
  memoryGi: number;
  gpus: number;
}

/** Of pods, CPU and memory a tenth stays free for what people start beside the crowd. */
const givenAway = 0.9;

/** Finds nodes for pods without ever asking a node for more than it has; packs GPUs, spreads all else. */
export class Placement {
  readonly #rooms: readonly Room[];
  readonly #byName: ReadonlyMap<string, Room>;
  #next = 0;

  constructor(nodes: readonly NodeShape[]) {
    this.#rooms = nodes.map((node) => ({
      node,
      pods: Math.floor(Number(node.allocatable['pods']) * givenAway),
      cpu: Number(node.allocatable['cpu']) * givenAway,
      memoryGi: (Number.parseInt(node.allocatable['memory'] ?? '0', 10) / 2 ** 20) * givenAway,
      gpus: Number(node.allocatable['nvidia.com/gpu'] ?? 0),
    }));
    this.#byName = new Map(this.#rooms.map((room) => [room.node.name, room]));
  }

  /** Takes room on this very node, cordoned or not; false when there is none. */
  takeOn(node: NodeShape, needs: PodNeeds): boolean {
    const room = this.#byName.get(node.name);
    return room !== undefined && take(room, needs);
  }

  /** A node for the pod, or undefined when no node that takes pods has room. */
  take(needs: PodNeeds): NodeShape | undefined {
    const count = this.#rooms.length;
    const first = needs.gpus > 0 ? 0 : this.#next;
    for (let step = 0; step < count; step += 1) {
      const index = (first + step) % count;
      const room = this.#rooms[index];
      if (room === undefined || room.node.cordoned || room.node.taints.length > 0 || !take(room, needs)) continue;
      if (needs.gpus === 0) this.#next = (index + 1) % count;
      return room.node;
    }
    return undefined;
  }
}

function take(room: Room, needs: PodNeeds): boolean {
  if (room.pods < 1 || room.cpu < needs.cpu || room.memoryGi < needs.memoryGi || room.gpus < needs.gpus) return false;
  room.pods -= 1;
  room.cpu -= needs.cpu;
  room.memoryGi -= needs.memoryGi;
  room.gpus -= needs.gpus;
  return true;
}

import { collate } from './collate.ts';
import { gpuUnit } from '../kube/model/gpu.ts';
import type { GpuNode, GpuReport, InventorySnapshot, NodeView } from './types.ts';

/** Levels of the topology, the one that tells most about where a deployment runs well first. */
const LEVELS = [
  'leafgroup',
  'subblock',
  'block',
  'nvlink',
  'rack',
  'superpod',
  'spine',
  'core',
  'fabric',
  'zone',
  'region',
] as const;

/** Levels whose nodes share a switch or closer: the place for one group of ranks. */
const NEAR: ReadonlySet<string> = new Set(['leafgroup', 'subblock', 'block', 'nvlink', 'rack']);

/** The value of nodes that do not say. */
const UNKNOWN = 'unknown';

/** A pod of a wide deployment takes a whole node; more GPUs than these no node has. */
const LARGEST_POD = 8;

/** What is free of whole accelerators on some nodes. Slices and shares are none. */
export interface FreeFigures {
  readonly nodes: number;
  /** Of all these nodes. */
  readonly all: number;
  /** On nodes that are ready and take ordinary pods. */
  readonly free: number;
  /** Nodes that are ready, take ordinary pods, and have accelerators of which nothing is requested. */
  readonly freeNodes: number;
  /** Pods of `podSize` GPUs that could be placed on these nodes now, each on one node. */
  readonly fits: number;
}

/** The nodes of one product that share one value of a topology level. */
export interface Place {
  /** `unknown` collects the nodes that do not say. */
  readonly value: string;
  readonly product: string | undefined;
  readonly nodes: readonly GpuNode[];
  readonly figures: FreeFigures;
}

/** Where the most wholly free nodes stand together. */
export interface FreeGroup {
  readonly level: string;
  readonly value: string;
  readonly product: string | undefined;
  readonly nodes: number;
}

/** The report by place, with what it takes to read its counts: the same resource is a GPU on one node and a share of one on another. */
export class Places {
  readonly #nodes: readonly GpuNode[];
  readonly #views: InventorySnapshot['nodes'];
  readonly #places = new Map<string | undefined, readonly Place[]>();
  /** The levels that nodes with GPUs carry a label of, the most telling first. */
  readonly levels: readonly string[];
  /** GPUs of one pod in `fits`: 8, or as many as the largest node has where that is less. */
  readonly podSize: number;

  private constructor(nodes: readonly GpuNode[], views: InventorySnapshot['nodes']) {
    this.#nodes = nodes.filter(hasGpus);
    this.#views = views;
    this.levels = LEVELS.filter((level) => this.#nodes.some((node) => node.topology[level] !== undefined));
    let largest = 0;
    for (const node of this.#nodes) largest = Math.max(largest, this.#devicesOf(node).largest);
    this.podSize = Math.min(LARGEST_POD, largest);
  }

  /** The same object for the same nodes. */
  static of({ nodes }: GpuReport, snapshot: InventorySnapshot): Places {
    const known = made.get(nodes);
    if (known && known.#views === snapshot.nodes) return known;
    const places = new Places(nodes, snapshot.nodes);
    made.set(nodes, places);
    return places;
  }

  /** Nodes with GPUs by a level, in the order of product and value; without a level by product alone. */
  at(level: string | undefined): readonly Place[] {
    const known = this.#places.get(level);
    if (known) return known;
    const valueOf = (node: GpuNode): string => (level === undefined ? '' : (node.topology[level] ?? UNKNOWN));
    const places = Map.groupBy(this.#nodes, ({ product }) => product ?? '')
      .values()
      .flatMap((ofProduct) => Map.groupBy(ofProduct, valueOf).values())
      .flatMap((nodes) =>
        nodes[0]
          ? [{ value: valueOf(nodes[0]), product: nodes[0].product ?? undefined, nodes, figures: this.figures(nodes) }]
          : [],
      )
      .toArray()
      .sort((a, b) => collate(a.product ?? '', b.product ?? '') || collate(a.value, b.value));
    this.#places.set(level, places);
    return places;
  }

  /** Of some nodes, or of all that have GPUs. */
  figures(nodes: readonly GpuNode[] = this.#nodes): FreeFigures {
    let [allOfThem, freeOfThem, freeNodes, fits] = [0, 0, 0, 0];
    for (const node of nodes) {
      const { all, free, untouched } = this.#devicesOf(node);
      allOfThem += all;
      if (!node.ready || !node.schedulable) continue;
      for (const count of free) {
        freeOfThem += count;
        if (this.podSize > 0) fits += Math.floor(count / this.podSize);
      }
      if (untouched) freeNodes += 1;
    }
    return { nodes: nodes.length, all: allOfThem, free: freeOfThem, freeNodes, fits };
  }

  /** The most wholly free nodes of one product under one leaf switch, or in the nearest place that labels tell. Undefined: none is free, or none says where it is. */
  largestFreeGroup(): FreeGroup | undefined {
    const level = this.levels.find((name) => NEAR.has(name));
    if (level === undefined) return undefined;
    let best: Place | undefined;
    for (const place of this.at(level))
      if (place.value !== UNKNOWN && place.figures.freeNodes > (best?.figures.freeNodes ?? 0)) best = place;
    return best && { level, value: best.value, product: best.product, nodes: best.figures.freeNodes };
  }

  #devicesOf(node: GpuNode): Devices {
    const labels = this.#views.get(node.name)?.labels;
    const known = devices.get(node);
    if (known && known.labels === labels) return known;
    const counted = devicesOf(node, labels);
    devices.set(node, counted);
    return counted;
  }
}

const made = new WeakMap<GpuReport['nodes'], Places>();

/** The whole accelerators of one node; what its labels say tells them from slices and shares. */
interface Devices {
  readonly labels: NodeView['labels'] | undefined;
  readonly all: number;
  /** The most of one resource. */
  readonly largest: number;
  /** By resource. */
  readonly free: readonly number[];
  /** It has some, and nothing of the node is requested. */
  readonly untouched: boolean;
}

/** Between two reports most nodes are the same. */
const devices = new WeakMap<GpuNode, Devices>();

function devicesOf(node: GpuNode, labels: NodeView['labels'] | undefined): Devices {
  const counts = Object.entries(node.resources)
    .filter(([resource]) => gpuUnit(resource, labels).kind === 'device')
    .map(([, count]) => count);
  return {
    labels,
    all: counts.reduce((sum, { allocatable }) => sum + allocatable, 0),
    largest: Math.max(0, ...counts.map(({ allocatable }) => allocatable)),
    free: counts.map(({ free }) => free),
    untouched: counts.length > 0 && Object.values(node.resources).every(({ requested }) => requested === 0),
  };
}

/** Also a node whose device plugin is down has GPUs, by its label. */
export function hasGpus(node: GpuNode): boolean {
  return node.product !== null || Object.keys(node.resources).length > 0;
}

import { collate } from './collate.ts';
import { gpuUnit } from './gpu-resources.ts';
import type { GpuNode, GpuReport, InventorySnapshot, NodeView } from './types.ts';

/** Levels of the topology, the one that tells most about where a deployment runs well first. */
const LEVELS = ['leafgroup', 'subblock', 'block', 'nvlink', 'rack', 'superpod', 'spine', 'core', 'fabric', 'zone', 'region'] as const;

/** Levels whose nodes share a switch or closer: the place for one group of ranks. */
const NEAR: ReadonlySet<string> = new Set(['leafgroup', 'subblock', 'block', 'nvlink', 'rack']);

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

/** The report with what it takes to read its counts: the same resource is a GPU on one node and a share of one on another. */
export class Places {
  readonly #report: GpuReport;
  readonly #views: ReadonlyMap<string, NodeView>;
  /** GPUs of one pod in `fits`: 8, or as many as the largest node has where that is less. */
  readonly podSize: number;

  constructor(report: GpuReport, snapshot: InventorySnapshot) {
    this.#report = report;
    this.#views = snapshot.nodes;
    this.podSize = Math.min(LARGEST_POD, Math.max(0, ...report.nodes.flatMap((node) => this.#devices(node).map((count) => count.allocatable))));
  }

  /** The levels that nodes with GPUs carry a label of. */
  levels(): readonly string[] {
    return LEVELS.filter((level) => this.#report.nodes.some((node) => hasGpus(node) && node.topology[level] !== undefined));
  }

  /** Nodes with GPUs by a level, in the order of product and value; without a level by product alone. */
  at(level: string | undefined): readonly Place[] {
    const groups = Map.groupBy(this.#report.nodes.filter(hasGpus), (node) => JSON.stringify([node.product, level === undefined ? '' : (node.topology[level] ?? null)]));
    return groups
      .values()
      .map((nodes): Place => ({ value: valueOf(nodes[0], level), product: nodes[0]?.product ?? undefined, nodes, figures: this.figures(nodes) }))
      .toArray()
      .sort((a, b) => collate(a.product ?? '', b.product ?? '') || collate(a.value, b.value));
  }

  figures(nodes: readonly GpuNode[]): FreeFigures {
    let all = 0;
    let free = 0;
    let freeNodes = 0;
    let fits = 0;
    for (const node of nodes) {
      const devices = this.#devices(node);
      for (const count of devices) all += count.allocatable;
      if (!node.ready || !node.schedulable) continue;
      for (const count of devices) {
        free += count.free;
        if (this.podSize > 0) fits += Math.floor(count.free / this.podSize);
      }
      if (devices.length > 0 && Object.values(node.resources).every((count) => count.requested === 0)) freeNodes += 1;
    }
    return { nodes: nodes.length, all, free, freeNodes, fits };
  }

  /** The most wholly free nodes of one product under one leaf switch, or in the nearest place that labels tell. Undefined: none is free, or none says where it is. */
  largestFreeGroup(): FreeGroup | undefined {
    const level = this.levels().find((name) => NEAR.has(name));
    if (level === undefined) return undefined;
    const best = this.at(level).filter(({ value }) => value !== UNKNOWN).reduce<Place | undefined>((most, place) => (place.figures.freeNodes > (most?.figures.freeNodes ?? 0) ? place : most), undefined);
    return best && { level, value: best.value, product: best.product, nodes: best.figures.freeNodes };
  }

  /** Counts of whole accelerators. */
  #devices(node: GpuNode): readonly GpuNode['resources'][string][] {
    const labels = this.#views.get(node.name)?.labels;
    return Object.entries(node.resources).filter(([resource]) => gpuUnit(resource, labels).kind === 'device').map(([, count]) => count);
  }
}

const UNKNOWN = 'unknown';

function valueOf(node: GpuNode | undefined, level: string | undefined): string {
  return level === undefined ? '' : (node?.topology[level] ?? UNKNOWN);
}

/** Also a node whose device plugin is down has GPUs, by its label. */
export function hasGpus(node: GpuNode): boolean {
  return node.product !== null || Object.keys(node.resources).length > 0;
}

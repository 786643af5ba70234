import type { InventorySnapshot, NodeView, PodView } from '../../../../src/inventory/types.ts';
import type { NodeRow, NodeValue } from '../../../../src/inventory/node-table/types.ts';

export function node(name: string, change: Partial<NodeView> = {}): NodeView {
  return {
    name,
    uid: name,
    ready: true,
    schedulable: true,
    internalIp: undefined,
    product: 'H200',
    allocatable: { 'nvidia.com/gpu': 8 },
    labels: {},
    taints: [],
    ...change,
  };
}

export function pod(name: string, onNode: string, gpus: number, owner: string, change: Partial<PodView> = {}): PodView {
  return {
    key: `llm-d/${name}`,
    namespace: 'llm-d',
    name,
    uid: name,
    phase: 'Running',
    ready: true,
    deleting: false,
    node: onNode,
    ip: undefined,
    createdAt: undefined,
    startedAt: undefined,
    labels: { 'llm-d.ai/owner': owner },
    annotations: {},
    owner: undefined,
    gpus: { 'nvidia.com/gpu': gpus },
    containers: [],
    restarts: 0,
    reason: undefined,
    ...change,
  };
}

export function snapshot(
  nodes: readonly NodeView[],
  pods: readonly PodView[] = [],
  change: Partial<InventorySnapshot> = {},
): InventorySnapshot {
  return {
    cluster: { context: 'c', namespace: 'llm-d', server: 's' },
    nodes: new Map(nodes.map((found) => [found.name, found])),
    pods: new Map(pods.map((found) => [found.key, found])),
    states: { nodes: { kind: 'live' }, pods: { kind: 'live' } },
    podScope: 'cluster',
    complete: true,
    version: 1,
    ...change,
  };
}

export function row(name: string, values: Readonly<Record<string, NodeValue>> = {}): NodeRow {
  return { name, usable: true, values: { name, ...values } };
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { projectNode, projectPod } from '../../../src/inventory/project.ts';
import type { InventorySnapshot, NodeView, PodView } from '../../../src/inventory/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';

function objects(name: string, kind: string): readonly KubeObject[] {
  const text = readFileSync(join(import.meta.dirname, '../../fixtures/inventory', `${name}.yaml`), 'utf8');
  const [document] = parseAllDocuments(text, { merge: true });
  if (!document) throw new Error(`fixture ${name} is empty`);
  return (document.toJS() as KubeObject[]).map((object) => ({ ...object, apiVersion: 'v1', kind }));
}

export const nodeObjects = objects('nodes', 'Node');
export const podObjects = objects('pods', 'Pod');

export function snapshotOf(
  nodes: readonly NodeView[],
  pods: readonly PodView[],
  changes: Partial<InventorySnapshot> = {},
): InventorySnapshot {
  return {
    cluster: { context: 'c', namespace: 'ns', server: 'https://cluster.invalid' },
    nodes: new Map(nodes.map((node) => [node.name, node])),
    pods: new Map(pods.map((pod) => [pod.key, pod])),
    states: { nodes: { kind: 'live' }, pods: { kind: 'live' } },
    podScope: 'cluster',
    complete: true,
    version: 1,
    ...changes,
  };
}

/** Every fixture at once, as one cluster. */
export function wholeCluster(changes: Partial<InventorySnapshot> = {}): InventorySnapshot {
  return snapshotOf(nodeObjects.map(projectNode), podObjects.map(projectPod), changes);
}

export function fixturePod(name: string): PodView {
  const object = podObjects.find((candidate) => candidate.metadata.name === name);
  if (!object) throw new Error(`no fixture ${name}`);
  return projectPod(object);
}

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectClaim, projectSlice } from '../../../src/inventory/dra/project.ts';
import type { DraSnapshot } from '../../../src/inventory/dra/types.ts';
import { projectNode, projectPod } from '../../../src/inventory/project.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { snapshotOf } from './fixtures.ts';

/** What the report must say of a node; `resources` as allocatable, requested, free. */
export interface ExpectedNode {
  readonly product: string | null;
  readonly ready?: boolean;
  readonly schedulable: boolean;
  readonly topology: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, readonly [number, number, number]>>;
  readonly holders?: Readonly<Record<string, number>>;
}

export interface ClusterFixture {
  readonly name: string;
  readonly nodes: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly slices: readonly KubeObject[];
  readonly claims: readonly KubeObject[];
  readonly expect: Readonly<Record<string, ExpectedNode>>;
  /** What one of each resource is called, by node. */
  readonly units: Readonly<Record<string, readonly string[]>>;
  readonly warnings: readonly string[];
}

const folder = join(import.meta.dirname, '../../fixtures/inventory/clusters');

export function clusterFixtures(): readonly ClusterFixture[] {
  return readdirSync(folder)
    .sort()
    .map((file) => clusterFixture(file.replace('.yaml', '')));
}

export function clusterFixture(name: string): ClusterFixture {
  const { nodes, pods, slices, claims, ...rest } = parse(readFileSync(join(folder, `${name}.yaml`), 'utf8'), {
    merge: true,
  }) as Omit<ClusterFixture, 'name'>;
  const typed = (objects: readonly KubeObject[] | undefined, apiVersion: string, kind: string): readonly KubeObject[] =>
    (objects ?? []).map((object) => ({ ...object, apiVersion, kind }));
  return {
    name,
    nodes: typed(nodes, 'v1', 'Node'),
    pods: typed(pods, 'v1', 'Pod'),
    slices: typed(slices, 'resource.k8s.io/v1', 'ResourceSlice'),
    claims: typed(claims, 'resource.k8s.io/v1', 'ResourceClaim'),
    ...rest,
  };
}

export function draOf(
  { claims, slices }: Pick<ClusterFixture, 'claims' | 'slices'>,
  changes: Partial<DraSnapshot> = {},
): DraSnapshot {
  return {
    claims: new Map(claims.map(projectClaim).map((claim) => [claim.key, claim])),
    slices: new Map(
      slices
        .map(projectSlice)
        .filter((slice) => slice !== undefined)
        .map((slice) => [slice.name, slice]),
    ),
    states: { claims: { kind: 'live' }, slices: { kind: 'live' } },
    claimScope: 'cluster',
    ...changes,
  };
}

export function snapshotOfFixture(
  fixture: ClusterFixture,
  changes: Partial<InventorySnapshot> = {},
): InventorySnapshot {
  return snapshotOf(fixture.nodes.map(projectNode), fixture.pods.map(projectPod), { dra: draOf(fixture), ...changes });
}

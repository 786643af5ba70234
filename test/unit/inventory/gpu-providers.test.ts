import assert from 'node:assert/strict';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { gpuUnit } from '../../../src/kube/model/gpu.ts';
import { clusterFixtures, snapshotOfFixture } from './cluster-fixtures.ts';

describe('GPU report of each provider', () => {
  for (const fixture of clusterFixtures()) {
    describe(fixture.name, () => {
      const snapshot = snapshotOfFixture(fixture);
      const report = gpuReport(snapshot);

      it('tells of every node, and of no other', () => {
        assert.deepEqual(report.nodes.map(({ name }) => name).toSorted(), Object.keys(fixture.expect).toSorted());
      });

      for (const node of report.nodes) {
        it(`accounts for ${node.name}`, () => {
          const expected = fixture.expect[node.name];
          const { holders, ...rest } = node;
          assert.deepEqual(rest, {
            name: node.name,
            ready: expected?.ready ?? true,
            schedulable: expected?.schedulable,
            product: expected?.product,
            topology: expected?.topology,
            resources: Object.fromEntries(
              Object.entries(expected?.resources ?? {}).map(([name, [allocatable, requested, free]]) => [
                name,
                { allocatable, requested, free },
              ]),
            ),
          });
          if (expected?.holders)
            assert.deepEqual(Object.fromEntries(holders.map(({ pod, count }) => [pod, count])), expected.holders);
        });
      }

      it('calls its resources what they are', () => {
        for (const [name, nouns] of Object.entries(fixture.units)) {
          const resources = Object.keys(report.nodes.find((node) => node.name === name)?.resources ?? {});
          assert.deepEqual(
            resources.map((resource) => gpuUnit(resource, snapshot.nodes.get(name)?.labels).noun),
            nouns,
            name,
          );
        }
      });

      it('warns of what makes a number mean something else', () => {
        assert.deepEqual([...new Set(report.warnings.map(({ code }) => code))], fixture.warnings);
      });
    });
  }
});

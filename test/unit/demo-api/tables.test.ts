import assert from 'node:assert/strict';
import type { ApiObject } from '../../../src/demo/api/base/object.ts';
import { Registry } from '../../../src/demo/api/catalogue/registry.ts';
import { loadSchemas } from '../../../src/demo/api/schema/index.ts';
import { age, humanDuration } from '../../../src/demo/api/tables/duration.ts';
import { jsonPath } from '../../../src/demo/api/base/json-path.ts';
import { cellsOf } from '../../../src/demo/api/tables/native.ts';
import { nodeCells } from '../../../src/demo/api/tables/nodes.ts';
import { podCells } from '../../../src/demo/api/tables/pods.ts';
import { serviceCells } from '../../../src/demo/api/tables/services.ts';
import { workloadCells } from '../../../src/demo/api/tables/workloads.ts';
import { loadApiData } from '../../../src/demo/api/catalogue/data.ts';
import { startServer, type Loose } from './support.ts';

const now = Date.UTC(2030, 0, 1, 12);
const before = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

interface PodParts {
  readonly phase?: string;
  readonly deleted?: boolean;
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
}

function pod(parts: PodParts): ApiObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      creationTimestamp: before(600),
      ...(parts.deleted === true ? { deletionTimestamp: before(0) } : {}),
    },
    spec: { containers: [{ name: 'a' }], ...parts.spec },
    status: { phase: parts.phase ?? 'Running', ...parts.status },
  };
}

const running = (name: string, extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  ready: true,
  restartCount: 0,
  state: { running: {} },
  ...extra,
});
const waiting = (name: string, reason: string, extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  ready: false,
  restartCount: 0,
  state: { waiting: { reason } },
  ...extra,
});
const ended = (name: string, exitCode: number, extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  ready: false,
  restartCount: 0,
  state: { terminated: { exitCode, ...extra } },
});

describe('API server: tables', () => {
  const shown = (parts: PodParts): string => podCells(pod(parts), now).slice(1, 4).join(' | ');

  it('tells what a pod is at, as kubectl users know it', () => {
    assert.equal(shown({ phase: 'Pending' }), '0/1 | Pending | 0');
    assert.equal(shown({ status: { containerStatuses: [running('a')] } }), '1/1 | Running | 0');
    assert.equal(
      shown({ phase: 'Pending', status: { containerStatuses: [waiting('a', 'ContainerCreating')] } }),
      '0/1 | ContainerCreating | 0',
    );
    assert.equal(
      shown({
        status: {
          containerStatuses: [
            waiting('a', 'CrashLoopBackOff', {
              restartCount: 4,
              lastState: { terminated: { finishedAt: before(90) } },
            }),
          ],
        },
      }),
      '0/1 | CrashLoopBackOff | 4 (90s ago)',
    );
    assert.equal(
      shown({ status: { containerStatuses: [ended('a', 137, { reason: 'OOMKilled' })] } }),
      '0/1 | OOMKilled | 0',
    );
    assert.equal(shown({ status: { containerStatuses: [ended('a', 3)] } }), '0/1 | ExitCode:3 | 0');
    assert.equal(shown({ status: { containerStatuses: [ended('a', 0, { signal: 9 })] } }), '0/1 | Signal:9 | 0');
    assert.equal(
      shown({ phase: 'Succeeded', status: { containerStatuses: [ended('a', 0, { reason: 'Completed' })] } }),
      '0/1 | Completed | 0',
    );
    assert.equal(shown({ deleted: true, status: { containerStatuses: [running('a')] } }), '1/1 | Terminating | 0');
    assert.equal(shown({ phase: 'Failed', status: { reason: 'Evicted' } }), '0/1 | Evicted | 0');
    assert.equal(
      shown({
        phase: 'Pending',
        status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
      }),
      '0/1 | SchedulingGated | 0',
    );
  });

  it('counts init containers and sidecars', () => {
    const spec = { initContainers: [{ name: 'i1' }, { name: 'i2' }] };
    assert.equal(
      shown({
        phase: 'Pending',
        spec,
        status: { initContainerStatuses: [ended('i1', 0), waiting('i2', 'PodInitializing')] },
      }),
      '0/1 | Init:1/2 | 0',
    );
    assert.equal(
      shown({
        phase: 'Pending',
        spec,
        status: { initContainerStatuses: [waiting('i1', 'CrashLoopBackOff', { restartCount: 2 })] },
      }),
      '0/1 | Init:CrashLoopBackOff | 2',
    );
    assert.equal(
      shown({ phase: 'Pending', spec, status: { initContainerStatuses: [ended('i1', 1, { reason: 'Error' })] } }),
      '0/1 | Init:Error | 0',
    );
    const sidecar = { initContainers: [{ name: 's', restartPolicy: 'Always' }] };
    assert.equal(
      shown({
        spec: sidecar,
        status: {
          initContainerStatuses: [running('s', { started: true, restartCount: 1 })],
          containerStatuses: [running('a')],
        },
      }),
      '2/2 | Running | 1',
    );
  });

  it('writes ages in the units of kubectl', () => {
    const ages: readonly (readonly [seconds: number, text: string])[] = [
      [0, '0s'],
      [119, '119s'],
      [120, '2m'],
      [599, '9m59s'],
      [600, '10m'],
      [10_799, '179m'],
      [10_800, '3h'],
      [10_860, '3h1m'],
      [172_799, '47h'],
      [172_800, '2d'],
      [180_000, '2d2h'],
      [691_200, '8d'],
      [63_072_000, '2y'],
      [-5, '<invalid>'],
    ];
    for (const [seconds, text] of ages) assert.equal(humanDuration(seconds * 1000), text, String(seconds));
    assert.equal(age(undefined, now), '<unknown>');
  });

  it('tells nodes, services and workloads', () => {
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: 'n',
        labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/gpu': '' },
        creationTimestamp: before(60),
      },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: 'Ready', status: 'False' }],
        nodeInfo: { kubeletVersion: 'v1' },
        addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
      },
    };
    assert.deepEqual(nodeCells(node, now).slice(1, 7), [
      'NotReady,SchedulingDisabled',
      'gpu,worker',
      '60s',
      'v1',
      '10.0.0.1',
      '<none>',
    ]);
    const service = (spec: Record<string, unknown>): readonly unknown[] =>
      serviceCells['services']!({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec }, now).slice(1, 5);
    assert.deepEqual(
      service({
        type: 'LoadBalancer',
        clusterIP: '10.96.0.9',
        ports: [
          { port: 80, nodePort: 30001, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      }),
      ['LoadBalancer', '10.96.0.9', '<pending>', '80:30001/TCP,53/UDP'],
    );
    assert.deepEqual(service({ clusterIP: 'None' }), ['ClusterIP', 'None', '<none>', '<none>']);
    const job = (spec: Record<string, unknown>, status: Record<string, unknown>): readonly unknown[] =>
      workloadCells['jobs.batch']!(
        { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'j' }, spec, status },
        now,
      ).slice(1, 4);
    assert.deepEqual(job({ completions: 4 }, { succeeded: 2, startTime: before(30) }), ['Running', '2/4', '30s']);
    assert.deepEqual(
      job(
        { parallelism: 3 },
        { startTime: before(90), completionTime: before(30), conditions: [{ type: 'Complete', status: 'True' }] },
      ),
      ['Complete', '0/1 of 3', '60s'],
    );
  });

  it('follows the JSONPaths of printer columns', () => {
    const object = {
      a: {
        'b.c/d': [
          { t: 'x', v: 1 },
          { t: 'y', v: 2 },
        ],
      },
      list: ['p', 'q'],
    };
    assert.deepEqual(jsonPath(object, '.list[*]'), ['p', 'q']);
    assert.deepEqual(jsonPath(object, '.list[1]'), ['q']);
    assert.deepEqual(jsonPath(object, '.a.b\\.c/d[?(@.t=="y")].v'), [2]);
    assert.deepEqual(jsonPath(object, ".a['b.c/d'][0].v"), [1]);
    assert.deepEqual(jsonPath(object, '.nothing.here'), []);
  });

  it('prints the least of every kind: a cell a column, and none undefined', async () => {
    const data = await loadApiData();
    for (const resource of new Registry(data, loadSchemas(data.schemas)).all()) {
      if (resource.columns.length === 0) continue;
      const { cells } = cellsOf(resource, { apiVersion: 'v1', kind: resource.kind, metadata: { name: 'least' } }, now);
      assert.equal(cells.length, resource.columns.length, resource.collection);
      assert.ok(
        cells.every((cell) => cell !== undefined),
        resource.collection,
      );
      assert.equal(cells[resource.columns.findIndex((column) => column.format === 'name')], 'least');
    }
  });

  it('names the columns of the real server', async () => {
    const { tables } = await loadApiData();
    const api = await startServer();
    try {
      for (const key of Object.keys(tables)) {
        if (key.endsWith('/componentstatuses')) continue;
        const path = key.startsWith('v1/') ? `/api/${key}` : `/apis/${key}`;
        const { status, json } = await api.call('GET', path, {
          accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
        });
        assert.equal(status, 200, key);
        assert.deepEqual(
          json.columnDefinitions.map((column: Loose) => column.name),
          tables[key]!.map((column) => column.name),
          key,
        );
      }
      assert.deepEqual(api.failures, []);
    } finally {
      await api.close();
    }
  });
});

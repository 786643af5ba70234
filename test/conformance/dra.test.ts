import assert from 'node:assert/strict';
import { projectClaim, projectSlice } from '../../src/inventory/dra/project.ts';
import { gpuReport } from '../../src/inventory/gpus.ts';
import { projectNode, projectPod } from '../../src/inventory/project.ts';
import type { GpuNode, InventorySnapshot } from '../../src/inventory/types.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { both, Server, type Loose } from './support/both.ts';
import { idlePod, mergePatch, runningPod, type Sent } from './support/objects.ts';
import { targets } from './support/targets.ts';

const api = 'resource.k8s.io/v1';
const driver = 'gpu.nvidia.com';

function slice(node: string, devices: readonly string[]): Sent {
  return {
    apiVersion: api,
    kind: 'ResourceSlice',
    metadata: { name: `${node}-${driver}` },
    spec: {
      driver,
      nodeName: node,
      pool: { name: node, generation: 1, resourceSliceCount: 1 },
      devices: devices.map((name) => ({
        name,
        attributes: { type: { string: 'gpu' }, productName: { string: 'NVIDIA H200' } },
        capacity: { memory: { value: '141Gi' } },
      })),
    },
  };
}

const twoGpus = {
  devices: {
    requests: [{ name: 'gpu', exactly: { deviceClassName: driver, allocationMode: 'ExactCount', count: 2 } }],
  },
};

function using(claim: Sent, spec: Sent = {}): Sent {
  return {
    resourceClaims: [{ name: 'gpu', ...claim }],
    containers: [
      {
        name: 'main',
        image: 'registry.example/shell:1',
        command: ['sleep', 'infinity'],
        resources: { claims: [{ name: 'gpu' }] },
      },
    ],
    ...spec,
  };
}

async function items(server: Server, path: string): Promise<readonly KubeObject[]> {
  return (await server.ask('GET', path)).json.items;
}

/** The account of one node, from all that the server lists now. */
async function accountOf(server: Server, name: string): Promise<GpuNode | undefined> {
  const keyed = <T>(views: readonly T[], key: (view: T) => string): ReadonlyMap<string, T> =>
    new Map(views.map((view) => [key(view), view]));
  const slices = (await items(server, `/apis/${api}/resourceslices`))
    .map(projectSlice)
    .filter((view) => view !== undefined);
  const snapshot: InventorySnapshot = {
    cluster: { context: 'c', namespace: server.namespace, server: 's' },
    nodes: keyed((await items(server, '/api/v1/nodes')).map(projectNode), (view) => view.name),
    pods: keyed((await items(server, '/api/v1/pods')).map(projectPod), (view) => view.key),
    dra: {
      claims: keyed((await items(server, `/apis/${api}/resourceclaims`)).map(projectClaim), (view) => view.key),
      slices: keyed(slices, (view) => view.name),
      states: { claims: { kind: 'live' }, slices: { kind: 'live' } },
      claimScope: 'cluster',
    },
    states: { nodes: { kind: 'live' }, pods: { kind: 'live' } },
    podScope: 'cluster',
    complete: true,
    version: 1,
  };
  return gpuReport(snapshot).nodes.find((node) => node.name === name);
}

describe('dynamic resource allocation on both servers', () => {
  both('counts what drivers offer and claims hold', async (server) => {
    const node = `${server.namespace}-node`;
    await server.ask('POST', '/api/v1/nodes', { body: { metadata: { name: node } } });
    await server.send('POST', `/apis/${api}/resourceslices`, { body: slice(node, ['gpu-0', 'gpu-1', 'gpu-2']) });
    await server.send('POST', server.path('resourceclaims', api), {
      body: { metadata: { name: 'shared' }, spec: twoGpus },
    });
    server.note('offered', await accountOf(server, node));
    const pods: readonly Loose[] = await Promise.all(
      ['a', 'b'].map(
        async (name) =>
          (
            await server.ask('POST', server.path('pods'), {
              body: idlePod(name, { ...using({ resourceClaimName: 'shared' }), nodeName: node }),
            })
          ).json,
      ),
    );
    const status = {
      allocation: {
        devices: { results: ['gpu-0', 'gpu-2'].map((device) => ({ request: 'gpu', driver, pool: node, device })) },
      },
      reservedFor: pods.map(({ metadata }) => ({ resource: 'pods', name: metadata.name, uid: metadata.uid })),
    };
    await server.send('PATCH', `${server.path('resourceclaims/shared', api)}/status`, {
      contentType: mergePatch,
      body: { status },
    });
    server.note('held by one, shared by the other', await accountOf(server, node));
    for (const pod of pods)
      await server.ask('DELETE', server.path(`pods/${pod.metadata.name}`), { body: { gracePeriodSeconds: 0 } });
    await server.ask('DELETE', `/apis/${api}/resourceslices/${node}-${driver}`);
    await server.ask('DELETE', `/api/v1/nodes/${node}`);
  });
});

/** The demo hands out no devices by itself; a real scheduler and claim controller do, and write what we read. */
describe('dynamic resource allocation by the real scheduler', () => {
  it('is counted as it is given out: from a template, shared, and for an extended resource', async () => {
    const target = targets().find(({ name }) => name === 'real');
    assert.ok(target);
    const server = new Server(target, 'given-out');
    // One without a device plugin: those of the suite have one.
    const node = 'given-out-node';
    await server.ask('POST', '/api/v1/nodes', {
      body: { metadata: { name: node, labels: { 'kubernetes.io/hostname': node } } },
    });
    await server.ask('PATCH', `/api/v1/nodes/${node}/status`, {
      contentType: mergePatch,
      body: {
        status: {
          allocatable: { cpu: '8', memory: '8Gi', pods: '20' },
          conditions: [
            {
              type: 'Ready',
              status: 'True',
              reason: 'KubeletReady',
              lastHeartbeatTime: new Date().toISOString(),
              lastTransitionTime: new Date().toISOString(),
            },
          ],
        },
      },
    });
    const pinned = { nodeSelector: { 'kubernetes.io/hostname': node } };
    await server.ask('POST', '/api/v1/namespaces', { body: { metadata: { name: server.namespace } } });
    await server.until(server.path('serviceaccounts/default'), (_, status) => status === 200);
    const extended = 'example.com/gpu';
    await server.ask('POST', `/apis/${api}/deviceclasses`, {
      body: {
        metadata: { name: driver },
        spec: { selectors: [{ cel: { expression: `device.driver == "${driver}"` } }], extendedResourceName: extended },
      },
    });
    await server.ask('POST', `/apis/${api}/resourceslices`, {
      body: slice(node, ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3', 'gpu-4']),
    });
    await server.ask('POST', server.path('resourceclaimtemplates', api), {
      body: {
        metadata: { name: 'one' },
        spec: { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: driver } }] } } },
      },
    });
    await server.ask('POST', server.path('resourceclaims', api), {
      body: { metadata: { name: 'shared' }, spec: twoGpus },
    });
    const start = async (name: string, spec: Sent): Promise<void> => {
      await server.ask('POST', server.path('pods'), { body: runningPod(name, { ...spec, ...pinned }) });
      await server.until(server.path(`pods/${name}`), ({ spec: placed }) => placed?.nodeName === node);
    };
    const counts = async (): Promise<unknown> => {
      const account = await accountOf(server, node);
      return {
        ...account?.resources[driver],
        holders: Object.fromEntries(
          (account?.holders ?? [])
            .filter(({ namespace }) => namespace === server.namespace)
            .map(({ pod, count }) => [pod, count]),
        ),
      };
    };
    assert.deepEqual(await counts(), { allocatable: 5, requested: 0, free: 5, holders: {} });
    await start('templated', using({ resourceClaimTemplateName: 'one' }));
    assert.deepEqual(await counts(), { allocatable: 5, requested: 1, free: 4, holders: { templated: 1 } });
    await start('shares-a', using({ resourceClaimName: 'shared' }));
    await start('shares-b', using({ resourceClaimName: 'shared' }));
    assert.deepEqual(await counts(), {
      allocatable: 5,
      requested: 3,
      free: 2,
      holders: { templated: 1, 'shares-a': 2, 'shares-b': 0 },
    });
    await start('extended', {
      containers: [
        {
          name: 'main',
          image: 'registry.example/shell:1',
          command: ['sleep', 'infinity'],
          resources: { limits: { [extended]: '1' } },
        },
      ],
    });
    assert.deepEqual(await counts(), {
      allocatable: 5,
      requested: 4,
      free: 1,
      holders: { templated: 1, 'shares-a': 2, 'shares-b': 0, extended: 1 },
    });
    for (const pod of ['templated', 'shares-a', 'shares-b', 'extended'])
      await server.ask('DELETE', server.path(`pods/${pod}`), { body: { gracePeriodSeconds: 0 } });
    await server.until(server.path('resourceclaims', api), (list) =>
      list.items?.every((claim: KubeObject) => projectClaim(claim).devices.length === 0),
    );
    assert.deepEqual(await counts(), { allocatable: 5, requested: 0, free: 5, holders: {} });
    for (const path of [
      `/api/v1/nodes/${node}`,
      `/apis/${api}/resourceslices/${node}-${driver}`,
      `/apis/${api}/deviceclasses/${driver}`,
      `/api/v1/namespaces/${server.namespace}`,
    ])
      await server.ask('DELETE', path);
  });
});

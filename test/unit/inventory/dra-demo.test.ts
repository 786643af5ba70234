import assert from 'node:assert/strict';
import { systemClock } from '../../../src/base/clock.ts';
import type { Disposable } from '../../../src/base/disposables.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createApiServer, type ApiServer } from '../../../src/demo/api/server.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { createInventory } from '../../../src/inventory/inventory.ts';
import type { GpuNode, Inventory } from '../../../src/inventory/types.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import { Nodes, Pods } from '../../../src/kube/resources.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/model/types.ts';
import { until } from '../kube/server.ts';

const never = new AbortController().signal;
const token = 'token-of-this-test';
const DRIVER = 'gpu.nvidia.com';

function slice(node: string, devices: readonly string[], generation: number): KubeObject {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `${node}-${DRIVER}-${generation}` },
    spec: {
      driver: DRIVER,
      nodeName: node,
      pool: { name: node, generation, resourceSliceCount: 1 },
      devices: devices.map((name) => ({
        name,
        attributes: { type: { string: 'gpu' }, productName: { string: 'NVIDIA H200' } },
      })),
    },
  };
}

function pod(name: string, spec: object): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      containers: [{ name: 'main', image: 'main', resources: { claims: [{ name: 'gpu' }] } }],
      resourceClaims: [{ name: 'gpu', resourceClaimName: 'shared' }],
      ...spec,
    },
  };
}

/** There is no DRA driver and no scheduler here: what they write is written by the test, as they would. */
describe("GPUs by resource claims, through the demo's API server", () => {
  let server: ApiServer;
  let client: KubeClient;
  let inventory: Inventory;
  let lease: Disposable;
  let claims: ResourceType;
  let slices: ResourceType;

  const served = async (kind: string): Promise<ResourceType> => {
    const resource = await client.resourceOf('resource.k8s.io/v1', kind, never);
    assert.ok(resource, `${kind} is served`);
    return resource;
  };
  const node = (): GpuNode | undefined =>
    inventory.snapshot ? gpuReport(inventory.snapshot).nodes.find(({ name }) => name === 'n1') : undefined;
  const counted = (): readonly (number | undefined)[] => [
    node()?.resources[DRIVER]?.allocatable,
    node()?.resources[DRIVER]?.requested,
    node()?.resources[DRIVER]?.free,
  ];
  const becomes = (counts: readonly number[]): Promise<void> =>
    until(() => JSON.stringify(counted()) === JSON.stringify(counts));
  const allocate = (devices: readonly string[], pods: readonly KubeObject[]): Promise<unknown> =>
    client.json({
      method: 'PATCH',
      path: '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims/shared/status',
      contentType: 'application/merge-patch+json',
      signal: never,
      body: {
        status: {
          allocation: {
            devices: { results: devices.map((device) => ({ request: 'gpu', driver: DRIVER, pool: 'n1', device })) },
          },
          reservedFor: pods.map(({ metadata }) => ({ resource: 'pods', name: metadata.name, uid: metadata.uid })),
        },
      },
    });

  before(async () => {
    server = await createApiServer({ host: '127.0.0.1', port: 0, token, clock: systemClock, logger: silentLogger });
    const cluster = { context: 'demo', namespace: 'default', server: server.url };
    client = createKubeClient({
      cluster,
      connection: { server: server.url, token, ...(server.caPem === undefined ? {} : { ca: server.caPem }) },
      clock: systemClock,
      logger: silentLogger,
    });
    const contexts: Partial<Contexts> = {
      current: () => Promise.resolve(cluster),
      client: () => Promise.resolve(client),
      onDidChange: () => ({ dispose: () => undefined }),
    };
    inventory = createInventory({ contexts: contexts as Contexts, logger: silentLogger });
    claims = await served('ResourceClaim');
    slices = await served('ResourceSlice');
    await client.create(Nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }, never);
    await client.create(slices, slice('n1', ['gpu-0', 'gpu-1', 'gpu-2'], 1), never);
    lease = inventory.lease();
  });

  after(async () => {
    lease.dispose();
    inventory.dispose();
    client.dispose();
    await server.close();
  });

  it('counts from offer to claim, by several pods, and back to free', async () => {
    await inventory.whenComplete(never);
    assert.deepEqual(counted(), [3, 0, 3]);
    assert.equal(node()?.product, 'H200');

    await client.create(
      claims,
      {
        apiVersion: 'resource.k8s.io/v1',
        kind: 'ResourceClaim',
        metadata: { name: 'shared', namespace: 'default' },
        spec: {
          devices: {
            requests: [{ name: 'gpu', exactly: { deviceClassName: DRIVER, allocationMode: 'ExactCount', count: 2 } }],
          },
        },
      },
      never,
    );
    const waiting = await client.create(Pods, pod('waits', {}), never);
    await until(() => inventory.snapshot !== undefined && gpuReport(inventory.snapshot).totals[DRIVER]?.pending === 2);

    const pods = [waiting, await client.create(Pods, pod('first', { nodeName: 'n1' }), never)];
    await client.json({
      method: 'POST',
      path: '/api/v1/namespaces/default/pods/waits/binding',
      body: {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'waits' },
        target: { apiVersion: 'v1', kind: 'Node', name: 'n1' },
      },
      signal: never,
    });
    await allocate(['gpu-0', 'gpu-2'], pods);
    await becomes([3, 2, 1]);
    await until(
      () =>
        JSON.stringify(node()?.holders.map(({ pod: name, count }) => [name, count])) ===
        JSON.stringify([
          ['first', 2],
          ['waits', 0],
        ]),
    );

    await client.create(slices, slice('n1', ['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3'], 2), never);
    await becomes([4, 2, 2]);
    await client.delete(slices, undefined, `n1-${DRIVER}-1`, { signal: never });

    for (const each of pods)
      await client.delete(Pods, 'default', each.metadata.name, { gracePeriodSeconds: 0, signal: never });
    await until(() => node()?.holders.every(({ owner, pod: name }) => owner === name) === true);
    await client.delete(claims, 'default', 'shared', { signal: never });
    await becomes([4, 0, 4]);
  });
});

import { both, type Loose } from './support/both.ts';
import { strategicPatch } from './support/objects.ts';

/** A kubelet looks every ten seconds. */
describe('nodes on both servers', () => {
  both('come back after a controller has lost sight of them', async (server) => {
    const { json } = await server.ask('GET', '/api/v1/nodes');
    const path = `/api/v1/nodes/${json.items.at(-1).metadata.name}`;
    const conditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
      type,
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    }));
    const { json: lost } = await server.ask('PATCH', `${path}/status`, {
      contentType: strategicPatch,
      body: { status: { conditions } },
    });
    const taints = (node: Loose): unknown =>
      node.spec.taints?.map(({ key, effect }: Loose) => `${key}:${effect}`).toSorted();
    // Whether the controller taints it before the kubelet has spoken is a matter of the moment.
    server.note(
      'while it is unknown',
      lost.status.conditions.map(({ type, status, reason }: Loose) => [type, status, reason]),
    );
    const back = await server.until(
      path,
      (node) =>
        node.status.conditions.every(({ status }: Loose) => status !== 'Unknown') &&
        !node.spec.taints?.some(({ key }: Loose) => key === 'node.kubernetes.io/unreachable'),
    );
    server.note('when its kubelet has spoken', [taints(back), back.status.conditions, back.status.allocatable]);
    const { json: lease } = await server.ask(
      'GET',
      `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${back.metadata.name}`,
    );
    server.note('its lease', {
      ...lease.spec,
      renewTime: typeof lease.spec.renewTime,
      owner: lease.metadata.ownerReferences?.map(({ kind, name }: Loose) => [kind, name]),
    });
  });
});

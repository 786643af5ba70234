import { isAbort, isWorkbenchError } from '../../base/errors.ts';
import { sleep } from '../../base/clock.ts';
import type { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import { Leases, Nodes } from '../../kube/resources.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import { NodeStatusReporter, type ReportedNode } from './node-status.ts';

export interface Registration extends ReportedNode {
  /** All nodes of a process share it: a thousand kubelets must not open a thousand connections at once. */
  readonly turns: Limiter;
  readonly logger: Logger;
}

const leaseNamespace = 'kube-node-lease';
const heartbeatMs = 10_000;

/** A node that stands in the API server, and its beats: a renewed Lease and, when it is due, its status. */
export interface RegisteredNode {
  readonly uid: string | undefined;
  readonly status: NodeStatusReporter;
}

/** Puts the node into the API server, or brings an older one of its name up to date, with its status. */
export async function registerNode(registration: Registration): Promise<RegisteredNode> {
  const { client, shape, signal } = registration;
  const wanted = nodeObject(registration);
  let node: KubeObject;
  try {
    node = await client.create(Nodes, wanted, signal);
  } catch (error) {
    if (!isWorkbenchError(error, 'already-exists', 'conflict')) throw error;
    node = await client.patch(Nodes, undefined, shape.name, { metadata: { labels: wanted.metadata.labels } }, signal);
  }
  const status = new NodeStatusReporter(registration);
  status.observed(node['status']);
  await status.report();
  return { uid: node.metadata.uid, status };
}

/** Renews the node's Lease and looks after its status until the signal fires. */
export async function keepHeartbeat(registration: Registration, node: RegisteredNode): Promise<void> {
  const { client, shape, turns, clock, signal, logger } = registration;
  const beats = {
    lease: () => renewLease(client, shape.name, node.uid, clock.now(), signal),
    status: () => node.status.report(),
  };
  while (!signal.aborted) {
    for (const [what, beat] of Object.entries(beats)) {
      try {
        await turns.run(signal, beat);
      } catch (error) {
        if (isAbort(error)) return;
        logger.warn(`${what} of node ${shape.name} was not written: ${String(error)}`);
      }
    }
    try {
      await sleep(clock, heartbeatMs, signal);
    } catch {
      return;
    }
  }
}

async function renewLease(
  client: KubeClient,
  name: string,
  uid: string | undefined,
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const renewTime = new Date(now).toISOString().replace('Z', '000Z');
  try {
    await client.patch(Leases, leaseNamespace, name, { spec: { renewTime } }, signal);
  } catch (error) {
    if (!isWorkbenchError(error, 'not-found')) throw error;
    const ownerReferences = uid === undefined ? [] : [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: leaseNamespace, ownerReferences },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime },
    };
    await client.create(Leases, lease, signal);
  }
}

function nodeObject({ shape }: Registration): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: shape.name, labels: shape.labels },
    spec: {
      podCIDR: `${shape.podSubnet}.0/24`,
      podCIDRs: [`${shape.podSubnet}.0/24`],
      providerID: `demo://${shape.name}`,
      ...(shape.cordoned
        ? {
            unschedulable: true,
            taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }, ...shape.taints],
          }
        : shape.taints.length === 0
          ? {}
          : { taints: shape.taints }),
    },
  };
}

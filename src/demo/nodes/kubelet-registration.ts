import { isAbort, isWorkbenchError } from '../../base/errors.ts';
import { sleep, type Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { Leases, Nodes, resourcePath } from '../../kube/resources.ts';
import type { KubeClient, KubeObject } from '../../kube/types.ts';
import type { NodeShape } from './node-shape.ts';

/** Where the node's kubelet endpoint listens; the demo's API server reads it to reach exec, logs and port-forward. */
const kubeletAnnotation = 'demo.llm-d/kubelet';

export const kernelVersion = '6.8.0-60-generic';

export interface Registration {
  readonly client: KubeClient;
  readonly shape: NodeShape;
  readonly internalIp: string;
  readonly kubelet: { readonly host: string; readonly port: number };
  readonly kubeletVersion: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const leaseNamespace = 'kube-node-lease';
const heartbeatMs = 10_000;

/** Puts the node into the API server, or brings an older one of its name up to date, with its status. */
export async function registerNode(registration: Registration): Promise<KubeObject> {
  const { client, shape, signal } = registration;
  const wanted = nodeObject(registration);
  let node: KubeObject;
  try {
    node = await client.create(Nodes, wanted, signal);
  } catch (error) {
    if (!isWorkbenchError(error, 'already-exists', 'conflict')) throw error;
    const { labels, annotations } = wanted.metadata;
    node = await client.patch(Nodes, undefined, shape.name, { metadata: { labels, annotations } }, signal);
  }
  await client.json({
    method: 'PATCH',
    path: resourcePath(Nodes, undefined, shape.name, 'status'),
    contentType: 'application/strategic-merge-patch+json',
    body: { status: nodeStatus(registration) },
    signal,
  });
  return node;
}

/** Renews the node's Lease until the signal fires. */
export async function keepHeartbeat(registration: Registration, node: KubeObject): Promise<void> {
  const { client, shape, clock, signal, logger } = registration;
  while (!signal.aborted) {
    try {
      await renewLease(client, shape.name, node.metadata.uid, clock.now(), signal);
    } catch (error) {
      if (isAbort(error)) return;
      logger.warn(`lease of node ${shape.name} was not renewed: ${String(error)}`);
    }
    try {
      await sleep(clock, heartbeatMs, signal);
    } catch {
      return;
    }
  }
}

async function renewLease(client: KubeClient, name: string, uid: string | undefined, now: number, signal: AbortSignal): Promise<void> {
  const renewTime = new Date(now).toISOString().replace('Z', '000Z');
  try {
    await client.patch(Leases, leaseNamespace, name, { spec: { renewTime } }, signal);
  } catch (error) {
    if (!isWorkbenchError(error, 'not-found')) throw error;
    const ownerReferences = uid === undefined ? [] : [{ apiVersion: 'v1', kind: 'Node', name, uid }];
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: leaseNamespace, ownerReferences }, spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime } };
    await client.create(Leases, lease, signal);
  }
}

function nodeObject(registration: Registration): KubeObject {
  const { shape, kubelet } = registration;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: shape.name, labels: shape.labels, annotations: { [kubeletAnnotation]: `${kubelet.host}:${kubelet.port}` } },
    spec: {
      podCIDR: `${shape.podSubnet}.0/24`,
      podCIDRs: [`${shape.podSubnet}.0/24`],
      providerID: `demo://${shape.name}`,
      ...(shape.cordoned ? { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }, ...shape.taints] } : shape.taints.length === 0 ? {} : { taints: shape.taints }),
    },
  };
}

function nodeStatus(registration: Registration): Readonly<Record<string, unknown>> {
  const { shape, internalIp, kubelet, kubeletVersion, clock } = registration;
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (type: string, status: 'True' | 'False', reason: string, message: string): Readonly<Record<string, string>> => ({ type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: now });
  return {
    addresses: [
      { type: 'InternalIP', address: internalIp },
      { type: 'Hostname', address: shape.name },
    ],
    capacity: shape.capacity,
    allocatable: shape.allocatable,
    conditions: [
      condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
      condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
      condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    nodeInfo: {
      architecture: 'amd64',
      bootID: '00000000-0000-4000-8000-000000000000',
      containerRuntimeVersion: 'containerd://2.1.4',
      kernelVersion,
      kubeProxyVersion: '',
      kubeletVersion,
      machineID: shape.name,
      operatingSystem: 'linux',
      osImage: 'Ubuntu 22.04.5 LTS',
      systemUUID: shape.name,
    },
  };
}

import { isDeepStrictEqual } from 'node:util';
import { arrayAt, at, isObject, stringAt } from '../../base/json.ts';
import { Nodes, resourcePath } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/model/types.ts';
import type { Clock } from '../../base/clock.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { NodeShape } from './node-shape.ts';

/** A node that reports its status. */
export interface ReportedNode {
  readonly client: KubeClient;
  readonly shape: NodeShape;
  readonly internalIp: string;
  readonly kubeletPort: number;
  readonly kubeletVersion: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export const kernelVersion = '6.8.0-60-generic';

/** A status that nobody changed is posted again after so long. */
const reportEveryMs = 5 * 60_000;

/** Posts a node's status: at the start, when it is no longer what was posted (a controller that lost sight of the kubelet says Unknown), and every five minutes. */
export class NodeStatusReporter {
  readonly #node: ReportedNode;
  #posted: unknown;
  #postedAt = Number.NEGATIVE_INFINITY;
  #seen: unknown;

  constructor(node: ReportedNode) {
    this.#node = node;
  }

  /** What the API server holds now. */
  observed(status: unknown): void {
    this.#seen = status;
  }

  async report(): Promise<void> {
    const { client, shape, clock, signal } = this.#node;
    if (
      clock.monotonic() - this.#postedAt < reportEveryMs &&
      isDeepStrictEqual(withoutHeartbeats(this.#seen), withoutHeartbeats(this.#posted))
    )
      return;
    const answer = await client.json<KubeObject>({
      method: 'PATCH',
      path: resourcePath(Nodes, undefined, shape.name, 'status'),
      contentType: 'application/strategic-merge-patch+json',
      body: { status: nodeStatus(this.#node, this.#seen) },
      signal,
    });
    // Compared with the answer, not with what was sent: the server may write a quantity in another way.
    this.#posted = answer['status'];
    this.#seen = this.#posted;
    this.#postedAt = clock.monotonic();
  }
}

function withoutHeartbeats(status: unknown): unknown {
  if (!isObject(status)) return status;
  return {
    ...status,
    conditions: arrayAt(status, 'conditions').map((condition) =>
      isObject(condition) ? { ...condition, lastHeartbeatTime: undefined } : condition,
    ),
  };
}

/** A condition that stands as it stood keeps the time of its last transition. */
function nodeStatus(
  { shape, internalIp, kubeletPort, kubeletVersion, clock }: ReportedNode,
  before: unknown,
): Readonly<Record<string, unknown>> {
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const condition = (
    type: string,
    status: 'True' | 'False',
    reason: string,
    message: string,
  ): Readonly<Record<string, string>> => {
    const same = arrayAt(before, 'conditions').find((one) => at(one, 'type') === type && at(one, 'status') === status);
    return {
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: stringAt(same, 'lastTransitionTime') ?? now,
    };
  };
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
    daemonEndpoints: { kubeletEndpoint: { Port: kubeletPort } },
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

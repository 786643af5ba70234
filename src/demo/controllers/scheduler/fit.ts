import type { Node, Pod } from '../../../kube/model/kinds.ts';
import { arrayAt, at, numberAt } from '../core/objects.ts';
import { matchesNode, podAffinityFailure, type Placement } from './affinity.ts';
import { addAmounts, amountsOf, effectiveRequest, type Amounts } from '../../../kube/model/effective-request.ts';
import { isCordonedFor, untoleratedTaint } from './taints.ts';

/** A node with what runs on it. */
export interface NodeLoad {
  readonly node: Node;
  readonly allocatable: Amounts;
  readonly requested: Amounts;
  readonly pods: readonly Pod[];
}

export function loadOf(node: Node, pods: readonly Pod[]): NodeLoad {
  return {
    node,
    allocatable: amountsOf(at(node, 'status', 'allocatable')),
    requested: pods.reduce<Amounts>((total, pod) => addAmounts(total, effectiveRequest(pod.spec)), new Map()),
    pods,
  };
}

/** Why the node cannot take the pod, in the scheduler's words; empty when it can. The first kind of failure hides later ones. */
export function failuresOf(
  pod: Pod,
  requests: Amounts,
  load: NodeLoad,
  placed: readonly Placement[],
): readonly string[] {
  if (isCordonedFor(pod, load.node)) return ['node(s) were unschedulable'];
  const taint = untoleratedTaint(pod, load.node);
  if (taint) return [`node(s) had untolerated taint(s)`];
  if (!matchesNode(pod, load.node)) return ["node(s) didn't match Pod's node affinity/selector"];
  if (!portsAreFree(pod, load.pods)) return ["node(s) didn't have free ports for the requested pod ports"];
  const lacking = insufficient(requests, load);
  if (lacking.length > 0) return lacking;
  switch (podAffinityFailure(pod, load.node, placed)) {
    case 'affinity':
      return ["node(s) didn't match pod affinity rules"];
    case 'anti-affinity':
      return ["node(s) didn't match pod anti-affinity rules"];
    case 'existing-anti-affinity':
      return ["node(s) didn't satisfy existing pods anti-affinity rules"];
    case undefined:
      return [];
  }
}

function insufficient(requests: Amounts, load: NodeLoad): string[] {
  const most = load.allocatable.get('pods') ?? 0n;
  const reasons = BigInt(load.pods.length + 1) * 1_000_000_000n > most ? ['Too many pods'] : [];
  for (const [name, amount] of requests) {
    const free = (load.allocatable.get(name) ?? 0n) - (load.requested.get(name) ?? 0n);
    if (amount > free) reasons.push(`Insufficient ${name}`);
  }
  return reasons;
}

function portsAreFree(pod: Pod, others: readonly Pod[]): boolean {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return true;
  const taken = new Set(others.flatMap(hostPorts));
  return !wanted.some((port) => taken.has(port));
}

function hostPorts(pod: Pod): string[] {
  return arrayAt(pod, 'spec', 'containers').flatMap((container) =>
    arrayAt(container, 'ports').flatMap((port) => {
      const number = numberAt(port, 'hostPort') ?? 0;
      return number === 0 ? [] : [`${String(at(port, 'protocol'))}/${number}`];
    }),
  );
}

const DEVICES = ['nvidia.com/gpu', 'amd.com/gpu'];

/** Higher is better. Pods with devices are packed onto the fullest node, so that whole nodes stay free; others go where no devices are, then spread. */
export function scoreOf(requests: Amounts, load: NodeLoad): number {
  const device = DEVICES.find((name) => requests.has(name));
  if (device !== undefined) return share(load, device);
  const devices = DEVICES.some((name) => load.allocatable.has(name)) ? -10 : 0;
  return devices - share(load, 'cpu') - share(load, 'memory');
}

function share(load: NodeLoad, name: string): number {
  const all = Number(load.allocatable.get(name) ?? 0n);
  return all === 0 ? 0 : Number(load.requested.get(name) ?? 0n) / all;
}

import type { NodeAccount } from './gpu-node.ts';
import { gpuPodsByNode, NO_NODE } from './gpu-pods.ts';
import { isShared } from '../kube/model/gpu.ts';
import { blockingTaints } from './taints.ts';
import type { InventorySnapshot, PodView, Warning } from './types.ts';

/** More names than these are only counted: a warning is a line, not a list. */
const NAMED = 8;

/** What can be said of one node by its account alone. */
interface Remark {
  readonly code: string;
  readonly of: (account: NodeAccount) => boolean;
  readonly text: (list: string, one: boolean) => string;
}

const REMARKS: readonly Remark[] = [
  {
    code: 'time-slicing',
    of: ({ inputs }) => isShared(inputs.view?.labels ?? {}),
    text: (list) => `GPUs are shared by time-slicing or MPS on ${list}: their counts are shares, not devices`,
  },
  {
    code: 'no-device-plugin',
    of: lacksDevices,
    text: (list, one) =>
      `${list} ${one ? 'has' : 'have'} GPUs by label but ${one ? 'offers' : 'offer'} none: the device plugin may be down`,
  },
  {
    code: 'over-requested',
    of: isOverRequested,
    text: (list, one) => `pods request more GPUs than ${list} ${one ? 'offers' : 'offer'}: devices may have failed`,
  },
  {
    code: 'offered-twice',
    of: ({ offeredTwice }) => offeredTwice,
    text: (list, one) =>
      `${list} ${one ? 'offers its' : 'offer their'} GPUs by a device plugin and by a DRA driver: each is counted once, but the scheduler may give it out twice`,
  },
  {
    code: 'partitioned',
    of: ({ inputs }) => inputs.offer?.partitioned === true,
    text: (list) => `GPUs of ${list} can be claimed in parts: one is counted as taken as soon as a part of it is`,
  },
];

/** What makes a number of the report mean something else than it seems to. */
export function warningsOf(snapshot: InventorySnapshot, accounts: readonly NodeAccount[]): readonly Warning[] {
  const telling = accounts.filter((account) => !isPlain(account));
  return [
    ...nodeStates(
      snapshot,
      telling.filter(({ inputs }) => inputs.view === undefined),
    ),
    ...podStates(snapshot),
    ...(['nodes', 'pods'] as const).flatMap((kind) => staleness(kind, snapshot.states[kind])),
    ...claimStates(snapshot),
    ...REMARKS.flatMap((remark) => about(remark.code, telling.filter(remark.of), remark.text)),
    ...tainted(telling),
    ...idleClaims(telling),
  ];
}

const plain = new WeakSet<NodeAccount>();

/** Most nodes call for no remark, and an account never changes: each is looked at once. */
function isPlain(account: NodeAccount): boolean {
  if (plain.has(account)) return true;
  const { inputs, idleClaims: idle } = account;
  const telling =
    !inputs.view ||
    idle.length > 0 ||
    blockingTaints(inputs.view).length > 0 ||
    REMARKS.some((remark) => remark.of(account));
  if (!telling) plain.add(account);
  return !telling;
}

function nodeStates(snapshot: InventorySnapshot, unknown: readonly NodeAccount[]): readonly Warning[] {
  if (snapshot.states.nodes.kind !== 'denied') {
    return about(
      'nodes-unknown',
      unknown,
      (list) => `pods name nodes that are not in the list of nodes (${list}); their GPUs are not in the totals`,
    );
  }
  return [
    {
      code: 'nodes-denied',
      message: `no permission to list nodes in ${contextOf(snapshot)}: only nodes with visible pods are shown, and free GPUs are unknown`,
    },
  ];
}

function podStates(snapshot: InventorySnapshot): readonly Warning[] {
  if (snapshot.states.pods.kind === 'denied') {
    return [
      {
        code: 'pods-denied',
        message: `no permission to list pods in ${contextOf(snapshot)}: requested GPUs are unknown, so free ones are too many`,
      },
    ];
  }
  if (snapshot.podScope === 'cluster') return [];
  return [
    {
      code: 'pods-of-one-namespace',
      message: `no permission to list pods of all namespaces in ${contextOf(snapshot)}: only those of namespace "${snapshot.cluster.namespace}" are counted${snapshot.states.nodes.kind === 'denied' ? '' : ', so free GPUs may be too many'}`,
    },
  ];
}

/** On a cluster without DRA there is nothing to say; where pods use claims or claims hold GPUs, what cannot be read matters. */
function claimStates(snapshot: InventorySnapshot): readonly Warning[] {
  const { dra } = snapshot;
  if (!dra || dra.states.claims.kind === 'connecting') return [];
  const { claims, slices } = dra.states;
  const listed = claims.kind === 'live' || dra.claims.size > 0;
  const holding = dra.claims.values().some((claim) => claim.devices.length > 0);
  if (!listed) {
    const using = gpuPodsByNode(snapshot)
      .entries()
      .flatMap(([node, pods]) => (node === NO_NODE ? [] : pods.filter(usesClaims)))
      .toArray().length;
    const why =
      claims.kind === 'denied'
        ? 'there is no permission to list them'
        : claims.kind === 'absent'
          ? 'no known version of their API is served'
          : 'they could not be listed';
    return using === 0
      ? []
      : [
          {
            code: 'claims-unknown',
            message: `${using === 1 ? 'a pod uses' : `${using} pods use`} resource claims in ${contextOf(snapshot)}, but ${why}: the GPUs that they hold are not counted, so free ones may be too many`,
          },
        ];
  }
  const warnings: Warning[] =
    holding || dra.slices.size > 0 ? [...staleness('claims', claims), ...staleness('slices', slices)] : [];
  if (dra.claimScope === 'namespace' && dra.slices.size > 0) {
    warnings.push({
      code: 'claims-of-one-namespace',
      message: `no permission to list resource claims of all namespaces in ${contextOf(snapshot)}: only those of namespace "${snapshot.cluster.namespace}" are counted, so free GPUs may be too many`,
    });
  }
  if (slices.kind === 'denied' && holding) {
    warnings.push({
      code: 'slices-denied',
      message: `no permission to list resource slices in ${contextOf(snapshot)}: of GPUs that are given out by claims only those in use are known`,
    });
  }
  return warnings;
}

function usesClaims(pod: PodView): boolean {
  return pod.claims !== undefined || pod.extendedClaim !== undefined;
}

function staleness(kind: string, state: InventorySnapshot['states']['nodes']): readonly Warning[] {
  return state.kind === 'stale'
    ? [
        {
          code: `${kind}-stale`,
          message: `${kind} are as of ${new Date(state.since).toISOString()}: ${state.error.message}`,
        },
      ]
    : [];
}

function contextOf(snapshot: InventorySnapshot): string {
  return `context "${snapshot.cluster.context}"`;
}

/** By taint, since each has its own meaning. */
function tainted(accounts: readonly NodeAccount[]): readonly Warning[] {
  const byTaint = new Map<string, string[]>();
  for (const { inputs, node } of accounts) {
    if (!inputs.view || Object.keys(node.resources).length === 0) continue;
    for (const { key } of blockingTaints(inputs.view)) byTaint.set(key, [...(byTaint.get(key) ?? []), inputs.name]);
  }
  return byTaint
    .entries()
    .map(([key, names]) => ({
      code: 'tainted',
      message: `only pods that tolerate ${key} may use ${someOf(names)}: free GPUs there are counted apart`,
    }))
    .toArray();
}

function idleClaims(accounts: readonly NodeAccount[]): readonly Warning[] {
  const idle = accounts.flatMap((account) => account.idleClaims);
  return idle.length === 0
    ? []
    : [
        {
          code: 'claims-idle',
          message: `${idle.length === 1 ? 'a resource claim holds' : 'resource claims hold'} GPUs that no pod uses: ${someOf(idle)}`,
        },
      ];
}

function about(code: string, accounts: readonly NodeAccount[], text: Remark['text']): readonly Warning[] {
  const names = accounts.map(({ inputs }) => inputs.name);
  return names.length === 0 ? [] : [{ code, message: text(someOf(names), names.length === 1) }];
}

function someOf(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}

function lacksDevices({ inputs, node }: NodeAccount): boolean {
  return inputs.view?.product !== undefined && Object.values(node.resources).every((count) => count.allocatable === 0);
}

/** Only of a node whose own figures are known. */
function isOverRequested({ inputs, node }: NodeAccount): boolean {
  return (
    inputs.view !== undefined && Object.values(node.resources).some((count) => count.requested > count.allocatable)
  );
}

import { annotations, labels } from '../base/labels.ts';
import type { PodView, Role } from './types.ts';

/** What a pod is in an llm-d deployment. */
export interface Identity {
  readonly role: Role;
  /** Name of the deployment that it belongs to, without role, revision and rank; undefined for routing that names none. */
  readonly deployment: string | undefined;
  /** Kind of the controller that a person would look for. */
  readonly kind: string;
  readonly owner: string | undefined;
  readonly release: string | undefined;
  /** Name of the gateway or pool that a routing pod serves. */
  readonly routing: string | undefined;
  /** Place inside its role: groups are told apart by set and index. */
  readonly set: string;
  readonly group: number | undefined;
  /** Revision of the DisaggregatedSet that the pod was made from. */
  readonly revision: string | undefined;
  /** Worker index inside the group: 0 leads. */
  readonly rank: number | undefined;
}

/** Labels that only pods of an llm-d model server carry, newest release first: a pod is as new as the newest one it has. */
const RELEASES: readonly (readonly [release: string, labels: readonly string[]])[] = [
  ['0.10', ['disaggregatedset.x-k8s.io/name']],
  ['0.8-0.9', ['llm-d.ai/engine-type']],
  ['0.7', ['inference.networking.k8s.io/engine-type']],
  // `hardware-vairant` is how 0.5 spelt it.
  [
    '0.5-0.6',
    [
      'llm-d.ai/inference-serving',
      'llm-d.ai/hardware-variant',
      'llm-d.ai/hardware-vairant',
      'llm-d.ai/hardware-vendor',
      'llm-d.ai/accelerator-variant',
      'llm-d.ai/accelerator-vendor',
    ],
  ],
  ['0.3-0.4', ['llm-d.ai/inferenceServing']],
  ['0.7', ['llm-d.ai/guide']],
];

/** Endpoint pickers and gateways, by release: to 0.7, then gateway and standalone mode, then without a pool of their own. */
const ROUTING_LABELS = [
  'inferencepool',
  'llm-d-router-gateway',
  'llm-d-router-standalone',
  'epp',
  'gateway.networking.k8s.io/gateway-name',
];

const ROLE_LABELS = [labels.role, 'disaggregatedset.x-k8s.io/role'];

const ROLES: Readonly<Record<string, Role>> = {
  prefill: 'prefill',
  decode: 'decode',
  both: 'both',
  'prefill-decode': 'both',
  routing: 'routing',
  epp: 'routing',
  gateway: 'routing',
};

const LWS = 'leaderworkerset.sigs.k8s.io';
const DISAGGREGATED_SET = 'disaggregatedset.x-k8s.io';

/** Views never change, and most pods of a large cluster are asked for again with every change of another. */
const identities = new WeakMap<PodView, Identity | 'none'>();

/** Undefined for a pod that has nothing to do with llm-d. */
export function identify(pod: PodView): Identity | undefined {
  const known = identities.get(pod);
  if (known !== undefined) return known === 'none' ? undefined : known;
  const identity = identityOf(pod);
  identities.set(pod, identity ?? 'none');
  return identity;
}

/** Labels that say nothing of llm-d; like pods share theirs. */
const unrelated = new WeakSet<PodView['labels']>();

function identityOf(pod: PodView): Identity | undefined {
  if (unrelated.has(pod.labels)) return undefined;
  const release = RELEASES.find(([, names]) => names.some((name) => pod.labels[name] !== undefined))?.[0];
  const routing = ROUTING_LABELS.map((name) => pod.labels[name]).find((value) => value !== undefined);
  const own = pod.labels[labels.deployment] !== undefined;
  if (release === undefined && routing === undefined && !own) {
    unrelated.add(pod.labels);
    return undefined;
  }
  const role = roleOf(pod, routing !== undefined, release !== undefined);
  const controller = topController(pod);
  return {
    role,
    deployment:
      pod.labels[labels.deployment] ?? (routing === undefined ? deploymentName(pod, controller.name) : undefined),
    kind: controller.kind,
    owner: pod.labels[labels.owner],
    release: routing === undefined ? release : undefined,
    routing,
    set: pod.labels[`${LWS}/name`] ?? controller.name,
    group: indexOf(pod.labels[`${LWS}/group-index`] ?? pod.labels['apps.kubernetes.io/pod-index']),
    revision: pod.labels[`${DISAGGREGATED_SET}/revision`],
    rank: indexOf(pod.labels[`${LWS}/worker-index`]),
  };
}

/** What a person who looks for the pod's origin would find: the set or deployment, not its replica set of the moment. */
export function topController(pod: PodView): { readonly kind: string; readonly name: string } {
  const disaggregated = pod.labels[`${DISAGGREGATED_SET}/name`];
  if (disaggregated !== undefined) return { kind: 'DisaggregatedSet', name: disaggregated };
  const set = pod.labels[`${LWS}/name`];
  if (set !== undefined) return { kind: 'LeaderWorkerSet', name: set };
  if (pod.owner === undefined) return { kind: 'Pod', name: pod.name };
  const hash = pod.labels['pod-template-hash'];
  if (pod.owner.kind === 'ReplicaSet' && hash !== undefined && pod.owner.name.endsWith(`-${hash}`))
    return { kind: 'Deployment', name: pod.owner.name.slice(0, -hash.length - 1) };
  return { kind: pod.owner.kind, name: pod.owner.name };
}

/** The model's full name from the Workbench's annotation or the server's arguments; else the label, which cannot hold a slash. */
export function modelOf(pod: PodView): string | undefined {
  return pod.annotations[annotations.model] ?? servedModel(pod) ?? pod.labels[labels.model];
}

function servedModel(pod: PodView): string | undefined {
  for (const container of pod.containers) {
    if (container.role !== 'main') continue;
    const command = container.command.join(' ');
    const model =
      /\bvllm\s+serve\s+["']?([^\s"'-][^\s"']*)/.exec(command)?.[1] ?? /--model[= ]["']?([^\s"']+)/.exec(command)?.[1];
    if (model !== undefined && !model.includes('$')) return model;
  }
  return undefined;
}

function roleOf(pod: PodView, routing: boolean, serves: boolean): Role {
  if (routing) return 'routing';
  const named = ROLE_LABELS.map((name) => pod.labels[name]).find((value) => value !== undefined);
  return (named === undefined ? undefined : ROLES[named]) ?? (serves && named === undefined ? 'both' : 'other');
}

/** The sets of one deployment differ by their role's name only. */
function deploymentName(pod: PodView, controller: string): string {
  if (pod.labels[`${DISAGGREGATED_SET}/name`] !== undefined) return controller;
  return controller.replace(/-(prefill|decode)$/, '');
}

function indexOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

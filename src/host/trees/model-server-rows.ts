import { slowestPhase } from '../../inventory/loading/deployment-loading.ts';
import { phaseText } from '../../inventory/loading/phase-text.ts';
import type { Crash, LoadingPhase } from '../../inventory/loading/types.ts';
import type {
  ModelServerDeployment,
  ModelServerGroup,
  ModelServerPod,
  ModelServerRole,
  PodsReport,
  Role,
} from '../../inventory/types.ts';
import { plural } from '../../protocol/format.ts';
import { deploymentLive, groupLive, podLive, roleLive, type LivePods } from './live-text.ts';
import { BUSY, ERROR, GOOD, lazyChildren, plainText, WARNING, type Row, type RowIcon } from './row.ts';

const ROLE_TITLES: Record<Role, string> = {
  prefill: 'prefill',
  decode: 'decode',
  both: 'prefill and decode',
  routing: 'routing',
  other: 'other pods',
};
const ROLE_ICONS: Record<Role, string> = {
  prefill: 'arrow-circle-right',
  decode: 'symbol-array',
  both: 'symbol-array',
  routing: 'type-hierarchy',
  other: 'package',
};

/** What the pods' logs and metrics tell, by pod key. */
export interface Loads {
  readonly phases: ReadonlyMap<string, LoadingPhase>;
  readonly crashes: ReadonlyMap<string, Crash>;
  /** Only pods that are asked for their figures. */
  readonly live?: LivePods;
}

const NOTHING_TOLD: Loads = { phases: new Map(), crashes: new Map() };

/** Whose deployments a person wants to see. */
export type OwnerFilter = 'everybody' | 'mine' | 'others';

/** Mine on top, opened; other people's in one collapsed, read-only group, or by themselves where only they are asked for. */
export function modelServerRows(
  report: PodsReport,
  loads: Loads = NOTHING_TOLD,
  filter: OwnerFilter = 'everybody',
): readonly Row[] {
  const mine = report.deployments.filter((deployment) => deployment.mine);
  const others = report.deployments.filter((deployment) => !deployment.mine);
  if (filter === 'others') return others.map(rowOfOther);
  const rows = mine.map((deployment) => deploymentRow(deployment, loads));
  return others.length === 0 || filter === 'mine' ? rows : [...rows, othersRow(others)];
}

/** What the filter keeps from view; undefined when that is nothing. */
export function hiddenByFilter(report: PodsReport, filter: OwnerFilter): string | undefined {
  const hidden =
    filter === 'everybody' ? [] : report.deployments.filter((deployment) => deployment.mine === (filter === 'others'));
  if (hidden.length === 0) return undefined;
  return filter === 'mine'
    ? `Only mine: ${plural(hidden.length, 'deployment')} of other people not shown.`
    : `Only other people's: ${plural(hidden.length, 'deployment')} of mine not shown.`;
}

/** `wide-ep · ready`, for the view's description. */
export function modelServerHeadline(report: PodsReport, loads: Loads = NOTHING_TOLD): string {
  const mine = report.deployments.filter((deployment) => deployment.mine);
  const [only] = mine;
  if (mine.length === 1 && only) return `${only.name} · ${stateOf(serverPods(only), loads).text}`;
  return mine.length === 0 ? 'none deployed' : plural(mine.length, 'deployment');
}

function othersRow(deployments: readonly ModelServerDeployment[]): Row {
  const gpus = deployments.reduce((total, deployment) => total + deployment.gpus, 0);
  const row: Row = {
    id: 'others',
    label: 'other people',
    description: `${plural(deployments.length, 'deployment')} · ${plural(gpus, 'GPU')}`,
    tooltip: 'Deployments of other owners. They can be looked at, never changed from here.',
    icon: { id: 'organization' },
    expand: 'collapsed',
    context: 'others',
  };
  return lazyChildren(row, () => deployments.map(rowOfOther));
}

/** Nothing but the deployment makes the rows of another person's, so they stay while it does. */
const rowsOfOthers = new WeakMap<ModelServerDeployment, Row>();

function rowOfOther(deployment: ModelServerDeployment): Row {
  const row = rowsOfOthers.get(deployment) ?? deploymentRow(deployment, NOTHING_TOLD);
  rowsOfOthers.set(deployment, row);
  return row;
}

function deploymentRow(deployment: ModelServerDeployment, loads: Loads): Row {
  const state = stateOf(serverPods(deployment), loads);
  const owner = deployment.mine ? 'you' : (deployment.owner ?? 'no owner label');
  const live = deploymentLive(
    loads.live,
    deployment.roles.map(({ role, groups }) => ({ role, keys: groups.flatMap(({ pods }) => pods.map(keyOf)) })),
    deployment.gpus,
  );
  const row: Row = {
    id: `deployment/${deployment.namespace}/${deployment.name}`,
    label: deployment.name,
    // What changes comes first: a narrow side bar cuts the end.
    description: joined(
      ' · ',
      state.text,
      live?.text,
      shape(deployment),
      plural(deployment.gpus, 'GPU'),
      deployment.mine ? '' : owner,
      shortModel(deployment.model),
    ),
    tooltip: joined(
      '\n\n',
      `**${plainText(deployment.name)}** (${plainText(deployment.kind)}) in ${plainText(deployment.namespace)}`,
      `Model: ${plainText(deployment.model ?? 'not named')}  \nOwner: ${plainText(owner)}  \nRelease by labels: ${plainText(deployment.release ?? 'not recognised')}`,
      `${plural(deployment.gpus, 'GPU')} requested by its pods. *P* and *D* count prefill and decode groups.`,
      live?.tooltip,
    ),
    icon: { id: 'rocket', color: state.icon.color ?? BUSY },
    expand: deployment.mine ? 'expanded' : 'collapsed',
    context: deployment.mine ? 'deployment mine' : 'deployment',
    target: { kind: 'deployment', namespace: deployment.namespace, name: deployment.name },
  };
  return lazyChildren(row, () =>
    deployment.roles.filter((role) => role.groups.length > 0).map((role) => roleRow(deployment, role, loads)),
  );
}

function roleRow(deployment: ModelServerDeployment, role: ModelServerRole, loads: Loads): Row {
  const pods = role.groups.flatMap((group) => group.pods);
  const readyGroups = role.groups.filter(
    (group) => group.pods.length > 0 && group.pods.every((pod) => pod.ready),
  ).length;
  const serves = isServing(role.role);
  const flat = !serves || role.groups.every((group) => group.pods.length <= 1);
  const live = roleLive(loads.live, role.role, pods.map(keyOf));
  return {
    id: `deployment/${deployment.namespace}/${deployment.name}/${role.role}`,
    label: ROLE_TITLES[role.role],
    description: joined(
      ' · ',
      serves
        ? `${readyGroups}/${plural(role.groups.length, 'group')}${live === undefined ? ' ready' : ''}`
        : `${pods.filter((pod) => pod.ready).length}/${plural(pods.length, 'pod')} ready`,
      live?.text,
    ),
    tooltip: joined(
      '\n\n',
      serves
        ? `${plural(pods.length, 'pod')} in ${plural(role.groups.length, 'group')}. A group is ready when every one of its pods passes its readiness probe.`
        : 'Gateway, endpoint picker and what else stands between clients and model servers.',
      live?.tooltip,
    ),
    icon: { id: ROLE_ICONS[role.role], color: stateOf(pods, loads).icon.color ?? BUSY },
    expand: role.role === 'routing' || role.role === 'other' || !deployment.mine ? 'collapsed' : 'expanded',
    context: 'role',
    children: flat
      ? role.groups.flatMap((group) =>
          group.pods.map((pod) =>
            podRow(deployment, role.role, pod, serves ? `group ${group.index}` : pod.name, loads, revisionText(group)),
          ),
        )
      : role.groups.map((group) => groupRow(deployment, role.role, group, loads)),
  };
}

function groupRow(deployment: ModelServerDeployment, role: Role, group: ModelServerGroup, loads: Loads): Row {
  const state = stateOf(group.pods, loads);
  const live = groupLive(loads.live, group.pods.map(keyOf));
  const fine = live === undefined ? `${plural(group.pods.length, 'pod')} ready` : `ready · ${live.text}`;
  return {
    id: `deployment/${deployment.namespace}/${deployment.name}/${role}/${group.index}`,
    label: `group ${group.index}`,
    description: joined(' · ', state.fine ? fine : state.text, revisionText(group)),
    tooltip: joined(
      '\n\n',
      `One LeaderWorkerSet group: the leader and its workers, restarted together. ${plural(
        group.pods.reduce((sum, pod) => sum + pod.gpus, 0),
        'GPU',
      )} requested.`,
      live?.tooltip,
    ),
    icon: { id: 'group-by-ref-type', color: state.icon.color ?? BUSY },
    expand: state.fine ? 'collapsed' : 'expanded',
    context: 'serverGroup',
    children: group.pods.map((pod) => podRow(deployment, role, pod, rankLabel(pod), loads)),
  };
}

/** Two revisions of a DisaggregatedSet stand side by side while it rolls out. */
function revisionText(group: ModelServerGroup): string | undefined {
  return group.revision === null ? undefined : `revision ${group.revision}`;
}

/** The data-parallel ranks in the pod; where it does not tell them, its place in the group. */
function rankLabel(pod: ModelServerPod): string {
  if (pod.ranks !== null && pod.ranks.last > pod.ranks.first) return `ranks ${pod.ranks.first}-${pod.ranks.last}`;
  const rank = pod.ranks?.first ?? pod.rank;
  return rank === null ? pod.name : `rank ${rank}`;
}

function podRow(
  deployment: ModelServerDeployment,
  role: Role,
  pod: ModelServerPod,
  label: string,
  loads: Loads,
  revision?: string,
): Row {
  const state = podState(pod, loads);
  const phase = loads.phases.get(keyOf(pod));
  const crash = crashOf(pod, loads);
  const context = [
    'pod',
    ...(deployment.mine ? ['mine'] : []),
    ...(isServing(role) ? ['server'] : []),
    ...(crash ? ['crashed'] : []),
  ].join(' ');
  const restarted = pod.restarts > 0 && !crash ? ` (restarted ${pod.restarts}x)` : '';
  const live = podLive(loads.live, keyOf(pod));
  return {
    id: `pod/${pod.namespace}/${pod.name}`,
    label,
    description: joined(
      ' · ',
      `${state.text}${restarted}`,
      live?.text,
      label === pod.name ? undefined : pod.name,
      revision,
    ),
    tooltip: joined(
      '\n\n',
      `**${plainText(pod.namespace)}/${plainText(pod.name)}** · ${plainText(pod.phase)}`,
      podFacts(pod)
        .map(([name, value]) => `${name}: ${plainText(value)}`)
        .join('  \n'),
      pod.reason === null ? '' : plainText(pod.reason),
      phase ? phaseTooltip(phase) : '',
      live?.tooltip,
      crash?.evidence.cause
        ? `Crash: ${plainText(crash.evidence.cause.line.trim())}\n\n${plainText(crash.evidence.cause.hint)}`
        : '',
    ),
    icon: state.icon,
    context,
    target: { kind: 'pod', namespace: pod.namespace, name: pod.name },
  };
}

function podFacts(pod: ModelServerPod): readonly (readonly [name: string, value: string])[] {
  return [
    ['Node', pod.node ?? 'none yet'],
    ['GPUs requested', String(pod.gpus)],
    ...(pod.ranks === null
      ? []
      : [
          [
            'Data-parallel ranks',
            pod.ranks.first === pod.ranks.last ? String(pod.ranks.first) : `${pod.ranks.first} to ${pod.ranks.last}`,
          ] as const,
        ]),
    ...(pod.rank === null ? [] : [['Worker index', pod.rank === 0 ? '0 (leader)' : String(pod.rank)] as const]),
    ['IP', pod.ip ?? 'none yet'],
    ['Ready', pod.ready ? 'yes' : 'no'],
    ['Created', pod.createdAt === null ? 'unknown' : localTime(pod.createdAt)],
    ['Container restarts (most of one container)', String(pod.restarts)],
    ...(pod.lastExit === null ? [] : [['Last exit', exitText(pod.lastExit)] as const]),
  ];
}

/** `vllm: OOMKilled (exit code 137) at 11:42:03` */
function exitText({ container, reason, exitCode, finishedAt }: NonNullable<ModelServerPod['lastExit']>): string {
  return `${container}: ${reason}${exitCode === undefined ? '' : ` (exit code ${exitCode})`}${finishedAt === undefined ? '' : ` at ${localTime(finishedAt)}`}`;
}

function localTime(rfc3339: string): string {
  return new Date(rfc3339).toLocaleString();
}

interface State {
  readonly text: string;
  readonly icon: RowIcon;
  readonly fine: boolean;
}

function podState(pod: ModelServerPod, loads: Loads): State {
  if (pod.ready) return { text: 'ready', icon: { id: 'pass-filled', color: GOOD }, fine: true };
  const phase = loads.phases.get(keyOf(pod));
  const crash = crashOf(pod, loads);
  if (crash && isDown(pod, loads))
    return { text: `crashed: ${crashText(pod, crash)}`, icon: { id: 'error', color: ERROR }, fine: false };
  if (!phase && !crash) return plainState(pod);
  const text = phase ? phaseText(phase) : plainState(pod).text;
  return {
    text: `${text}${crash ? ` · crashed before: ${crashText(pod, crash)}` : ''}`,
    icon: { id: 'loading~spin', color: crash || phase?.stalledSeconds !== undefined ? WARNING : BUSY },
    fine: false,
  };
}

/** By what Kubernetes says alone. */
function plainState(pod: ModelServerPod): State {
  if (hasCrashed(pod)) return { text: pod.reason ?? 'failed', icon: { id: 'error', color: ERROR }, fine: false };
  if (pod.phase === 'Pending')
    return { text: pod.reason ?? 'pending', icon: { id: 'watch', color: WARNING }, fine: false };
  if (pod.phase === 'Succeeded') return { text: 'ended', icon: { id: 'circle-slash' }, fine: true };
  return { text: pod.reason ?? 'loading, not ready yet', icon: { id: 'loading~spin', color: BUSY }, fine: false };
}

/** Of many pods: crashed before waiting before ready, with how many are ready and how far the slowest of the others is. */
function stateOf(pods: readonly ModelServerPod[], loads: Loads): State {
  const ready = pods.filter((pod) => pod.ready).length;
  const count = `${ready}/${pods.length} ready`;
  const down = pods.filter((pod) => !pod.ready && isDown(pod, loads)).length;
  const why = worstCrash(pods, loads);
  if (down > 0)
    return {
      text: [`${down} crashed`, count].join(', ') + (why === undefined ? '' : ` · ${why}`),
      icon: { id: 'error', color: ERROR },
      fine: false,
    };
  if (pods.length > 0 && ready === pods.length)
    return { text: 'ready', icon: { id: 'pass-filled', color: GOOD }, fine: true };
  const slowest = slowestPhase(pods.flatMap((pod) => loads.phases.get(keyOf(pod)) ?? []));
  const text = [count, slowest && phaseText(slowest), why === undefined ? undefined : `crashed before: ${why}`]
    .filter((part) => part !== undefined)
    .join(' · ');
  return {
    text,
    icon: {
      id: 'loading~spin',
      color: why !== undefined || pods.some((pod) => pod.phase === 'Pending') ? WARNING : BUSY,
    },
    fine: false,
  };
}

/** Crashed and not loading again; a pod that took the place of a crashed one has a chance of its own. */
function isDown(pod: ModelServerPod, loads: Loads): boolean {
  return (
    !loads.phases.has(keyOf(pod)) &&
    (hasCrashed(pod) || (pod.phase !== 'Pending' && pod.reason !== null && crashOf(pod, loads) !== undefined))
  );
}

/** `CUDA out of memory (2x)`, of the pod that crashed most. */
function worstCrash(pods: readonly ModelServerPod[], loads: Loads): string | undefined {
  const crashes = pods.flatMap((pod) => crashOf(pod, loads) ?? []);
  const worst = crashes.toSorted((a, b) => b.times - a.times)[0];
  return worst?.evidence.cause && `${worst.evidence.cause.title}${again(worst.times)}`;
}

/** The crash that a pod has not got over. */
function crashOf(pod: ModelServerPod, loads: Loads): Crash | undefined {
  return pod.ready ? undefined : loads.crashes.get(keyOf(pod));
}

function crashText(pod: ModelServerPod, { times, evidence: { cause } }: Crash): string {
  const place =
    cause === undefined || cause.pod === pod.name
      ? ''
      : ` in ${cause.rank === undefined ? cause.pod : `rank ${cause.rank}`}`;
  return `${cause?.title ?? pod.reason ?? 'see the evidence'}${place}${again(times)}`;
}

function again(times: number): string {
  return times > 1 ? ` (${times}x)` : '';
}

function phaseTooltip(phase: LoadingPhase): string {
  const source =
    phase.inferredFrom === undefined
      ? 'By its own log'
      : `By the log of ${plainText(phase.inferredFrom)}: this pod prints no progress of its own`;
  return `${plainText(phaseText(phase))} since ${new Date(phase.since).toLocaleTimeString()}${phase.detail === undefined ? '' : ` (${plainText(phase.detail)})`}  \n${source}. A time left is that of the progress bar, for this phase alone.`;
}

/** The parts that say something. */
function joined(separator: string, ...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(separator);
}

function keyOf(pod: ModelServerPod): string {
  return `${pod.namespace}/${pod.name}`;
}

function hasCrashed(pod: ModelServerPod): boolean {
  return pod.phase === 'Failed' || (pod.restarts > 0 && pod.reason !== null);
}

function serverPods(deployment: ModelServerDeployment): readonly ModelServerPod[] {
  const serving = deployment.roles.filter((role) => isServing(role.role));
  return (serving.length > 0 ? serving : deployment.roles).flatMap((role) =>
    role.groups.flatMap((group) => group.pods),
  );
}

function isServing(role: Role): boolean {
  return role === 'prefill' || role === 'decode' || role === 'both';
}

function shape(deployment: ModelServerDeployment): string {
  const groups = (role: Role): number => deployment.roles.find((found) => found.role === role)?.groups.length ?? 0;
  const parts = [
    [groups('prefill'), 'P'],
    [groups('decode'), 'D'],
    [groups('both'), 'x'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, letter]) => `${count}${letter}`)
    .join(' + ');
}

function shortModel(model: string | null): string {
  return model?.split('/').at(-1) ?? '';
}

import type { ModelServerDeployment, ModelServerGroup, ModelServerPod, ModelServerRole, PodsReport, Role } from '../../inventory/types.ts';
import { plural } from '../../protocol/format.ts';
import { BUSY, ERROR, GOOD, plainText, WARNING, type Row, type RowIcon } from './row.ts';

const ROLE_TITLES: Record<Role, string> = { prefill: 'prefill', decode: 'decode', both: 'prefill and decode', routing: 'routing', other: 'other pods' };
const ROLE_ICONS: Record<Role, string> = { prefill: 'arrow-circle-right', decode: 'symbol-array', both: 'symbol-array', routing: 'type-hierarchy', other: 'package' };

/** Mine on top, opened; other people's in one collapsed, read-only group. */
export function modelServerRows(report: PodsReport): readonly Row[] {
  const mine = report.deployments.filter((deployment) => deployment.mine);
  const others = report.deployments.filter((deployment) => !deployment.mine);
  const rows = mine.map(deploymentRow);
  return others.length === 0 ? rows : [...rows, othersRow(others)];
}

/** `wide-ep · ready`, for the view's description. */
export function modelServerHeadline(report: PodsReport): string {
  const mine = report.deployments.filter((deployment) => deployment.mine);
  const [only] = mine;
  if (mine.length === 1 && only) return `${only.name} · ${stateOf(serverPods(only)).text}`;
  return mine.length === 0 ? 'none deployed' : plural(mine.length, 'deployment');
}

function othersRow(deployments: readonly ModelServerDeployment[]): Row {
  const gpus = deployments.reduce((total, deployment) => total + deployment.gpus, 0);
  return {
    id: 'others',
    label: 'other people',
    description: `${plural(deployments.length, 'deployment')} · ${plural(gpus, 'GPU')}`,
    tooltip: 'Deployments of other owners. They can be looked at, never changed from here.',
    icon: { id: 'organization' },
    expand: 'collapsed',
    context: 'others',
    children: deployments.map(deploymentRow),
  };
}

function deploymentRow(deployment: ModelServerDeployment): Row {
  const state = stateOf(serverPods(deployment));
  const owner = deployment.mine ? 'you' : (deployment.owner ?? 'no owner label');
  return {
    id: `deployment/${deployment.namespace}/${deployment.name}`,
    label: deployment.name,
    // What changes comes first: a narrow side bar cuts the end.
    description: [state.text, shape(deployment), plural(deployment.gpus, 'GPU'), deployment.mine ? '' : owner, shortModel(deployment.model)].filter((part) => part !== '').join(' · '),
    tooltip: [
      `**${plainText(deployment.name)}** (${plainText(deployment.kind)}) in ${plainText(deployment.namespace)}`,
      `Model: ${plainText(deployment.model ?? 'not named')}  \nOwner: ${plainText(owner)}  \nRelease by labels: ${plainText(deployment.release ?? 'not recognised')}`,
      `${plural(deployment.gpus, 'GPU')} requested by its pods. *P* and *D* count prefill and decode groups.`,
    ].join('\n\n'),
    icon: { id: 'rocket', color: state.icon.color ?? BUSY },
    expand: deployment.mine ? 'expanded' : 'collapsed',
    context: deployment.mine ? 'deployment mine' : 'deployment',
    target: { kind: 'deployment', namespace: deployment.namespace, name: deployment.name },
    children: deployment.roles.filter((role) => role.groups.length > 0).map((role) => roleRow(deployment, role)),
  };
}

function roleRow(deployment: ModelServerDeployment, role: ModelServerRole): Row {
  const pods = role.groups.flatMap((group) => group.pods);
  const readyGroups = role.groups.filter((group) => group.pods.length > 0 && group.pods.every((pod) => pod.ready)).length;
  const serves = isServing(role.role);
  const flat = !serves || role.groups.every((group) => group.pods.length <= 1);
  return {
    id: `deployment/${deployment.namespace}/${deployment.name}/${role.role}`,
    label: ROLE_TITLES[role.role],
    description: serves ? `${readyGroups}/${plural(role.groups.length, 'group')} ready` : `${pods.filter((pod) => pod.ready).length}/${plural(pods.length, 'pod')} ready`,
    tooltip: serves
      ? `${plural(pods.length, 'pod')} in ${plural(role.groups.length, 'group')}. A group is ready when every one of its pods passes its readiness probe.`
      : 'Gateway, endpoint picker and what else stands between clients and model servers.',
    icon: { id: ROLE_ICONS[role.role], color: stateOf(pods).icon.color ?? BUSY },
    expand: role.role === 'routing' || role.role === 'other' || !deployment.mine ? 'collapsed' : 'expanded',
    context: 'role',
    children: flat
      ? role.groups.flatMap((group) => group.pods.map((pod) => podRow(deployment, role.role, pod, serves ? `group ${group.index}` : pod.name)))
      : role.groups.map((group) => groupRow(deployment, role.role, group)),
  };
}

function groupRow(deployment: ModelServerDeployment, role: Role, group: ModelServerGroup): Row {
  const state = stateOf(group.pods);
  return {
    id: `deployment/${deployment.namespace}/${deployment.name}/${role}/${group.index}`,
    label: `group ${group.index}`,
    description: state.fine ? `${plural(group.pods.length, 'pod')} ready` : state.text,
    tooltip: 'One LeaderWorkerSet group: the leader (rank 0) and its workers, restarted together.',
    icon: { id: 'group-by-ref-type', color: state.icon.color ?? BUSY },
    expand: state.fine ? 'collapsed' : 'expanded',
    context: 'serverGroup',
    children: group.pods.map((pod) => podRow(deployment, role, pod, pod.rank === null ? pod.name : `rank ${pod.rank}`)),
  };
}

function podRow(deployment: ModelServerDeployment, role: Role, pod: ModelServerPod, label: string): Row {
  const state = podState(pod);
  const context = ['pod', ...(deployment.mine ? ['mine'] : []), ...(isServing(role) ? ['server'] : [])].join(' ');
  const again = pod.restarts > 0 ? ` (restarted ${pod.restarts}x)` : '';
  return {
    id: `pod/${pod.namespace}/${pod.name}`,
    label,
    description: `${state.text}${again}${label === pod.name ? '' : ` · ${pod.name}`}`,
    tooltip: [
      `**${plainText(pod.namespace)}/${plainText(pod.name)}** · ${plainText(pod.phase)}`,
      `Node: ${plainText(pod.node ?? 'none yet')}  \nIP: ${plainText(pod.ip ?? 'none yet')}  \nReady: ${pod.ready ? 'yes' : 'no'}  \nContainer restarts: ${pod.restarts}`,
      pod.reason === null ? '' : plainText(pod.reason),
    ].filter((part) => part !== '').join('\n\n'),
    icon: state.icon,
    context,
    target: { kind: 'pod', namespace: pod.namespace, name: pod.name },
  };
}

interface State {
  readonly text: string;
  readonly icon: RowIcon;
  readonly fine: boolean;
}

function podState(pod: ModelServerPod): State {
  if (pod.ready) return { text: 'ready', icon: { id: 'pass-filled', color: GOOD }, fine: true };
  if (hasCrashed(pod)) return { text: pod.reason ?? 'failed', icon: { id: 'error', color: ERROR }, fine: false };
  if (pod.phase === 'Pending') return { text: pod.reason ?? 'pending', icon: { id: 'watch', color: WARNING }, fine: false };
  if (pod.phase === 'Succeeded') return { text: 'ended', icon: { id: 'circle-slash' }, fine: true };
  return { text: pod.reason ?? 'loading, not ready yet', icon: { id: 'loading~spin', color: BUSY }, fine: false };
}

/** Of many pods: crashed before waiting before ready, with how many are ready. */
function stateOf(pods: readonly ModelServerPod[]): State {
  const ready = pods.filter((pod) => pod.ready).length;
  const crashed = pods.filter((pod) => !pod.ready && hasCrashed(pod)).length;
  if (crashed > 0) return { text: `${crashed} crashed, ${ready}/${pods.length} ready`, icon: { id: 'error', color: ERROR }, fine: false };
  if (pods.length > 0 && ready === pods.length) return { text: 'ready', icon: { id: 'pass-filled', color: GOOD }, fine: true };
  return { text: `${ready}/${pods.length} ready`, icon: { id: 'loading~spin', color: pods.some((pod) => pod.phase === 'Pending') ? WARNING : BUSY }, fine: false };
}

function hasCrashed(pod: ModelServerPod): boolean {
  return pod.phase === 'Failed' || (pod.restarts > 0 && pod.reason !== null);
}

function serverPods(deployment: ModelServerDeployment): readonly ModelServerPod[] {
  const serving = deployment.roles.filter((role) => isServing(role.role));
  return (serving.length > 0 ? serving : deployment.roles).flatMap((role) => role.groups.flatMap((group) => group.pods));
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
  return parts.filter(([count]) => count > 0).map(([count, letter]) => `${count}${letter}`).join(' + ');
}

function shortModel(model: string | null): string {
  return model?.split('/').at(-1) ?? '';
}

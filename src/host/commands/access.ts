import { REQUIRED_SECRETS } from '../../deployment/secret-names.ts';
import { accessError, needOf } from '../../kube/access/access.ts';
import { Deployments, Gateways, LeaderWorkerSets, Pods, ReplicaSets, Secrets } from '../../kube/resources.ts';
import type { AccessNeed } from '../../kube/access/types.ts';
import type { KubeClient } from '../../kube/types.ts';
import { COMMAND_IDS, type CommandId } from './ids.ts';

const READ_PODS = [needOf('get', Pods), needOf('list', Pods)];
const WATCH_PODS = [...READ_PODS, needOf('watch', Pods)];
const WATCH_WORKLOADS = [LeaderWorkerSets, Deployments].flatMap((kind) => [
  needOf('list', kind),
  needOf('watch', kind),
]);
/** Applying creates what is not there yet. */
const RUN_PODS = [needOf('get', Pods), needOf('create', Pods), needOf('patch', Pods)];
/** A WebSocket is opened by a GET, which needs `get`; from Kubernetes 1.35 on the API server asks for `create` as well. */
const EXEC = [needOf('get', Pods, 'exec'), needOf('create', Pods, 'exec')];
const FORWARD = [needOf('get', Pods, 'portforward'), needOf('create', Pods, 'portforward')];
/** Whether a pod is the gateway's is read from who made it. */
const WHOSE_GATEWAY = [needOf('get', ReplicaSets), needOf('get', Deployments), needOf('get', Gateways)];
const WRITE_SECRETS = [
  needOf('create', Secrets),
  ...REQUIRED_SECRETS.flatMap((name) => ['get', 'patch'].map((verb) => ({ ...needOf(verb, Secrets), name }))),
];
const DELETE_PODS = [needOf('list', Pods), needOf('delete', Pods)];

/**
 * What each command has to be allowed in its namespace, whatever it is asked to do: the least, so that nothing is hidden
 * which would work. What a guide or recipe needs beyond it, its own preflight tells. Empty: no server is asked.
 */
export const ACCESS_NEEDS: Readonly<Record<CommandId, readonly AccessNeed[]>> = {
  'llmd.selectContext': [],
  'llmd.selectNamespace': [],
  'llmd.showNodeTable': [],
  'llmd.createSecrets': WRITE_SECRETS,
  'llmd.deploy': [needOf('create', LeaderWorkerSets), needOf('patch', LeaderWorkerSets)],
  'llmd.stopDeployment': [needOf('list', LeaderWorkerSets), needOf('delete', LeaderWorkerSets)],
  'llmd.restartDeployment': DELETE_PODS,
  'llmd.redeployRouting': [needOf('list', LeaderWorkerSets), needOf('patch', Deployments)],
  'llmd.waitUntilReady': [...WATCH_PODS, ...WATCH_WORKLOADS, ...WHOSE_GATEWAY, ...FORWARD],
  'llmd.startPoker': RUN_PODS,
  'llmd.openPokerShell': [needOf('get', Pods), ...EXEC],
  'llmd.stopPoker': [needOf('get', Pods), needOf('delete', Pods)],
  'llmd.writeDecodePods': [needOf('list', Pods)],
  'llmd.runBenchmark': [needOf('get', Pods), ...EXEC],
  // A run and its end are on disk; what is left of it in the cluster is stopped where that is allowed.
  'llmd.cancelRun': [],
  'llmd.deleteRun': [],
  'llmd.pinBaseline': [],
  'llmd.unpinBaseline': [],
  'llmd.showResults': [],
  'llmd.profilePod': [needOf('get', Pods), ...FORWARD],
  'llmd.profileDecode': [...READ_PODS, ...FORWARD],
  'llmd.copyTraces': [needOf('get', Pods), ...EXEC],
  'llmd.openTrace': [],
  'llmd.showTraceSummary': [],
  'llmd.revealInExplorer': [],
  'llmd.showLogs': [needOf('get', Pods, 'log')],
  'llmd.showEvidence': [],
  'llmd.filterModelServers': [],
  'llmd.groupNodes': [],
  'llmd.toggleLiveFigures': [],
  'llmd.showLiveFigures': [],
  'llmd.refresh': [],
  'llmd.startDemo': [],
  'llmd.stopDemo': [],
  'llmd.showJobs': [],
  'llmd.openSettings': [],
  'llmd.showOutput': [],
};

/** The commands that a cluster may refuse. */
export const GUARDED_COMMANDS: readonly CommandId[] = COMMAND_IDS.filter((id) => ACCESS_NEEDS[id].length > 0);

/** The key of `when` clauses that is true once it is known that the command is refused. Unset it hides nothing. */
export function deniedKey(id: CommandId): `llmd.denied.${string}` {
  return `llmd.denied.${id.slice('llmd.'.length)}`;
}

/** The commands that would be refused in a namespace, each with what is missing. */
export async function deniedCommands(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<CommandId, readonly AccessNeed[]>> {
  const found = await Promise.all(
    GUARDED_COMMANDS.map(async (id) => [id, await client.missing(ACCESS_NEEDS[id], namespace, signal)] as const),
  );
  return new Map(found.filter(([, missing]) => missing.length > 0));
}

/** Ends a command that would be refused before it asks anything or begins. */
export async function requireAccess(
  id: CommandId,
  doing: string,
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const missing = await client.missing(ACCESS_NEEDS[id], namespace, signal);
  if (missing.length > 0) throw accessError(doing, missing, client.cluster, namespace);
}

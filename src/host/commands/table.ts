import { needOf } from '../../kube/access/access.ts';
import type { AccessNeed } from '../../kube/access/types.ts';
import { Deployments, LeaderWorkerSets, Pods } from '../../kube/resources.ts';
import {
  deploymentName,
  fileOrFolder,
  podName,
  runId,
  runIds,
  traceFile,
  tracesInPods,
  type Reader,
} from './arguments.ts';
import {
  DELETE_PODS,
  EXEC,
  FORWARD,
  READ_PODS,
  RUN_PODS,
  WATCH_PODS,
  WATCH_WORKLOADS,
  WHOSE_GATEWAY,
  WRITE_SECRETS,
} from './verbs.ts';

/** What must be there before a command can run. */
export type Need = 'cluster' | 'workspace';

/** What is known of a command before any of its code is loaded. */
export interface CommandFacts {
  /** As the palette shows it after `llm-d: `; dots at its end say that it asks for something. */
  readonly title: string;
  /** The verb phrase of error messages: "deploy". */
  readonly doing: string;
  readonly needs?: readonly Need[];
  /** What callers may hand over; none: it takes nothing. */
  readonly argument?: Reader<unknown>;
  /**
   * It works in a folder that nobody trusts yet: it looks at one's own clusters and at the window. Everything else acts,
   * writes, or reads what the folder holds.
   */
  readonly beforeTrust?: true;
  /** When a yes is needed before it acts. It changes or loads a cluster: in a production context. It ends or replaces something: always. */
  readonly confirms?: 'in production' | 'always';
  /**
   * What it has to be allowed in its namespace, whatever it is asked to do: the least, so that nothing is hidden which
   * would work. What a guide or recipe needs beyond it, its own preflight tells. None: no server is asked.
   */
  readonly access?: readonly AccessNeed[];
}

/** Every command of the extension. How VS Code shows them is in `appearance.ts`; `npm run manifest` writes both into package.json. */
const TABLE = {
  'llmd.selectContext': {
    title: 'Select Context...',
    doing: 'select a context',
    beforeTrust: true,
  },
  'llmd.selectNamespace': {
    title: 'Select Namespace...',
    doing: 'select a namespace',
    needs: ['cluster'],
    beforeTrust: true,
  },
  'llmd.showNodeTable': {
    title: 'Show Node Table',
    doing: 'show the node table',
    beforeTrust: true,
  },
  'llmd.createSecrets': {
    title: 'Create Secrets',
    doing: 'create the secrets',
    needs: ['cluster', 'workspace'],
    confirms: 'always',
    access: WRITE_SECRETS,
  },
  'llmd.deploy': {
    title: 'Deploy...',
    doing: 'deploy',
    needs: ['cluster'],
    confirms: 'in production',
    access: [needOf('create', LeaderWorkerSets), needOf('patch', LeaderWorkerSets)],
  },
  'llmd.stopDeployment': {
    title: 'Stop Deployment...',
    doing: 'stop the deployment',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'always',
    access: [needOf('list', LeaderWorkerSets), needOf('delete', LeaderWorkerSets)],
  },
  'llmd.restartDeployment': {
    title: 'Restart Model Servers...',
    doing: 'restart the model servers',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'always',
    access: DELETE_PODS,
  },
  'llmd.redeployRouting': {
    title: 'Redeploy Routing',
    doing: 'redeploy the routing',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'in production',
    access: [needOf('list', LeaderWorkerSets), needOf('patch', Deployments)],
  },
  'llmd.waitUntilReady': {
    title: 'Wait Until Ready',
    doing: 'wait for the deployment',
    needs: ['cluster'],
    argument: deploymentName,
    access: [...WATCH_PODS, ...WATCH_WORKLOADS, ...WHOSE_GATEWAY, ...FORWARD],
  },
  'llmd.startPoker': {
    title: 'Start Poker Pod',
    doing: 'start the poker pod',
    needs: ['cluster'],
    confirms: 'in production',
    access: RUN_PODS,
  },
  'llmd.openPokerShell': {
    title: 'Open Poker Shell',
    doing: 'open the poker shell',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'in production',
    access: [needOf('get', Pods), ...EXEC],
  },
  'llmd.stopPoker': {
    title: 'Stop Poker Pod...',
    doing: 'stop the poker pod',
    needs: ['cluster'],
    confirms: 'always',
    access: [needOf('get', Pods), needOf('delete', Pods)],
  },
  'llmd.writeDecodePods': {
    title: 'Write decode_pods.txt',
    doing: 'write .tmp/decode_pods.txt',
    needs: ['cluster', 'workspace'],
    access: [needOf('list', Pods)],
  },
  'llmd.runBenchmark': {
    title: 'Run Benchmark...',
    doing: 'run the benchmark',
    needs: ['cluster', 'workspace'],
    argument: deploymentName,
    confirms: 'in production',
    access: [needOf('get', Pods), ...EXEC],
  },
  // A run and its end are on disk; what is left of it in the cluster is stopped where that is allowed.
  'llmd.cancelRun': {
    title: 'Cancel Run',
    doing: 'cancel the run',
    needs: ['workspace'],
    argument: runId,
    confirms: 'in production',
  },
  'llmd.deleteRun': {
    title: 'Delete Run...',
    doing: 'delete the run',
    needs: ['workspace'],
    argument: runIds,
    confirms: 'always',
  },
  'llmd.pinBaseline': {
    title: 'Pin as Baseline',
    doing: 'pin the baseline',
    needs: ['workspace'],
    argument: runId,
  },
  'llmd.unpinBaseline': {
    title: 'Unpin Baseline',
    doing: 'unpin the baseline',
    needs: ['workspace'],
    argument: runId,
  },
  'llmd.showResults': {
    title: 'Show Results',
    doing: 'show the results',
    needs: ['workspace'],
    argument: runIds,
  },
  'llmd.profilePod': {
    title: 'Profile One Instance...',
    doing: 'profile the instance',
    needs: ['cluster'],
    argument: podName,
    confirms: 'in production',
    access: [needOf('get', Pods), ...FORWARD],
  },
  'llmd.profileDecode': {
    title: 'Profile All Decode Ranks...',
    doing: 'profile the decode ranks',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'in production',
    access: [...READ_PODS, ...FORWARD],
  },
  'llmd.stopProfiling': {
    title: 'Stop Profiling',
    doing: 'stop profiling',
    needs: ['cluster'],
    access: [...READ_PODS, ...FORWARD],
  },
  'llmd.copyTraces': {
    title: 'Copy Traces',
    doing: 'copy the traces',
    needs: ['cluster', 'workspace'],
    argument: tracesInPods,
    access: [needOf('get', Pods), ...EXEC],
  },
  'llmd.openTrace': {
    title: 'Open Trace in Perfetto',
    doing: 'open the trace',
    argument: traceFile,
  },
  'llmd.showTraceSummary': {
    title: 'Show Trace Summary',
    doing: 'summarise the trace',
    argument: traceFile,
  },
  'llmd.revealInExplorer': {
    title: 'Reveal in Explorer',
    doing: 'reveal the files',
    needs: ['workspace'],
    argument: fileOrFolder,
  },
  'llmd.showLogs': {
    title: 'Show Logs',
    doing: 'show the log',
    needs: ['cluster'],
    argument: podName,
    beforeTrust: true,
    access: [needOf('get', Pods, 'log')],
  },
  'llmd.showEvidence': {
    title: 'Show Evidence of Crash',
    doing: 'show the evidence of a crash',
    needs: ['cluster'],
    argument: podName,
  },
  'llmd.filterModelServers': {
    title: 'Filter Model Servers by Owner...',
    doing: 'filter the model servers',
    beforeTrust: true,
  },
  'llmd.groupNodes': {
    title: 'Group Nodes By...',
    doing: 'group the nodes',
    beforeTrust: true,
  },
  'llmd.toggleLiveFigures': {
    title: 'Toggle Live Figures',
    doing: 'switch live figures',
  },
  'llmd.showLiveFigures': {
    title: 'Show Live Figures',
    doing: 'show live figures',
  },
  'llmd.refresh': {
    title: 'Refresh',
    doing: 'refresh',
    beforeTrust: true,
  },
  'llmd.startDemo': {
    title: 'Start Demo Cluster',
    doing: 'start the demo cluster',
  },
  'llmd.stopDemo': {
    title: 'Stop Demo Cluster...',
    doing: 'stop the demo cluster',
    confirms: 'always',
  },
  'llmd.showJobs': {
    title: 'Show Running Jobs',
    doing: 'show the running jobs',
    beforeTrust: true,
  },
  'llmd.openSettings': {
    title: 'Open Settings',
    doing: 'open the settings',
    beforeTrust: true,
  },
  'llmd.showOutput': {
    title: 'Show Output',
    doing: 'show the output',
    beforeTrust: true,
  },
} as const satisfies Readonly<Record<`llmd.${string}`, CommandFacts>>;

export type CommandId = keyof typeof TABLE;

export const COMMANDS: Readonly<Record<CommandId, CommandFacts>> = TABLE;

export const COMMAND_IDS = Object.keys(TABLE) as readonly CommandId[];

/** What a caller may hand to a command; `never`: it takes nothing. */
export type ArgumentOf<Id extends CommandId> = (typeof TABLE)[Id] extends { readonly argument: Reader<infer Argument> }
  ? Argument
  : never;

/** The commands that get the chosen cluster. */
export type ClusterCommandId = {
  [Id in CommandId]: (typeof TABLE)[Id] extends { readonly needs: readonly ['cluster', ...Need[]] } ? Id : never;
}[CommandId];

/** The title on a button or above a question. */
export function titleOf(id: CommandId): string {
  return COMMANDS[id].title.replace(/\.\.\.$/, '');
}

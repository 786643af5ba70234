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
import * as at from './placements.ts';
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
  /** Name of a product icon. */
  readonly icon: string;
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
  /** The palette has every command. */
  readonly menus?: readonly at.Placement[];
  readonly keys?: readonly { readonly key: string; readonly mac?: string; readonly when: string }[];
}

/** Every command of the extension. `npm run manifest` writes what package.json says of them. */
const TABLE = {
  'llmd.selectContext': {
    title: 'Select Context...',
    icon: 'server-environment',
    doing: 'select a context',
    beforeTrust: true,
    menus: [at.title('cluster', 'navigation@1')],
  },
  'llmd.selectNamespace': {
    title: 'Select Namespace...',
    icon: 'symbol-namespace',
    doing: 'select a namespace',
    needs: ['cluster'],
    beforeTrust: true,
    menus: [at.title('cluster', '1_cluster@1')],
  },
  'llmd.showNodeTable': {
    title: 'Show Node Table',
    icon: 'table',
    doing: 'show the node table',
    beforeTrust: true,
    menus: [at.title('cluster', 'navigation@2')],
  },
  'llmd.createSecrets': {
    title: 'Create Secrets',
    icon: 'key',
    doing: 'create the secrets',
    needs: ['cluster', 'workspace'],
    confirms: 'always',
    access: WRITE_SECRETS,
    menus: [at.title('modelServers', '1_deploy@1')],
  },
  'llmd.deploy': {
    title: 'Deploy...',
    icon: 'rocket',
    doing: 'deploy',
    needs: ['cluster'],
    confirms: 'in production',
    access: [needOf('create', LeaderWorkerSets), needOf('patch', LeaderWorkerSets)],
    menus: [at.title('modelServers', 'navigation@1')],
  },
  'llmd.stopDeployment': {
    title: 'Stop Deployment...',
    icon: 'debug-stop',
    doing: 'stop the deployment',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'always',
    access: [needOf('list', LeaderWorkerSets), needOf('delete', LeaderWorkerSets)],
    menus: [at.row(at.MY_DEPLOYMENT, '3_end@1')],
  },
  'llmd.restartDeployment': {
    title: 'Restart Model Servers...',
    icon: 'debug-restart',
    doing: 'restart the model servers',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'always',
    access: DELETE_PODS,
    menus: [at.row(at.MY_DEPLOYMENT, '2_manage@2')],
  },
  'llmd.redeployRouting': {
    title: 'Redeploy Routing',
    icon: 'type-hierarchy',
    doing: 'redeploy the routing',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'in production',
    access: [needOf('list', LeaderWorkerSets), needOf('patch', Deployments)],
    menus: [at.row(at.MY_DEPLOYMENT, '2_manage@3')],
  },
  'llmd.waitUntilReady': {
    title: 'Wait Until Ready',
    icon: 'watch',
    doing: 'wait for the deployment',
    needs: ['cluster'],
    argument: deploymentName,
    access: [...WATCH_PODS, ...WATCH_WORKLOADS, ...WHOSE_GATEWAY, ...FORWARD],
    menus: [at.row(at.MY_DEPLOYMENT, '2_manage@1')],
  },
  'llmd.startPoker': {
    title: 'Start Poker Pod',
    icon: 'vm-active',
    doing: 'start the poker pod',
    needs: ['cluster'],
    confirms: 'in production',
    access: RUN_PODS,
    menus: [at.title('modelServers', '2_poker@1')],
  },
  'llmd.openPokerShell': {
    title: 'Open Poker Shell',
    icon: 'terminal',
    doing: 'open the poker shell',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'in production',
    access: [needOf('get', Pods), ...EXEC],
    menus: [
      at.title('modelServers', 'navigation@2'),
      at.title('benchmarks', '1_more@1'),
      at.row(at.MY_DEPLOYMENT, 'inline@2', '1_loop@3'),
    ],
  },
  'llmd.stopPoker': {
    title: 'Stop Poker Pod...',
    icon: 'vm',
    doing: 'stop the poker pod',
    needs: ['cluster'],
    confirms: 'always',
    access: [needOf('get', Pods), needOf('delete', Pods)],
    menus: [at.title('modelServers', '2_poker@2')],
  },
  'llmd.writeDecodePods': {
    title: 'Write decode_pods.txt',
    icon: 'list-flat',
    doing: 'write .tmp/decode_pods.txt',
    needs: ['cluster', 'workspace'],
    access: [needOf('list', Pods)],
    menus: [at.title('modelServers', '2_poker@3')],
  },
  'llmd.runBenchmark': {
    title: 'Run Benchmark...',
    icon: 'play',
    doing: 'run the benchmark',
    needs: ['cluster', 'workspace'],
    argument: deploymentName,
    confirms: 'in production',
    access: [needOf('get', Pods), ...EXEC],
    menus: [at.title('benchmarks', 'navigation@1'), at.row(at.MY_DEPLOYMENT, 'inline@1', '1_loop@1')],
  },
  // A run and its end are on disk; what is left of it in the cluster is stopped where that is allowed.
  'llmd.cancelRun': {
    title: 'Cancel Run',
    icon: 'stop-circle',
    doing: 'cancel the run',
    needs: ['workspace'],
    argument: runId,
    confirms: 'in production',
    menus: [at.row(at.ACTIVE_RUN, 'inline@1', '1_run@1')],
  },
  'llmd.deleteRun': {
    title: 'Delete Run...',
    icon: 'trash',
    doing: 'delete the run',
    needs: ['workspace'],
    argument: runIds,
    confirms: 'always',
    menus: [at.row(at.FINISHED_RUN, '3_end@1')],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: 'focusedView == llmd.benchmarks && listFocus && !inputFocus' }],
  },
  'llmd.pinBaseline': {
    title: 'Pin as Baseline',
    icon: 'pin',
    doing: 'pin the baseline',
    needs: ['workspace'],
    argument: runId,
    menus: [at.row(at.CANDIDATE_RUN, 'inline@2', '1_run@2')],
  },
  'llmd.unpinBaseline': {
    title: 'Unpin Baseline',
    icon: 'pinned',
    doing: 'unpin the baseline',
    needs: ['workspace'],
    argument: runId,
    menus: [at.row(at.BASELINE_RUN, 'inline@2', '1_run@2')],
  },
  'llmd.showResults': {
    title: 'Show Results',
    icon: 'graph-line',
    doing: 'show the results',
    needs: ['workspace'],
    argument: runIds,
    menus: [at.title('benchmarks', 'navigation@2'), at.row(at.FINISHED_RUN, 'inline@1', '1_run@1')],
  },
  'llmd.profilePod': {
    title: 'Profile One Instance...',
    icon: 'pulse',
    doing: 'profile the instance',
    needs: ['cluster'],
    argument: podName,
    confirms: 'in production',
    access: [needOf('get', Pods), ...FORWARD],
    menus: [at.row(at.MY_SERVER_NOT_CRASHED, 'inline@1'), at.row(at.MY_SERVER, '1_look@2')],
  },
  'llmd.profileDecode': {
    title: 'Profile All Decode Ranks...',
    icon: 'pulse',
    doing: 'profile the decode ranks',
    needs: ['cluster'],
    argument: deploymentName,
    confirms: 'in production',
    access: [...READ_PODS, ...FORWARD],
    menus: [
      at.title('modelServers', '3_profile@1'),
      at.title('traces', 'navigation@2'),
      at.row(at.MY_DEPLOYMENT, '1_loop@2'),
    ],
  },
  'llmd.stopProfiling': {
    title: 'Stop Profiling',
    icon: 'debug-stop',
    doing: 'stop profiling',
    needs: ['cluster'],
    access: [...READ_PODS, ...FORWARD],
    menus: [at.title('modelServers', '3_profile@2')],
  },
  'llmd.copyTraces': {
    title: 'Copy Traces',
    icon: 'cloud-download',
    doing: 'copy the traces',
    needs: ['cluster', 'workspace'],
    argument: tracesInPods,
    access: [needOf('get', Pods), ...EXEC],
    menus: [at.title('traces', 'navigation@1'), at.row(at.REMOTE_TRACES, 'inline@1', '1_copy@1')],
  },
  'llmd.openTrace': {
    title: 'Open Trace in Perfetto',
    icon: 'list-flat',
    doing: 'open the trace',
    argument: traceFile,
    menus: [
      at.title('traces', '1_open@1'),
      at.row(at.LOCAL_TRACE, 'inline@2', '1_open@2'),
      at.file(at.TRACE_FILE, 'llmd@2'),
    ],
  },
  'llmd.showTraceSummary': {
    title: 'Show Trace Summary',
    icon: 'dashboard',
    doing: 'summarise the trace',
    argument: traceFile,
    menus: [
      at.title('traces', '1_open@2'),
      at.row(at.LOCAL_TRACE, 'inline@1', '1_open@1'),
      at.file(at.TRACE_FILE, 'llmd@1'),
    ],
  },
  'llmd.revealInExplorer': {
    title: 'Reveal in Explorer',
    icon: 'folder-opened',
    doing: 'reveal the files',
    needs: ['workspace'],
    argument: fileOrFolder,
    menus: [at.row(at.ANY_RUN, '2_files@1'), at.row(at.LOCAL_TRACES, '2_files@1')],
  },
  'llmd.showLogs': {
    title: 'Show Logs',
    icon: 'output',
    doing: 'show the log',
    needs: ['cluster'],
    argument: podName,
    beforeTrust: true,
    access: [needOf('get', Pods, 'log')],
    menus: [at.row(at.ANY_POD, 'inline@2', '1_look@1')],
  },
  'llmd.showEvidence': {
    title: 'Show Evidence of Crash',
    icon: 'bug',
    doing: 'show the evidence of a crash',
    needs: ['cluster'],
    argument: podName,
    menus: [at.row(at.CRASHED_POD, 'inline@1', '1_look@3')],
  },
  'llmd.filterModelServers': {
    title: 'Filter Model Servers by Owner...',
    icon: 'filter',
    doing: 'filter the model servers',
    beforeTrust: true,
    menus: [at.title('modelServers', 'navigation@3')],
  },
  'llmd.groupNodes': {
    title: 'Group Nodes By...',
    icon: 'group-by-ref-type',
    doing: 'group the nodes',
    beforeTrust: true,
    menus: [at.title('cluster', 'navigation@3')],
  },
  'llmd.toggleLiveFigures': {
    title: 'Toggle Live Figures',
    icon: 'broadcast',
    doing: 'switch live figures',
    menus: [at.title('modelServers', 'navigation@4')],
  },
  'llmd.showLiveFigures': {
    title: 'Show Live Figures',
    icon: 'graph-line',
    doing: 'show live figures',
    menus: [at.title('modelServers', '4_live@1'), at.row(at.MY_DEPLOYMENT, '1_loop@4')],
  },
  'llmd.refresh': {
    title: 'Refresh',
    icon: 'refresh',
    doing: 'refresh',
    beforeTrust: true,
    menus: [
      at.title('cluster', 'navigation@9'),
      at.title('modelServers', '9_more@1'),
      at.title('traces', 'navigation@9'),
    ],
    keys: [{ key: 'f5', when: String.raw`focusedView =~ /^llmd\./` }],
  },
  'llmd.startDemo': {
    title: 'Start Demo Cluster',
    icon: 'vm-running',
    doing: 'start the demo cluster',
    menus: [at.title('cluster', '2_demo@1', '!llmd.demoRunning')],
  },
  'llmd.stopDemo': {
    title: 'Stop Demo Cluster...',
    icon: 'vm-outline',
    doing: 'stop the demo cluster',
    confirms: 'always',
    menus: [at.title('cluster', '2_demo@1', 'llmd.demoRunning')],
  },
  'llmd.showJobs': {
    title: 'Show Running Jobs',
    icon: 'sync',
    doing: 'show the running jobs',
    beforeTrust: true,
  },
  'llmd.openSettings': {
    title: 'Open Settings',
    icon: 'gear',
    doing: 'open the settings',
    beforeTrust: true,
    menus: [at.title('cluster', '9_more@1')],
  },
  'llmd.showOutput': {
    title: 'Show Output',
    icon: 'output',
    doing: 'show the output',
    beforeTrust: true,
    menus: [at.title('cluster', '9_more@2')],
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

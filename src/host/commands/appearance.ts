import * as at from './placements.ts';
import type { CommandId } from './table.ts';

/** How VS Code shows a command. Only `npm run manifest` reads it: the extension that runs has no need of it. */
export interface Appearance {
  /** Name of a product icon. */
  readonly icon: string;
  /** The palette has every command. */
  readonly menus?: readonly at.Placement[];
  readonly keys?: readonly { readonly key: string; readonly mac?: string; readonly when: string }[];
}

export const APPEARANCES: Readonly<Record<CommandId, Appearance>> = {
  'llmd.selectContext': { icon: 'server-environment', menus: [at.title('cluster', 'navigation@1')] },
  'llmd.selectNamespace': { icon: 'symbol-namespace', menus: [at.title('cluster', '1_cluster@1')] },
  'llmd.showNodeTable': { icon: 'table', menus: [at.title('cluster', 'navigation@2')] },
  'llmd.createSecrets': { icon: 'key', menus: [at.title('modelServers', '1_deploy@1')] },
  'llmd.deploy': { icon: 'rocket', menus: [at.title('modelServers', 'navigation@1')] },
  'llmd.stopDeployment': { icon: 'debug-stop', menus: [at.row(at.MY_DEPLOYMENT, '3_end@1')] },
  'llmd.restartDeployment': { icon: 'debug-restart', menus: [at.row(at.MY_DEPLOYMENT, '2_manage@2')] },
  'llmd.redeployRouting': { icon: 'type-hierarchy', menus: [at.row(at.MY_DEPLOYMENT, '2_manage@3')] },
  'llmd.waitUntilReady': { icon: 'watch', menus: [at.row(at.MY_DEPLOYMENT, '2_manage@1')] },
  'llmd.startPoker': { icon: 'vm-active', menus: [at.title('modelServers', '2_poker@1')] },
  'llmd.openPokerShell': {
    icon: 'terminal',
    menus: [
      at.title('modelServers', 'navigation@2'),
      at.title('benchmarks', '1_more@1'),
      at.row(at.MY_DEPLOYMENT, 'inline@2', '1_loop@3'),
    ],
  },
  'llmd.stopPoker': { icon: 'vm', menus: [at.title('modelServers', '2_poker@2')] },
  'llmd.writeDecodePods': { icon: 'list-flat', menus: [at.title('modelServers', '2_poker@3')] },
  'llmd.runBenchmark': {
    icon: 'play',
    menus: [at.title('benchmarks', 'navigation@1'), at.row(at.MY_DEPLOYMENT, 'inline@1', '1_loop@1')],
  },
  'llmd.cancelRun': { icon: 'stop-circle', menus: [at.row(at.ACTIVE_RUN, 'inline@1', '1_run@1')] },
  'llmd.deleteRun': {
    icon: 'trash',
    menus: [at.row(at.FINISHED_RUN, '3_end@1')],
    keys: [{ key: 'delete', mac: 'cmd+backspace', when: 'focusedView == llmd.benchmarks && listFocus && !inputFocus' }],
  },
  'llmd.pinBaseline': { icon: 'pin', menus: [at.row(at.CANDIDATE_RUN, 'inline@2', '1_run@2')] },
  'llmd.unpinBaseline': { icon: 'pinned', menus: [at.row(at.BASELINE_RUN, 'inline@2', '1_run@2')] },
  'llmd.showResults': {
    icon: 'graph-line',
    menus: [at.title('benchmarks', 'navigation@2'), at.row(at.FINISHED_RUN, 'inline@1', '1_run@1')],
  },
  'llmd.profilePod': {
    icon: 'pulse',
    menus: [at.row(at.MY_SERVER_NOT_CRASHED, 'inline@1'), at.row(at.MY_SERVER, '1_look@2')],
  },
  'llmd.profileDecode': {
    icon: 'pulse',
    menus: [
      at.title('modelServers', '3_profile@1'),
      at.title('traces', 'navigation@2'),
      at.row(at.MY_DEPLOYMENT, '1_loop@2'),
    ],
  },
  'llmd.stopProfiling': { icon: 'debug-stop', menus: [at.title('modelServers', '3_profile@2')] },
  'llmd.copyTraces': {
    icon: 'cloud-download',
    menus: [at.title('traces', 'navigation@1'), at.row(at.REMOTE_TRACES, 'inline@1', '1_copy@1')],
  },
  'llmd.openTrace': {
    icon: 'list-flat',
    menus: [
      at.title('traces', '1_open@1'),
      at.row(at.LOCAL_TRACE, 'inline@2', '1_open@2'),
      at.file(at.TRACE_FILE, 'llmd@2'),
    ],
  },
  'llmd.showTraceSummary': {
    icon: 'dashboard',
    menus: [
      at.title('traces', '1_open@2'),
      at.row(at.LOCAL_TRACE, 'inline@1', '1_open@1'),
      at.file(at.TRACE_FILE, 'llmd@1'),
    ],
  },
  'llmd.revealInExplorer': {
    icon: 'folder-opened',
    menus: [at.row(at.ANY_RUN, '2_files@1'), at.row(at.LOCAL_TRACES, '2_files@1')],
  },
  'llmd.showLogs': { icon: 'output', menus: [at.row(at.ANY_POD, 'inline@2', '1_look@1')] },
  'llmd.showEvidence': { icon: 'bug', menus: [at.row(at.CRASHED_POD, 'inline@1', '1_look@3')] },
  'llmd.filterModelServers': { icon: 'filter', menus: [at.title('modelServers', 'navigation@3')] },
  'llmd.groupNodes': { icon: 'group-by-ref-type', menus: [at.title('cluster', 'navigation@3')] },
  'llmd.toggleLiveFigures': { icon: 'broadcast', menus: [at.title('modelServers', 'navigation@4')] },
  'llmd.showLiveFigures': {
    icon: 'graph-line',
    menus: [at.title('modelServers', '4_live@1'), at.row(at.MY_DEPLOYMENT, '1_loop@4')],
  },
  'llmd.refresh': {
    icon: 'refresh',
    menus: [
      at.title('cluster', 'navigation@9'),
      at.title('modelServers', '9_more@1'),
      at.title('traces', 'navigation@9'),
    ],
    keys: [{ key: 'f5', when: String.raw`focusedView =~ /^llmd\./` }],
  },
  'llmd.startDemo': { icon: 'vm-running', menus: [at.title('cluster', '2_demo@1', '!llmd.demoRunning')] },
  'llmd.stopDemo': { icon: 'vm-outline', menus: [at.title('cluster', '2_demo@1', 'llmd.demoRunning')] },
  'llmd.showJobs': { icon: 'sync' },
  'llmd.openSettings': { icon: 'gear', menus: [at.title('cluster', '9_more@1')] },
  'llmd.showOutput': { icon: 'output', menus: [at.title('cluster', '9_more@2')] },
};

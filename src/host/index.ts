import * as vscode from 'vscode';
import { disposable, DisposableStore, type Disposable } from '../base/disposables.ts';
import { Latest } from '../base/latest.ts';
import { whenTrusted } from '../base/trust.ts';
import type { Workbench } from '../compose.ts';
import { plural } from '../protocol/format.ts';
import { isActive } from '../runs/active.ts';
import { AccessKeys } from './access-keys.ts';
import { permitted } from './commands/permitted.ts';
import { registerCommands } from './commands/register.ts';
import { button, run, type Buttons } from './commands/run.ts';
import { setContextKey } from './context-keys.ts';
import { keepDecodePods } from './decode-pods.ts';
import { folderOwnerOf } from './environment.ts';
import { ErrorReporter } from './errors.ts';
import { EvidenceDocuments } from './evidence-documents.ts';
import type { Host } from './host.ts';
import { JobCenter } from './jobs.ts';
import { Memory } from './memory.ts';
import { showInformation } from './notifications.ts';
import { askFolderOwner } from './owner-question.ts';
import { PlanDocuments } from './plan-documents.ts';
import { RunProgress } from './run-progress.ts';
import { placeOf } from '../kube/place.ts';
import { Session } from './session.ts';
import { clusterStatusItem } from './status/cluster-item.ts';
import { jobStatusItem } from './status/job-item.ts';
import { statusMessage } from './status/status-bar.ts';
import { offerCommandLine } from './terminals/command-line.ts';
import { PokerTerminals } from './terminals/poker-terminals.ts';
import { RemoteTraceList } from './trees/remote-traces.ts';
import { TreeChoices } from './trees/tree-choices.ts';
import { createTrees, type Trees } from './trees/views.ts';
import { createPanels, restorePanels, type Panels } from './webviews/panels.ts';

export { createOutput, environmentOf } from './environment.ts';

/** What tests inside VS Code may look at. */
export interface HostApi {
  readonly workbench: Workbench;
  readonly session: Session;
  readonly trees: Trees;
  readonly panels: Panels;
}

interface Window extends HostApi, Disposable {
  /** What its jobs began in the cluster they end, for a few seconds at most. To be disposed then. */
  close(): Promise<void>;
}

/** Builds the window's parts around the features: commands, trees, status bar, terminals, panels. Disposing ends them, not the features. */
export function registerHost(
  context: vscode.ExtensionContext,
  workbench: Workbench,
  output: vscode.LogOutputChannel,
): Window {
  const owned = new DisposableStore();
  const errors = new ErrorReporter(output, workbench.logger);
  const offer = offerWith(errors);
  const session = owned.add(new Session(workbench.contexts));
  const jobs = owned.add(new JobCenter());
  const remoteTraces = owned.add(
    new RemoteTraceList(workbench.traces, session, workbench.trust, (cluster) =>
      permitted(
        workbench.contexts,
        errors,
        cluster,
        { id: 'llmd.copyTraces', doing: 'look for traces in pods' },
        cluster.namespace,
      ),
    ),
  );
  const runProgress = owned.add(new RunProgress());
  const onError = (error: unknown): void => workbench.logger.error('in the window', error);
  const memory = new Memory(context.workspaceState);
  const treeChoices = new TreeChoices(memory);
  const access = owned.add(
    new AccessKeys({
      contexts: workbench.contexts,
      session,
      note: (error) => errors.note(error, 'ask what one may do'),
    }),
  );
  const trees = owned.add(createTrees({ workbench, session, access, remoteTraces, runProgress, treeChoices, onError }));
  const shells = owned.add(
    new PokerTerminals(workbench.poker, (cluster) =>
      offer(`The poker shell in ${placeOf(cluster)} ended: its pod may be gone.`, {
        'Start It Again': () => run('llmd.openPokerShell'),
      }),
    ),
  );
  const host: Host = {
    workbench,
    output,
    session,
    access,
    jobs,
    errors,
    memory,
    trees,
    treeChoices,
    remoteTraces,
    runProgress,
    shells,
    plans: owned.add(new PlanDocuments()),
    evidence: owned.add(new EvidenceDocuments()),
    panels: owned.add(createPanels({ workbench, session, memory, onError })),
    say: (message) => statusMessage('check', message, 8000),
    offer,
  };
  owned.add(registerCommands(host));
  owned.add(restorePanels(host.panels, (error) => void errors.show(error, 'bring back a panel')));
  owned.add(clusterStatusItem(session, access));
  owned.add(jobStatusItem(jobs));
  owned.add(session.onDidChange(({ kind }) => void setContextKey('llmd.connection', kind)));
  owned.add(workbench.demo.onDidChange((demo) => void setContextKey('llmd.demoRunning', demo !== undefined)));
  owned.add(workbench.contexts.onDidLeave((left) => void tellLeft(host, left)));
  owned.add(
    vscode.workspace.onDidChangeConfiguration(
      (event) => event.affectsConfiguration('llmd.kubeconfig') && void run('llmd.refresh'),
    ),
  );
  owned.add(
    vscode.workspace.onDidChangeConfiguration(
      (event) => event.affectsConfiguration('llmd.liveFigures') && workbench.live.reconfigure(),
    ),
  );
  owned.add(
    whenTrusted(workbench.trust, (begun) => {
      begun.add(keepDecodePods(workbench.decodePods, workbench.workspace, errors));
      begun.add(takeUpRuns(host));
      begun.add(askFolderOwner(folderOwnerOf(context), workbench.owner, onError));
      offerCommandLine(context.environmentVariableCollection, workbench.assets.root);
    }),
  );
  const leaving = new AbortController();
  owned.add(disposable(() => leaving.abort()));
  void start(host, leaving.signal);
  return {
    workbench,
    session,
    trees,
    panels: host.panels,
    close: () => jobs.close(),
    dispose: () => owned.dispose(),
  };
}

/** What a window does when it opens: read the kubeconfig, find a demo. */
async function start(host: Host, signal: AbortSignal): Promise<void> {
  void setContextKey('llmd.connection', 'loading');
  await host.session.refresh();
  // What woke the window up is mostly a view that comes to be seen a moment later.
  if (host.session.cluster) {
    host.workbench.inventory.prepare();
    host.trees.cluster.prepare();
    host.trees.modelServers.prepare();
  }
  try {
    await setContextKey('llmd.demoRunning', (await host.workbench.demo.running(signal)) !== undefined);
  } catch (error) {
    host.errors.note(error, 'find a demo cluster');
  }
  await endProfiles(host, signal).catch((error: unknown) =>
    host.errors.note(error, 'stop profilers that were left on'),
  );
}

/** What a window that closed or died had left on in the cluster, this one ends, and says so. */
async function endProfiles(host: Host, signal: AbortSignal): Promise<void> {
  const { workbench } = host;
  if (!(await workbench.begunProfiles.any())) return;
  for (const { cluster, servers } of await workbench.profiling.endLeftBehind(signal))
    host.offer(
      `A window that was closed had left the profiler on: stopped on ${plural(servers, 'server')} in ${placeOf(cluster)}. Their traces are written.`,
      button('llmd.copyTraces'),
    );
}

/** Which cluster the window works on has changed without a word of the person's: it is said, where a mere status item could be missed. */
async function tellLeft(host: Host, left: string): Promise<void> {
  void setContextKey('llmd.demoRunning', false);
  await host.session.refresh();
  const { cluster } = host.session;
  const now = cluster === undefined ? '' : ` This window works on ${placeOf(cluster)} again.`;
  host.offer(`${left} has ended.${now}`, {
    'Select Context': () => vscode.commands.executeCommand('llmd.selectContext'),
  });
}

/** Follows the runs that nobody follows, also those whose window dies later; where there is none, nothing is loaded for it. */
function takeUpRuns({ workbench, errors }: Host): Disposable {
  const owned = new DisposableStore();
  const takingUp = owned.add(
    new Latest(async (signal) => {
      if ((await workbench.runs.list()).some(isActive)) await workbench.benchmarks.resume(signal);
    }),
  );
  const takeUp = (): void =>
    void takingUp.ask().catch((error: unknown) => errors.note(error, 'take up the runs of this folder'));
  owned.add(workbench.runs.onDidChange(takeUp));
  takeUp();
  return owned;
}

/** A notification with next steps as buttons. */
function offerWith(errors: ErrorReporter): Host['offer'] {
  const ask = async (message: string, next: Buttons): Promise<void> => {
    const chosen = await showInformation(message, ...Object.keys(next));
    if (chosen === undefined) return;
    try {
      await next[chosen]?.();
    } catch (error) {
      await errors.show(error, chosen);
    }
  };
  return (message, next) => void ask(message, next);
}

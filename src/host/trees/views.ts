import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { systemClock } from '../../base/clock.ts';
import { TurnByTurn } from '../../base/turn-by-turn.ts';
import type { WorkbenchError } from '../../base/errors.ts';
import type { Workbench } from '../../compose.ts';
import { gpuReport } from '../../inventory/gpus.ts';
import { podsReport } from '../../inventory/pods.ts';
import type { InventorySnapshot } from '../../inventory/types.ts';
import type { AccessKeys } from '../access-keys.ts';
import type { Session } from '../session.ts';
import { accessRow } from './access-row.ts';
import { benchmarkRows, isActive } from './benchmark-rows.ts';
import { clusterRows, gpuHeadline, uncounted } from './cluster-rows.ts';
import { failureRow, freshness, stateRows } from './freshness.ts';
import { LiveTree, type TreeContent } from './live-tree.ts';
import { hiddenByFilter, modelServerHeadline, modelServerRows } from './model-server-rows.ts';
import { noServersRow } from './no-servers-row.ts';
import type { RemoteTraceList } from './remote-traces.ts';
import { withRestriction } from './restricted-row.ts';
import type { Row } from './row.ts';
import { traceRows } from './trace-rows.ts';
import type { TreeChoices } from './tree-choices.ts';
import { plural } from '../../protocol/format.ts';

export interface TreeDependencies {
  readonly workbench: Workbench;
  readonly session: Session;
  /** What the chosen cluster would refuse. */
  readonly access: Pick<AccessKeys, 'missing' | 'onDidChange' | 'watch'>;
  readonly remoteTraces: RemoteTraceList;
  /** The latest word of a run that this window started. */
  readonly runProgress: { of(runId: string): string | undefined; onDidChange(listener: () => void): Disposable };
  readonly treeChoices: TreeChoices;
  readonly onError: (error: unknown) => void;
}

/** The four trees of the llm-d container. */
export interface Trees extends Disposable {
  readonly cluster: LiveTree;
  readonly modelServers: LiveTree;
  readonly benchmarks: LiveTree;
  readonly traces: LiveTree;
}

const NOTHING: TreeContent = { rows: [], description: '' };

export function createTrees(dependencies: TreeDependencies): Trees {
  const owned = new DisposableStore();
  const turns = new TurnByTurn();
  const cluster = owned.add(clusterTree(dependencies, turns));
  const modelServers = owned.add(modelServerTree(dependencies, turns));
  const benchmarks = owned.add(benchmarkTree(dependencies));
  const traces = owned.add(traceTree(dependencies));
  const update = (): void => {
    for (const tree of [cluster, modelServers, benchmarks, traces]) tree.update();
  };
  owned.add(dependencies.session.onDidChange(update));
  owned.add(dependencies.workbench.trust.onDidGrant(update));
  return { cluster, modelServers, benchmarks, traces, dispose: () => owned.dispose() };
}

function clusterTree({ workbench, session, access, treeChoices, onError }: TreeDependencies, turns: TurnByTurn): LiveTree {
  const tree: LiveTree = new LiveTree({
    id: 'llmd.cluster',
    content: () =>
      ofSnapshot(workbench, session, turns, gpuReport, (snapshot, report) => ({
        rows: [...stateRows('nodes', snapshot.states.nodes), ...stateRows('pods', snapshot.states.pods), ...clusterRows(report, snapshot, workbench.owner, treeChoices.grouping)],
        message: uncounted(report),
        description: `${gpuHeadline(report, snapshot)} · ${freshness([snapshot.states.nodes, snapshot.states.pods])}`,
      })),
    whileVisible() {
      const watching = new DisposableStore();
      watching.add(watchInventory(workbench, () => tree.update()));
      watching.add(treeChoices.onDidChange(() => tree.update()));
      watching.add(access.watch());
      return watching;
    },
    onError,
  });
  return tree;
}

function modelServerTree({ workbench, session, access, treeChoices, onError }: TreeDependencies, turns: TurnByTurn): LiveTree {
  const tree: LiveTree = new LiveTree({
    id: 'llmd.modelServers',
    content: () =>
      ofSnapshot(workbench, session, turns, (snapshot) => podsReport(snapshot, workbench.owner), (snapshot, report) => {
        const loads = { phases: workbench.loading.snapshot, crashes: workbench.loading.crashes, live: workbench.live.snapshot.pods };
        const hidden = hiddenByFilter(report, treeChoices.owners);
        const message = notes(hidden, report.warnings.find(({ code }) => code === 'pods-of-one-namespace')?.message);
        const servers = [...stateRows('pods', snapshot.states.pods), ...modelServerRows(report, loads, treeChoices.owners)];
        const rows = servers.length === 0 && message !== undefined ? [noServersRow(snapshot.cluster, treeChoices.owners, hidden !== undefined)] : servers;
        return {
          rows: withAccess(rows, accessRow(access.missing, snapshot.cluster)),
          message,
          description: `${modelServerHeadline(report, loads)} · ${freshness([snapshot.states.pods])}`,
        };
      }),
    whileVisible() {
      const watching = new DisposableStore();
      watching.add(watchInventory(workbench, () => tree.update()));
      watching.add(treeChoices.onDidChange(() => tree.update()));
      watching.add(access.watch());
      watching.add(access.onDidChange(() => tree.update()));
      watching.add(workbench.loading.onDidChange(() => tree.update()));
      watching.add(workbench.loading.lease());
      watching.add(workbench.live.onDidChange(() => tree.update()));
      watching.add(workbench.live.lease());
      return watching;
    },
    onError,
  });
  return tree;
}

function benchmarkTree({ workbench, access, runProgress, onError }: TreeDependencies): LiveTree {
  const tree: LiveTree = new LiveTree({
    id: 'llmd.benchmarks',
    async content() {
      if (workbench.workspace === undefined) return NOTHING;
      const runs = await workbench.runs.list();
      const active = runs.filter(isActive).length;
      return {
        rows: benchmarkRows(runs, (id) => workbench.runs.folder(id), (id) => runProgress.of(id), systemClock.now()),
        description: runs.length === 0 ? '' : [plural(runs.length, 'run'), active > 0 ? `${active} running` : undefined].filter((part) => part !== undefined).join(' · '),
      };
    },
    whileVisible() {
      const watching = new DisposableStore();
      watching.add(workbench.runs.onDidChange(() => tree.update()));
      watching.add(runProgress.onDidChange(() => tree.update()));
      watching.add(access.watch());
      return watching;
    },
    onError,
  });
  return tree;
}

function traceTree({ workbench, session, access, remoteTraces, onError }: TreeDependencies): LiveTree {
  const tree: LiveTree = new LiveTree({
    id: 'llmd.traces',
    async content() {
      const local = workbench.workspace === undefined ? [] : await workbench.traces.local();
      const { traces, loading, error } = remoteTraces.current(session.cluster);
      const rows = traceRows(traces, local);
      return {
        rows: error ? [remoteFailure(error), ...rows] : rows,
        description: local.length === 0 ? '' : plural(local.length, 'set'),
        loading,
      };
    },
    whileVisible() {
      const watching = new DisposableStore();
      watching.add(workbench.traces.onDidChangeLocal(() => tree.update()));
      watching.add(remoteTraces.onDidChange(() => tree.update()));
      watching.add(remoteTraces.follow());
      watching.add(access.watch());
      return watching;
    },
    onError,
  });
  return tree;
}

/** Why the traces in the pods cannot be listed; a click tries again. */
function remoteFailure(error: WorkbenchError): Row {
  const [denied] = stateRows('traces in pods', { kind: 'denied', error });
  return error.code === 'forbidden' && denied ? denied : { ...failureRow(error), id: 'remote-failure', label: 'in pods', opens: 'llmd.refresh' };
}

/** Counting a large cluster and making rows of the counts each take a turn of their own. */
async function ofSnapshot<Report>(
  workbench: Workbench,
  session: Session,
  turns: TurnByTurn,
  count: (snapshot: InventorySnapshot) => Report,
  show: (snapshot: InventorySnapshot, report: Report) => TreeContent,
): Promise<TreeContent> {
  const { connection } = session;
  if (connection.kind === 'failed') return { rows: [failureRow(connection.error)], description: 'not connected' };
  if (connection.kind !== 'ready') return NOTHING;
  const { snapshot } = workbench.inventory;
  if (!snapshot || !isOf(snapshot, connection.cluster)) return { rows: [], description: 'connecting', loading: true };
  const report = await turns.do(() => count(snapshot));
  const content = await turns.do(() => show(snapshot, report));
  // Another cluster may have been chosen meanwhile: what is of this one is not for its view.
  if (session.connection !== connection) return ofSnapshot(workbench, session, turns, count, show);
  return { ...content, rows: withRestriction(workbench.trust, content.rows), loading: !snapshot.complete };
}

/** An empty view says by its welcome text what one may not do. */
function withAccess(rows: readonly Row[], hidden: Row | undefined): readonly Row[] {
  return hidden === undefined || rows.length === 0 ? rows : [hidden, ...rows];
}

/** What a view says above its rows; VS Code shows a line break there as a blank. */
function notes(...lines: readonly (string | undefined)[]): string | undefined {
  return lines.filter((line) => line !== undefined).join('; ') || undefined;
}

function isOf(snapshot: InventorySnapshot, cluster: InventorySnapshot['cluster']): boolean {
  return snapshot.cluster.context === cluster.context && snapshot.cluster.server === cluster.server;
}

function watchInventory(workbench: Workbench, changed: () => void): Disposable {
  const watching = new DisposableStore();
  watching.add(workbench.inventory.onDidChange(changed));
  watching.add(workbench.inventory.lease());
  return watching;
}

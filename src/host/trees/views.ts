import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { SerialQueue } from '../../base/serial-queue.ts';
import type { Workbench } from '../../compose.ts';
import type { AccessKeys } from '../access-keys.ts';
import type { Session } from '../session.ts';
import { LiveTree } from './live-tree.ts';
import type { RemoteTraceList } from './remote-traces.ts';
import type { TreeChoices } from './tree-choices.ts';

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

export function createTrees(dependencies: TreeDependencies): Trees {
  const owned = new DisposableStore();
  const queue = new SerialQueue();
  const cluster = owned.add(clusterTree(dependencies, queue));
  const modelServers = owned.add(modelServerTree(dependencies, queue));
  const benchmarks = owned.add(benchmarkTree(dependencies));
  const traces = owned.add(traceTree(dependencies));
  const update = (): void => {
    for (const tree of [cluster, modelServers, benchmarks, traces]) tree.update();
  };
  owned.add(
    dependencies.session.onDidChange(() => {
      for (const tree of [cluster, modelServers, benchmarks, traces]) tree.refresh();
    }),
  );
  owned.add(dependencies.workbench.trust.onDidGrant(update));
  return { cluster, modelServers, benchmarks, traces, dispose: () => owned.dispose() };
}

function clusterTree(dependencies: TreeDependencies, queue: SerialQueue): LiveTree {
  const { workbench, access, treeChoices, onError } = dependencies;
  const tree: LiveTree = new LiveTree({
    id: 'llmd.cluster',
    async load() {
      const { clusterContent } = await import('./cluster-content.ts');
      return () => clusterContent(dependencies, queue);
    },
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

function modelServerTree(dependencies: TreeDependencies, queue: SerialQueue): LiveTree {
  const { workbench, access, treeChoices, onError } = dependencies;
  const tree: LiveTree = new LiveTree({
    id: 'llmd.modelServers',
    async load() {
      const { modelServerContent } = await import('./model-server-content.ts');
      return () => modelServerContent(dependencies, queue);
    },
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

function benchmarkTree(dependencies: TreeDependencies): LiveTree {
  const { workbench, access, runProgress, onError } = dependencies;
  const tree: LiveTree = new LiveTree({
    id: 'llmd.benchmarks',
    async load() {
      const { benchmarkContent } = await import('./benchmark-content.ts');
      return () => benchmarkContent(dependencies);
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

function traceTree(dependencies: TreeDependencies): LiveTree {
  const { access, remoteTraces, onError } = dependencies;
  const tree: LiveTree = new LiveTree({
    id: 'llmd.traces',
    async load() {
      const { traceContent } = await import('./trace-content.ts');
      return () => traceContent(dependencies);
    },
    whileVisible() {
      const watching = new DisposableStore();
      watching.add(remoteTraces.onDidChange(() => tree.update()));
      watching.add(remoteTraces.follow());
      watching.add(access.watch());
      return watching;
    },
    onError,
  });
  return tree;
}

function watchInventory(workbench: Workbench, changed: () => void): Disposable {
  const watching = new DisposableStore();
  watching.add(workbench.inventory.onDidChange(changed));
  watching.add(workbench.inventory.onDidFail(changed));
  watching.add(workbench.inventory.lease());
  return watching;
}

import type { SerialQueue } from '../../base/serial-queue.ts';
import { gpuReport } from '../../inventory/gpus.ts';
import { clusterRows, gpuHeadline, uncounted } from './cluster-rows.ts';
import { freshness, stateRows } from './freshness.ts';
import type { TreeContent } from './live-tree.ts';
import { ofSnapshot } from './snapshot-content.ts';
import type { TreeDependencies } from './views.ts';

/** The Cluster view: nodes and their GPUs. */
export function clusterContent(dependencies: TreeDependencies, queue: SerialQueue): Promise<TreeContent> {
  const { workbench, treeChoices } = dependencies;
  return ofSnapshot(dependencies, queue, gpuReport, (snapshot, report) => ({
    rows: [
      ...stateRows('nodes', snapshot.states.nodes),
      ...stateRows('pods', snapshot.states.pods),
      ...clusterRows(report, snapshot, workbench.owner, treeChoices.grouping),
    ],
    message: uncounted(report),
    description: `${gpuHeadline(report, snapshot)} · ${freshness([snapshot.states.nodes, snapshot.states.pods])}`,
  }));
}

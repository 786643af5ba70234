import type { SerialQueue } from '../../base/serial-queue.ts';
import { podsReport } from '../../inventory/pods.ts';
import { accessRow } from './access-row.ts';
import { freshness, stateRows } from './freshness.ts';
import type { TreeContent } from './live-tree.ts';
import { hiddenByFilter, modelServerHeadline, modelServerRows } from './model-server-rows.ts';
import { noServersRow } from './no-servers-row.ts';
import type { Row } from './row.ts';
import { ofSnapshot } from './snapshot-content.ts';
import type { TreeDependencies } from './views.ts';

/** The Model Servers view: deployments by role, group and rank. */
export function modelServerContent(dependencies: TreeDependencies, queue: SerialQueue): Promise<TreeContent> {
  const { workbench, access, treeChoices } = dependencies;
  return ofSnapshot(
    dependencies,
    queue,
    (snapshot) => podsReport(snapshot, workbench.owner),
    (snapshot, report) => {
      const loads = {
        phases: workbench.loading.snapshot,
        crashes: workbench.loading.crashes,
        live: workbench.live.snapshot.pods,
      };
      const hidden = hiddenByFilter(report, treeChoices.owners);
      const message = notes(hidden, report.warnings.find(({ code }) => code === 'pods-of-one-namespace')?.message);
      const servers = [
        ...stateRows('pods', snapshot.states.pods),
        ...modelServerRows(report, loads, treeChoices.owners),
      ];
      const rows =
        servers.length === 0 && message !== undefined
          ? [noServersRow(snapshot.cluster, treeChoices.owners, hidden !== undefined)]
          : servers;
      return {
        rows: withAccess(rows, accessRow(access.missing, snapshot.cluster)),
        message,
        description: `${modelServerHeadline(report, loads)} · ${freshness([snapshot.states.pods])}`,
      };
    },
  );
}

/** An empty view says by its welcome text what one may not do. */
function withAccess(rows: readonly Row[], hidden: Row | undefined): readonly Row[] {
  return hidden === undefined || rows.length === 0 ? rows : [hidden, ...rows];
}

/** What a view says above its rows; VS Code shows a line break there as a blank. */
function notes(...lines: readonly (string | undefined)[]): string | undefined {
  return lines.filter((line) => line !== undefined).join('; ') || undefined;
}

import { systemClock } from '../../base/clock.ts';
import { plural } from '../../protocol/format.ts';
import { isActive } from '../../runs/active.ts';
import { benchmarkRows } from './benchmark-rows.ts';
import { NOTHING, type TreeContent } from './live-tree.ts';
import type { TreeDependencies } from './views.ts';

/** The Benchmarks view: the runs of the folder. */
export async function benchmarkContent({ workbench, runProgress }: TreeDependencies): Promise<TreeContent> {
  if (workbench.workspace === undefined) return NOTHING;
  const runs = await workbench.runs.list();
  const active = runs.filter(isActive).length;
  return {
    rows: benchmarkRows(
      runs,
      (id) => workbench.runs.folder(id),
      (id) => runProgress.of(id),
      systemClock.now(),
    ),
    description:
      runs.length === 0
        ? ''
        : [plural(runs.length, 'run'), active > 0 ? `${active} running` : undefined]
            .filter((part) => part !== undefined)
            .join(' · '),
  };
}

import { printedLine } from '../../base/terminal-text.ts';
import { gpuReport } from '../../inventory/gpus.ts';
import { Places, type Place } from '../../inventory/places.ts';
import { blockingTaints } from '../../inventory/taints.ts';
import type { GpuNode, GpuReport, InventorySnapshot, NodeView } from '../../inventory/types.ts';
import type { Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { chosenCluster, requireSight, services } from '../services.ts';
import { table } from '../table.ts';

export async function gpus(invocation: Invocation, io: Io): Promise<number> {
  const workbench = services(invocation, io);
  try {
    await chosenCluster(workbench, invocation);
    const snapshot = await workbench.inventory.whenComplete(io.signal);
    requireSight(snapshot, 'show GPUs', ['nodes', 'pods']);
    const report = gpuReport(snapshot);
    io.out(invocation.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : gpusForPeople(report, snapshot));
    for (const warning of report.warnings) io.err(line`warning: ${warning.message}`);
    return exit.ok;
  } finally {
    workbench.dispose();
  }
}

/** A table of nodes, the totals, what is free by place, and what could be placed. */
export function gpusForPeople(report: GpuReport, snapshot: InventorySnapshot): string {
  const rows = report.nodes.flatMap((node) =>
    Object.entries(node.resources).map(([resource, count]) => [
      node.name,
      node.product ?? '-',
      state(node, snapshot.nodes.get(node.name)),
      resource,
      String(count.free),
      String(count.allocatable),
      holders(node),
    ]),
  );
  const nodes = table(['NODE', 'PRODUCT', 'STATE', 'RESOURCE', 'FREE', 'OF', 'HELD BY'], rows, new Set([4, 5]));
  const places = Places.of(report, snapshot);
  return [nodes, `${totals(report).join('\n')}\n`, byPlace(places), room(places)]
    .filter((part) => part !== '')
    .join('\n');
}

function totals(report: GpuReport): readonly string[] {
  return Object.entries(report.totals)
    .map(([resource, total]) =>
      [
        `${total.free} of ${total.allocatable} ${resource} free`,
        ...(total.pending > 0 ? [`${total.pending} wanted by pods that wait`] : []),
        ...(total.unusable > 0
          ? [
              `${total.unusable} on nodes that take no ordinary pods${total.tainted > 0 ? ` (${total.tainted} free behind a taint)` : ''}`,
            ]
          : []),
      ].join(', '),
    )
    .map(printedLine);
}

/** Free GPUs by the level that tells most of the network. */
function byPlace(places: Places): string {
  const [level] = places.levels;
  if (level === undefined) return '';
  const row = ({ product, value, figures }: Place): readonly string[] => [
    value,
    product ?? '-',
    String(figures.nodes),
    String(figures.freeNodes),
    String(figures.free),
    String(figures.all),
    String(figures.fits),
  ];
  return table(
    [level.toUpperCase(), 'PRODUCT', 'NODES', 'ALL FREE', 'FREE', 'OF', `PODS OF ${places.podSize}`],
    places.at(level).map(row),
    new Set([2, 3, 4, 5, 6]),
  );
}

function room(places: Places): string {
  if (places.podSize === 0) return '';
  const group = places.largestFreeGroup();
  const { fits } = places.figures();
  const together = group
    ? line`largest group of free nodes in one ${group.level}: ${group.nodes} (${[group.product, `${group.level} ${group.value}`].filter((part) => part !== undefined).join(', ')})`
    : '';
  return `${together}${fits} ${fits === 1 ? 'pod' : 'pods'} of ${places.podSize} GPUs could be placed now, each on one node\n`;
}

function state(node: GpuNode, view: NodeView | undefined): string {
  if (!node.ready) return 'not ready';
  if (node.schedulable) return 'ready';
  return view?.schedulable === false
    ? 'cordoned'
    : `tainted: ${blockingTaints(view ?? { taints: [] })
        .map(({ key }) => key)
        .join(', ')}`;
}

function holders(node: GpuNode): string {
  const byOwner = new Map<string, number>();
  for (const holder of node.holders) byOwner.set(holder.owner, (byOwner.get(holder.owner) ?? 0) + holder.count);
  return byOwner.size === 0 ? '-' : [...byOwner].map(([owner, count]) => `${owner} ${count}`).join(', ');
}

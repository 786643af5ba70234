import { gpuReport } from '../../inventory/gpus.ts';
import type { GpuNode, GpuReport } from '../../inventory/types.ts';
import type { Invocation } from '../command.ts';
import { exit, type Io } from '../io.ts';
import { chosenCluster, services } from '../services.ts';
import { table } from '../table.ts';

export async function gpus(invocation: Invocation, io: Io): Promise<number> {
  const workbench = services(invocation, io);
  try {
    await chosenCluster(workbench, invocation);
    const report = gpuReport(await workbench.inventory.whenComplete(io.signal));
    io.out(invocation.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : forPeople(report));
    for (const warning of report.warnings) io.err(`warning: ${warning.message}\n`);
    return exit.ok;
  } finally {
    workbench.dispose();
  }
}

function forPeople(report: GpuReport): string {
  const rows = report.nodes.flatMap((node) => Object.entries(node.resources).map(([resource, count]) => [
    node.name,
    node.product ?? '-',
    state(node),
    resource,
    String(count.free),
    String(count.allocatable),
    holders(node),
  ]));
  const totals = Object.entries(report.totals).map(([resource, total]) => `${total.free} of ${total.allocatable} ${resource} free${total.pending > 0 ? `, ${total.pending} wanted by pods that wait` : ''}${total.unusable > 0 ? `, ${total.unusable} on nodes that take no pods` : ''}`);
  return `${table(['NODE', 'PRODUCT', 'STATE', 'RESOURCE', 'FREE', 'OF', 'HELD BY'], rows, new Set([4, 5]))}${totals.join('\n')}\n`;
}

function state(node: GpuNode): string {
  if (!node.ready) return 'not ready';
  return node.schedulable ? 'ready' : 'cordoned';
}

function holders(node: GpuNode): string {
  const byOwner = new Map<string, number>();
  for (const holder of node.holders) byOwner.set(holder.owner, (byOwner.get(holder.owner) ?? 0) + holder.count);
  return byOwner.size === 0 ? '-' : [...byOwner].map(([owner, count]) => `${owner} ${count}`).join(', ');
}

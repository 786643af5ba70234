import { gpuReport } from '../../inventory/gpus.ts';
import { DEFAULT_COLUMNS, labelColumnId, NODE_COLUMNS, nodeColumn } from '../../inventory/node-table/columns.ts';
import { nodeTableText } from '../../inventory/node-table/export.ts';
import { parseNodeFilter } from '../../inventory/node-table/filter.ts';
import { labelUses, nodeRows } from '../../inventory/node-table/rows.ts';
import { sortNodes } from '../../inventory/node-table/sort.ts';
import type { NodeColumn, NodeRow, NodeSorting } from '../../inventory/node-table/types.ts';
import type { InventorySnapshot, Warning } from '../../inventory/types.ts';
import { badUsage, type Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { chosenCluster, requireSight, services } from '../services.ts';
import { table } from '../table.ts';

export async function nodes(invocation: Invocation, io: Io): Promise<number> {
  const workbench = services(invocation, io);
  try {
    await chosenCluster(workbench, invocation);
    const snapshot = await workbench.inventory.whenComplete(io.signal);
    requireSight(snapshot, 'show nodes', ['nodes', 'pods']);
    const columns = chosenColumns(invocation.text('columns'), snapshot);
    const rows = filtered(
      nodeRows(
        snapshot,
        columns.map(({ id }) => id),
      ),
      invocation.text('filter'),
      columns,
    );
    const { warnings } = gpuReport(snapshot);
    io.out(printed(invocation, columns, sortNodes(rows, sorting(invocation, columns)), warnings));
    for (const warning of warnings) io.err(line`warning: ${warning.message}`);
    return exit.ok;
  } finally {
    workbench.dispose();
  }
}

/** A name with a comma in it does not exist: neither ids nor label keys hold one. */
function chosenColumns(list: string | undefined, snapshot: InventorySnapshot): readonly NodeColumn[] {
  const known = new Set(labelUses(snapshot).map(({ key }) => key));
  const names =
    list === undefined
      ? DEFAULT_COLUMNS
      : list
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '');
  return names.map((name) => {
    const column = nodeColumn(name) ?? (known.has(name) ? nodeColumn(labelColumnId(name)) : undefined);
    if (column) return column;
    throw badUsage(
      `llmdw nodes: there is no column "${name}"`,
      `Columns: ${NODE_COLUMNS.map(({ id }) => id).join(', ')}; and each label that a node carries.`,
    );
  });
}

function filtered(
  rows: readonly NodeRow[],
  filter: string | undefined,
  columns: readonly NodeColumn[],
): readonly NodeRow[] {
  return filter === undefined
    ? rows
    : rows.filter(
        parseNodeFilter(
          filter,
          [...NODE_COLUMNS, ...columns],
          columns.map(({ id }) => id),
        ),
      );
}

function sorting(invocation: Invocation, columns: readonly NodeColumn[]): NodeSorting {
  const name = invocation.text('sort') ?? 'name';
  const column =
    columns.find(({ id }) => id === name || id === labelColumnId(name)) ?? NODE_COLUMNS.find(({ id }) => id === name);
  if (!column) throw badUsage(`llmdw nodes: there is no column "${name}" to sort by`, 'Name one of --columns.');
  return { by: column.id, descending: invocation.flag('descending') };
}

function printed(
  invocation: Invocation,
  columns: readonly NodeColumn[],
  rows: readonly NodeRow[],
  warnings: readonly Warning[],
): string {
  if (invocation.flag('json')) {
    const nodes = rows.map(({ values }) => Object.fromEntries(columns.map(({ id }) => [id, values[id] ?? null])));
    return `${JSON.stringify({ columns: columns.map(({ id, title, meaning }) => ({ id, title, meaning })), nodes, warnings }, undefined, 2)}\n`;
  }
  if (invocation.flag('csv')) return nodeTableText('csv', columns, rows);
  const numeric = columns.flatMap((column, index) => (column.numeric ? [index] : []));
  return table(
    columns.map(({ title }) => title.toUpperCase()),
    rows.map(({ values }) => columns.map(({ id }) => String(values[id] ?? '-'))),
    new Set(numeric),
  );
}

import * as vscode from 'vscode';
import { labelColumnId, NODE_COLUMNS } from '../../inventory/node-table/columns.ts';
import type { LabelUse } from '../../inventory/node-table/types.ts';
import type { NodeTableLayout } from '../../protocol/node-table.ts';

interface ColumnItem extends vscode.QuickPickItem {
  readonly id?: string;
}

type Columns = NodeTableLayout['columns'];

/** Asks which columns the node table shows. Those that stay keep their places and widths, new ones come last. Undefined: the person went away. */
export async function askColumns(shown: Columns, labels: readonly LabelUse[], nodeCount: number): Promise<Columns | undefined> {
  const ids = new Set(shown.map(({ id }) => id));
  const builtIn = NODE_COLUMNS.map((column): ColumnItem => ({ id: column.id, label: column.title, description: column.meaning, picked: ids.has(column.id) }));
  const ofLabels = labels.map(({ key, nodes, examples }): ColumnItem => {
    const id = labelColumnId(key);
    return { id, label: key, description: `${nodes} of ${nodeCount} ${nodeCount === 1 ? 'node' : 'nodes'} · ${examples.join(', ')}`, picked: ids.has(id) };
  });
  const gone = shown.filter(({ id }) => !builtIn.some((item) => item.id === id) && !ofLabels.some((item) => item.id === id)).map(({ id }): ColumnItem => ({ id, label: id.replace(/^label:/, ''), description: 'no node carries it now', picked: true }));
  const items: readonly ColumnItem[] = [
    { label: 'Columns', kind: vscode.QuickPickItemKind.Separator },
    ...builtIn,
    { label: 'Labels of the nodes', kind: vscode.QuickPickItemKind.Separator },
    ...gone,
    ...ofLabels,
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: 'Columns of the Node Table', placeHolder: 'Type to find a label; Enter shows the ticked columns', canPickMany: true, matchOnDescription: true });
  if (!chosen) return undefined;
  const wanted = new Set(chosen.map(({ id }) => id));
  const added = chosen.flatMap(({ id }) => (id === undefined || ids.has(id) ? [] : [{ id, width: null }]));
  const columns = [...shown.filter(({ id }) => wanted.has(id)), ...added];
  return columns.length === 0 ? undefined : columns;
}

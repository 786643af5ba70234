import { labelColumnId, NODE_COLUMNS } from '../../inventory/node-table/columns.ts';
import type { LabelUse } from '../../inventory/node-table/types.ts';
import type { NodeTableLayout } from '../../protocol/node-table.ts';
import { chooseMany, type Choice } from '../ask/steps.ts';

type Columns = NodeTableLayout['columns'];

/** Asks which columns the node table shows. Those that stay keep their places and widths, new ones come last. Undefined: the person went away. */
export async function askColumns(
  shown: Columns,
  labels: readonly LabelUse[],
  nodeCount: number,
): Promise<Columns | undefined> {
  const ids = new Set(shown.map(({ id }) => id));
  const builtIn = NODE_COLUMNS.map((column): Choice<string> => ({
    value: column.id,
    label: column.title,
    description: column.meaning,
    picked: ids.has(column.id),
  }));
  const ofLabels = labels.map(({ key, nodes, examples }): Choice<string> => {
    const id = labelColumnId(key);
    return {
      value: id,
      label: key,
      description: `${nodes} of ${nodeCount} ${nodeCount === 1 ? 'node' : 'nodes'} · ${examples.join(', ')}`,
      picked: ids.has(id),
    };
  });
  const known = new Set([...builtIn, ...ofLabels].map(({ value }) => value));
  const gone = shown
    .filter(({ id }) => !known.has(id))
    .map(({ id }): Choice<string> => ({
      value: id,
      label: id.replace(/^label:/, ''),
      description: 'no node carries it now',
      picked: true,
    }));
  const chosen = await chooseMany({
    title: 'Columns of the Node Table',
    placeholder: 'Type to find a label; Enter shows the ticked columns',
    choices: [{ separator: 'Columns' }, ...builtIn, { separator: 'Labels of the nodes' }, ...gone, ...ofLabels],
  });
  if (!chosen) return undefined;
  const wanted = new Set(chosen);
  const added = chosen.flatMap((id) => (ids.has(id) ? [] : [{ id, width: null }]));
  const columns = [...shown.filter(({ id }) => wanted.has(id)), ...added];
  return columns.length === 0 ? undefined : columns;
}

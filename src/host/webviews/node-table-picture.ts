import { gpuReport } from '../../inventory/gpus.ts';
import { DEFAULT_COLUMNS, nodeColumn } from '../../inventory/node-table/columns.ts';
import { nodeRows } from '../../inventory/node-table/rows.ts';
import type { NodeRow } from '../../inventory/node-table/types.ts';
import type { InventorySnapshot } from '../../inventory/types.ts';
import type { NodeTableHead, NodeTableLayout, NodeTablePicture } from '../../protocol/node-table.ts';
import type { Connection } from '../session.ts';
import { gpuHeadline } from '../trees/cluster-rows.ts';
import { freshness, stateRows } from '../trees/freshness.ts';

export const DEFAULT_LAYOUT: NodeTableLayout = {
  columns: DEFAULT_COLUMNS.map((id) => ({ id, width: null })),
  sorting: { by: 'name', descending: false },
  filter: '',
};

/** Without columns that this version does not know; the default where none is left. */
export function knownLayout(layout: NodeTableLayout | undefined): NodeTableLayout {
  const columns = layout?.columns.filter(({ id }) => nodeColumn(id) !== undefined) ?? [];
  return layout && columns.length > 0 ? { ...layout, columns } : DEFAULT_LAYOUT;
}

/** What the panel shows of a connection and what is known of its cluster. */
export function nodeTablePicture(
  connection: Connection,
  snapshot: InventorySnapshot | undefined,
  layout: NodeTableLayout,
): NodeTablePicture {
  switch (connection.kind) {
    case 'loading':
      return { kind: 'waiting', place: null };
    case 'none':
      return {
        kind: 'nothing',
        icon: 'plug',
        title: 'No kubeconfig was found',
        detail:
          'Log in to a cluster, name a file in the setting llmd.kubeconfig, or start the demo cluster: it runs on this machine and needs no GPU.',
        help: [{ label: 'Start Demo Cluster', command: 'llmd.startDemo' }],
      };
    case 'failed':
      return {
        kind: 'nothing',
        icon: 'error',
        title: connection.error.message,
        detail: connection.error.hint ?? '',
        help: [
          { label: 'Select Context', command: 'llmd.selectContext' },
          { label: 'Try Again', command: 'llmd.refresh' },
        ],
      };
    case 'ready':
      break;
  }
  const { cluster } = connection;
  const known =
    snapshot?.cluster.context === cluster.context && snapshot.cluster.server === cluster.server ? snapshot : undefined;
  if (!known || isOnTheWay(known)) return waitingFor(known, cluster.context);
  const rows = nodeRows(
    known,
    layout.columns.map(({ id }) => id),
  );
  if (rows.length === 0) return noNodes(known);
  return { kind: 'table', head: nodeTableHead(known), rows };
}

export function nodeTableHead(snapshot: InventorySnapshot): NodeTableHead {
  const { nodes, pods } = snapshot.states;
  const report = gpuReport(snapshot);
  const states = [...stateRows('nodes', nodes), ...stateRows('pods', pods)].map((row) => ({
    icon: row.icon?.id ?? 'info',
    text: [row.label, row.description].filter((part) => part !== undefined && part !== '').join(': '),
  }));
  const scope = report.warnings
    .filter(({ code }) => code === 'pods-of-one-namespace')
    .map(({ message }) => ({ icon: 'info', text: message }));
  return {
    place: snapshot.cluster.context,
    headline: gpuHeadline(report, snapshot),
    freshness: freshness([nodes, pods]),
    notices: [...states, ...scope],
  };
}

/** Before nodes and pods were listed once: nodes alone would show every GPU as free. */
function isOnTheWay({ complete, nodes, pods }: InventorySnapshot): boolean {
  return !complete && (nodes.size === 0 || pods.size === 0);
}

/** A cluster that cannot be reached says so; else its first answer is on the way. */
function waitingFor(snapshot: InventorySnapshot | undefined, context: string): NodeTablePicture {
  const state = snapshot && [snapshot.states.nodes, snapshot.states.pods].find(({ kind }) => kind === 'stale');
  if (state?.kind !== 'stale') return { kind: 'waiting', place: context };
  return {
    kind: 'nothing',
    icon: 'debug-disconnect',
    title: state.error.message,
    detail: state.error.hint ?? 'It is tried again and again.',
    help: [
      { label: 'Select Context', command: 'llmd.selectContext' },
      { label: 'Try Again', command: 'llmd.refresh' },
    ],
  };
}

function noNodes({ states, cluster }: InventorySnapshot): NodeTablePicture {
  const help = [
    { label: 'Select Another Context', command: 'llmd.selectContext' },
    { label: 'Refresh', command: 'llmd.refresh' },
  ] as const;
  if (states.nodes.kind === 'denied')
    return {
      kind: 'nothing',
      icon: 'lock',
      title: states.nodes.error.message,
      detail:
        states.nodes.error.hint ?? 'Pods that request GPUs would show the nodes that they run on; there are none.',
      help,
    };
  return {
    kind: 'nothing',
    icon: 'server',
    title: `Context ${cluster.context} has no nodes`,
    detail: 'They appear here as they join the cluster.',
    help,
  };
}

export interface RowChanges {
  readonly rows: readonly NodeRow[];
  readonly gone: readonly string[];
}

/** What a page that shows `before` has to be told. */
export function changedRows(before: ReadonlyMap<string, NodeRow>, after: readonly NodeRow[]): RowChanges {
  const names = new Set(after.map(({ name }) => name));
  return {
    rows: after.filter((row) => !same(before.get(row.name), row)),
    gone: before
      .keys()
      .filter((name) => !names.has(name))
      .toArray(),
  };
}

function same(before: NodeRow | undefined, after: NodeRow): boolean {
  if (before === after) return true;
  if (before?.usable !== after.usable) return false;
  return Object.entries(after.values).every(([id, value]) => before.values[id] === value);
}

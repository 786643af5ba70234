import type { SerialQueue } from '../../base/serial-queue.ts';
import type { InventorySnapshot } from '../../inventory/types.ts';
import { failureRow } from './freshness.ts';
import { NOTHING, type TreeContent } from './live-tree.ts';
import { withRestriction } from './restricted-row.ts';
import type { TreeDependencies } from './views.ts';

/** Counting a large cluster and making rows of the counts each take a turn of their own. */
export async function ofSnapshot<Report>(
  { workbench, session }: Pick<TreeDependencies, 'workbench' | 'session'>,
  queue: SerialQueue,
  count: (snapshot: InventorySnapshot) => Report,
  show: (snapshot: InventorySnapshot, report: Report) => TreeContent,
): Promise<TreeContent> {
  const { connection } = session;
  if (connection.kind === 'failed') return { rows: [failureRow(connection.error)], description: 'not connected' };
  if (connection.kind !== 'ready') return NOTHING;
  const { snapshot, failure } = workbench.inventory;
  if (!snapshot && failure) return { rows: [failureRow(failure)], description: 'not connected' };
  if (!snapshot || !isOf(snapshot, connection.cluster)) return { rows: [], description: 'connecting', loading: true };
  const counted = await queue.do(() => timed(() => count(snapshot)));
  const shown = await queue.do(() => timed(() => show(snapshot, counted.value)));
  // Another cluster may have been chosen meanwhile: what is of this one is not for its view.
  if (session.connection !== connection) return ofSnapshot({ workbench, session }, queue, count, show);
  return {
    ...shown.value,
    rows: withRestriction(workbench.trust, shown.value.rows),
    loading: !snapshot.complete,
    computedMs: counted.ms + shown.ms,
  };
}

function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const started = performance.now();
  return { value: work(), ms: performance.now() - started };
}

function isOf(snapshot: InventorySnapshot, cluster: InventorySnapshot['cluster']): boolean {
  return snapshot.cluster.context === cluster.context && snapshot.cluster.server === cluster.server;
}

import type { WorkbenchError } from '../../base/errors.ts';
import { plural } from '../../protocol/format.ts';
import { failureRow, stateRows } from './freshness.ts';
import type { TreeContent } from './live-tree.ts';
import type { Row } from './row.ts';
import { traceRows } from './trace-rows.ts';
import type { TreeDependencies } from './views.ts';

/** The Traces view: what was copied, and what is in the pods. */
export async function traceContent({ workbench, session, remoteTraces }: TreeDependencies): Promise<TreeContent> {
  const local = workbench.workspace === undefined ? [] : await workbench.traces.local();
  const { traces, loading, error } = remoteTraces.current(session.cluster);
  const rows = traceRows(traces, local);
  return {
    rows: error ? [remoteFailure(error), ...rows] : rows,
    description: local.length === 0 ? '' : plural(local.length, 'set'),
    loading,
  };
}

/** Why the traces in the pods cannot be listed; a click tries again. */
function remoteFailure(error: WorkbenchError): Row {
  const [denied] = stateRows('traces in pods', { kind: 'denied', error });
  return error.code === 'forbidden' && denied
    ? denied
    : { ...failureRow(error), id: 'remote-failure', label: 'in pods', opens: 'llmd.refresh' };
}

import type { ErrorCode, WorkbenchError } from '../../base/errors.ts';
import type { WatchState } from '../../kube/watch/types.ts';
import { ERROR, plainText, WARNING, type Row } from './row.ts';

/** Why a view is not fresh, in the words that tell its user whose turn it is. */
const TROUBLES: Partial<Record<ErrorCode, string>> = {
  'auth-plugin-failed': 'login failed',
  'auth-plugin-missing': 'login tool missing',
  'cluster-unreachable': 'server not reachable',
  expired: 'server forgets too fast',
  forbidden: 'refused for now',
  'kubeconfig-invalid': 'kubeconfig broken',
  'resource-absent': 'not served for now',
  'server-error': 'server in trouble',
  timeout: 'no answer',
  'tls-failed': 'server not trusted',
  'too-many-requests': 'server busy',
  unauthorized: 'login expired',
};

/** How fresh what a view shows is, in a few words. */
export function freshness(states: readonly WatchState[]): string {
  const stale = states.filter((state) => state.kind === 'stale').map(({ since }) => since);
  if (stale.length > 0)
    return `stale since ${new Date(Math.min(...stale)).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })}`;
  if (states.some((state) => state.kind === 'connecting')) return 'connecting';
  return states.some((state) => state.kind === 'live') ? 'live' : 'not available';
}

/** Rows that say what may not be seen, or no longer is. */
export function stateRows(what: string, state: WatchState): readonly Row[] {
  switch (state.kind) {
    case 'denied':
      return [troubleRow(`denied/${what}`, `${what}: not allowed`, state.error, { id: 'lock', color: WARNING })];
    case 'stale':
      return [
        troubleRow(
          `stale/${what}`,
          `${what}: ${TROUBLES[state.error.code] ?? 'connection lost'}, trying again`,
          state.error,
          { id: 'debug-disconnect', color: WARNING },
        ),
      ];
    case 'absent':
      return [
        {
          id: `absent/${what}`,
          label: `${what}: not served by this cluster`,
          icon: { id: 'circle-slash' },
          context: 'trouble',
        },
      ];
    case 'connecting':
      return [];
    case 'live':
      return [];
  }
}

/** A failure as a row: what failed, and in the tooltip what to do. A click chooses another context. */
export function failureRow(error: WorkbenchError): Row {
  return { ...troubleRow('failure', error.message, error, { id: 'error', color: ERROR }), opens: 'llmd.selectContext' };
}

function troubleRow(id: string, label: string, error: WorkbenchError, icon: NonNullable<Row['icon']>): Row {
  return {
    id,
    label,
    description: label === error.message ? (error.hint ?? '') : error.message,
    tooltip: [plainText(error.message), plainText(error.hint ?? '')].filter((part) => part !== '').join('\n\n'),
    icon,
    context: 'trouble',
  };
}

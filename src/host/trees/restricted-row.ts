import type { Trust } from '../../base/trust.ts';
import { WARNING, type Row } from './row.ts';

const RESTRICTED: Row = {
  id: 'restricted',
  label: 'Restricted Mode',
  description: 'actions are off',
  tooltip:
    'Nobody trusts this folder yet. Its `.env`, settings, runs and traces do not count, and you can look at your own clusters only. Choose this row to manage the trust.',
  spoken: 'Restricted Mode: actions are off until you trust this folder',
  icon: { id: 'shield', color: WARNING },
  context: 'trouble',
  opens: 'workbench.trust.manage',
};

/** Above the rows of a folder that nobody trusts, why its actions are off. An empty view says it by its welcome text. */
export function withRestriction(trust: Trust, rows: readonly Row[]): readonly Row[] {
  return trust.granted || rows.length === 0 ? rows : [RESTRICTED, ...rows];
}

import { WorkbenchError } from '../../base/errors.ts';
import type { Trust } from '../../base/trust.ts';
import type { CommandId } from './ids.ts';

/**
 * What works in a folder that nobody trusts yet: looking at one's own clusters and at the window. Everything else acts,
 * writes, or reads what the folder holds; package.json enables it by `isWorkspaceTrusted`.
 */
export const BEFORE_TRUST: ReadonlySet<CommandId> = new Set<CommandId>([
  'llmd.selectContext',
  'llmd.selectNamespace',
  'llmd.showNodeTable',
  'llmd.showLogs',
  'llmd.filterModelServers',
  'llmd.groupNodes',
  'llmd.refresh',
  'llmd.showJobs',
  'llmd.openSettings',
  'llmd.showOutput',
]);

/** Ends a command that has to wait until the folder is trusted. */
export function requireTrust(id: CommandId, doing: string, trust: Trust): void {
  if (trust.granted || BEFORE_TRUST.has(id)) return;
  throw new WorkbenchError({
    code: 'untrusted',
    message: `cannot ${doing}: this folder is in Restricted Mode, where actions are off`,
    hint: 'Trust the folder if you know who wrote it: its .env, runs and traces count from then on.',
  });
}

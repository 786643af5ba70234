import { WorkbenchError } from '../../base/errors.ts';
import type { Trust } from '../../base/trust.ts';
import { COMMANDS, type CommandId } from './table.ts';

/** Ends a command that has to wait until the folder is trusted. */
export function requireTrust(id: CommandId, trust: Trust): void {
  const { beforeTrust, doing } = COMMANDS[id];
  if (trust.granted || beforeTrust) return;
  throw new WorkbenchError({
    code: 'untrusted',
    message: `cannot ${doing}: this folder is in Restricted Mode, where actions are off`,
    hint: 'Trust the folder if you know who wrote it: its .env, runs and traces count from then on.',
  });
}

import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type { Host } from '../host.ts';
import { COMMANDS } from './table.ts';

/** Registers the table. A failure ends here: it is shown, and the caller only sees that the command has ended. */
export function registerCommands(host: Host): Disposable {
  const owned = new DisposableStore();
  for (const command of COMMANDS) {
    owned.add(
      vscode.commands.registerCommand(command.id, async (...given: readonly unknown[]) => {
        try {
          await command.execute(host, given);
        } catch (error) {
          void host.errors.show(error, command.doing);
        }
      }),
    );
  }
  return owned;
}

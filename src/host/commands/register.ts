import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import { loadPart } from '../../base/parts.ts';
import type { Host } from '../host.ts';
import { requireTrust } from './before-trust.ts';
import { COMMAND_IDS } from './ids.ts';

/** Registers every command; what it does is loaded when one is first run. A failure ends here: it is shown, and the caller only sees that the command has ended. */
export function registerCommands(host: Host): Disposable {
  const owned = new DisposableStore();
  for (const id of COMMAND_IDS) {
    owned.add(
      vscode.commands.registerCommand(id, async (...given: readonly unknown[]) => {
        let doing = 'run the command';
        try {
          const { commandOf } = await loadPart(() => import('./table.ts'));
          const command = commandOf(id);
          doing = command.doing;
          requireTrust(id, doing, host.workbench.trust);
          await command.execute(host, given);
        } catch (error) {
          // Refused: what is shown as allowed may be old.
          if (isWorkbenchError(error, 'forbidden')) host.access.refresh();
          void host.errors.show(error, doing, () => vscode.commands.executeCommand(id, ...given));
        }
      }),
    );
  }
  return owned;
}

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMAND_IDS } from '../../src/host/commands/table.ts';
import { activated, extension } from './support.ts';

/** What VS Code itself makes for a view: `llmd.cluster.focus`, `llmd.cluster.resetViewLocation`… */
function isMadeForView(command: string): boolean {
  const { views } = extension().packageJSON.contributes as { views: { llmd: { id: string }[] } };
  return views.llmd.some(({ id }) => command.startsWith(`${id}.`));
}

describe('the commands of the table', () => {
  it('are registered, and nothing else under our name', async () => {
    await activated();
    const registered = (await vscode.commands.getCommands(true)).filter(
      (command) => command.startsWith('llmd.') && !isMadeForView(command),
    );
    assert.deepEqual(registered.sort(), [...COMMAND_IDS].sort());
  });
});

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMAND_IDS } from '../../src/host/commands/ids.ts';
import { COMMANDS } from '../../src/host/commands/table.ts';
import { activated, extension } from './support.ts';

interface Contribution {
  readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
  readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
  readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[];
  readonly menus: Readonly<
    Record<string, readonly { readonly command: string; readonly when: string; readonly group: string }[]>
  >;
  readonly keybindings: readonly { readonly command: string }[];
  readonly configuration: { readonly properties: Readonly<Record<string, { readonly markdownDescription?: string }>> };
}

function contributes(): Contribution {
  return extension().packageJSON.contributes as Contribution;
}

/** What VS Code itself makes for a view: `llmd.cluster.focus`, `llmd.cluster.resetViewLocation`… */
function isMadeForView(command: string): boolean {
  return contributes().views['llmd']?.some(({ id }) => command.startsWith(`${id}.`)) ?? false;
}

describe('package.json and the code', () => {
  it('know the same commands with the same titles', () => {
    const contributed = new Map(contributes().commands.map(({ command, title }) => [command, title]));
    assert.deepEqual([...contributed.keys()].sort(), COMMANDS.map(({ id }) => id).sort());
    assert.deepEqual([...COMMAND_IDS].sort(), COMMANDS.map(({ id }) => id).sort());
    for (const { id, title } of COMMANDS) assert.equal(contributed.get(id), title, id);
  });

  it('every contributed command is registered, and nothing else under our name', async () => {
    await activated();
    const registered = (await vscode.commands.getCommands(true)).filter(
      (command) => command.startsWith('llmd.') && !isMadeForView(command),
    );
    assert.deepEqual(
      registered.sort(),
      contributes()
        .commands.map(({ command }) => command)
        .sort(),
    );
  });

  it('a command that deletes, stops or restarts asks first', () => {
    for (const { id, confirms } of COMMANDS) if (/stop|delete|restart/i.test(id)) assert.ok(confirms, id);
  });

  it('menus, keys and welcome texts name commands that exist', () => {
    const known = new Set(contributes().commands.map(({ command }) => command));
    const named = [
      ...Object.values(contributes().menus)
        .flat()
        .map(({ command }) => command),
      ...contributes().keybindings.map(({ command }) => command),
      ...contributes().viewsWelcome.flatMap(({ contents }) =>
        [...contents.matchAll(/command:(llmd\.\w+)/g)].map((match) => match[1] ?? ''),
      ),
    ];
    for (const command of named) assert.ok(known.has(command), command);
  });

  it('shows at most two inline actions at once on a row', () => {
    const inline = (contributes().menus['view/item/context'] ?? []).filter(({ group }) => group.startsWith('inline'));
    const places = Map.groupBy(inline, ({ group }) => group);
    assert.deepEqual([...places.keys()].sort(), ['inline@1', 'inline@2']);
  });

  it('explains every setting', () => {
    for (const [name, setting] of Object.entries(contributes().configuration.properties))
      assert.ok((setting.markdownDescription?.length ?? 0) > 20, name);
  });
});

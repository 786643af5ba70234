import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCommands } from '../../../scripts/lib/contributions.ts';
import { COMMAND_IDS, COMMANDS } from '../../../src/host/commands/table.ts';

interface Manifest {
  readonly contributes: {
    readonly viewsWelcome: readonly { readonly contents: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly group?: string }[]>>;
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly markdownDescription?: string }>>;
    };
  };
}

const text = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8');
const { contributes } = JSON.parse(text) as Manifest;

describe('package.json', () => {
  it('has commands, menus and keybindings as the command table and `appearance.ts` have them (`npm run manifest` writes them)', () => {
    assert.equal(text, withCommands(text));
  });

  it('names in its welcome texts commands of the table', () => {
    const known = new Set<string>(COMMAND_IDS);
    const named = contributes.viewsWelcome.flatMap(({ contents }) =>
      [...contents.matchAll(/command:(llmd\.\w+)/g)].map(([, command = '']) => command),
    );
    assert.ok(named.length > 0);
    assert.deepEqual(
      named.filter((command) => !known.has(command)),
      [],
    );
  });

  it('explains every setting', () => {
    for (const [name, { markdownDescription }] of Object.entries(contributes.configuration.properties))
      assert.ok((markdownDescription?.length ?? 0) > 20, name);
  });
});

describe('the command table', () => {
  it('has a yes for whatever stops, deletes or restarts; a profiler that is stopped only takes a load away', () => {
    for (const id of COMMAND_IDS)
      if (/stop|delete|restart/i.test(id) && id !== 'llmd.stopProfiling')
        assert.equal(COMMANDS[id].confirms, 'always', id);
  });

  it('shows at most two inline actions at once on a row', () => {
    const inline = (contributes.menus['view/item/context'] ?? []).filter(({ group }) => group?.startsWith('inline'));
    assert.deepEqual(new Set(inline.map(({ group }) => group)), new Set(['inline@1', 'inline@2']));
  });
});

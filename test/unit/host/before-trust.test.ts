import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/events.ts';
import { trusted } from '../../../src/base/trust.ts';
import { requireTrust } from '../../../src/host/commands/before-trust.ts';
import { COMMAND_IDS, COMMANDS } from '../../../src/host/commands/table.ts';

interface Manifest {
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
    readonly views: { readonly llmd: readonly { readonly id: string }[] };
    readonly viewsWelcome: readonly { readonly view: string; readonly when: string; readonly contents: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
  };
}

const { capabilities, contributes } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as Manifest;
/** Looking at one's own clusters and at the window. */
const looks = new Set<string>([
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

describe('Restricted Mode', () => {
  it('refuses every command that acts, writes or reads the folder, and no other', () => {
    const untrusted = { granted: false, onDidGrant: new Emitter<void>().event };
    for (const id of COMMAND_IDS) {
      const run = (): void => requireTrust(id, untrusted);
      if (looks.has(id)) run();
      else
        assert.throws(
          run,
          (error) => isWorkbenchError(error, 'untrusted') && error.message.startsWith(`cannot ${COMMANDS[id].doing}: `),
          id,
        );
      requireTrust(id, trusted);
    }
  });

  it('lets nothing through whose name says that it acts', () => {
    assert.deepEqual(
      COMMAND_IDS.filter((id) => COMMANDS[id].beforeTrust).filter((id) =>
        /start|stop|run|deploy|delete|write|create|copy|profile|restart|pin|toggle|open(?!Settings)/i.test(id),
      ),
      [],
    );
  });

  it('disables in menus and the palette what it refuses', () => {
    for (const { command, enablement } of contributes.commands)
      assert.equal(enablement, looks.has(command) ? undefined : 'isWorkspaceTrusted', command);
  });

  it('withholds every setting of the folder', () => {
    assert.equal(capabilities.untrustedWorkspaces.supported, 'limited');
    assert.deepEqual(
      capabilities.untrustedWorkspaces.restrictedConfigurations.toSorted(),
      Object.keys(contributes.configuration.properties).toSorted(),
    );
  });

  it('offers in an empty view what works, and leads to trust in each of them', () => {
    for (const { when, contents } of contributes.viewsWelcome) {
      const offered = [...contents.matchAll(/command:(llmd\.\w+)/g)].map(([, command = '']) => command);
      const inRestrictedMode = !/(?<!!)\bisWorkspaceTrusted\b/.test(when);
      if (inRestrictedMode)
        assert.deepEqual(
          offered.filter((command) => !looks.has(command)),
          [],
          when,
        );
    }
    for (const { id } of contributes.views.llmd) {
      assert.ok(
        contributes.viewsWelcome.some(
          ({ view, when, contents }) =>
            view === id && when.includes('!isWorkspaceTrusted') && contents.includes('command:workbench.trust.manage'),
        ),
        id,
      );
    }
  });
});

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { MemoryStore } from '../../src/base/store.ts';
import { FolderOwner } from '../../src/host/folder-owner.ts';
import { featureSettings, hostSettings } from '../../src/host/settings.ts';

/** Attack 4 in a folder that is trusted: its settings as VS Code tells them. */
describe('settings of the open folder', () => {
  const theirs: Readonly<Record<string, unknown>> = {
    productionContexts: [],
    'perfetto.source': 'public',
    owner: 'alice',
  };
  const configuration = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('llmd');

  async function set(values: Readonly<Record<string, unknown>>, target: vscode.ConfigurationTarget): Promise<void> {
    for (const [name, value] of Object.entries(values)) await configuration().update(name, value, target);
  }

  const nothing = (values: Readonly<Record<string, unknown>>): Readonly<Record<string, undefined>> =>
    Object.fromEntries(Object.keys(values).map((name) => [name, undefined]));

  beforeEach(() => set(theirs, vscode.ConfigurationTarget.Workspace));
  afterEach(() => set(nothing(theirs), vscode.ConfigurationTarget.Workspace));

  it('take no production pattern away, and may add some', async () => {
    assert.deepEqual(configuration().get('productionContexts'), [], 'what VS Code makes of it by itself');
    assert.ok(hostSettings().productionContexts.includes('prod-*'));
    await set({ productionContexts: ['lab'] }, vscode.ConfigurationTarget.Workspace);
    assert.ok(['prod-*', 'lab'].every((pattern) => hostSettings().productionContexts.includes(pattern)));
  });

  it('do not send traces to a page from the internet', async () => {
    assert.equal(featureSettings().perfettoSource, 'auto');
    await set({ 'perfetto.source': 'bundled' }, vscode.ConfigurationTarget.Global);
    assert.equal(featureSettings().perfettoSource, 'bundled');
    await set({ 'perfetto.source': undefined }, vscode.ConfigurationTarget.Global);
  });

  it('do not say who one is before one agreed', async () => {
    const owner = new FolderOwner(new MemoryStore(), () => configuration().inspect('owner'));
    assert.equal(owner.counting, undefined);
    assert.equal(owner.openFor('bob'), 'alice');
    await owner.answer(true);
    assert.equal(owner.counting, 'alice');
  });
});

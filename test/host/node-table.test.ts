import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { HostApi } from '../../src/host/index.ts';
import { closeAllEditors, eventually, useTestCluster } from './support.ts';

function nodeTabs(): readonly vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith('llmd.nodeTable'));
}

describe('the node table on a live cluster', () => {
  let api: HostApi;

  before(async () => {
    api = await useTestCluster();
  });

  beforeEach(closeAllEditors);
  after(closeAllEditors);

  it('shakes hands with its page and shows every node of the inventory', async () => {
    const panel = await api.panels.showNodeTable();
    const picture = await eventually(() =>
      panel.picture.kind === 'table' && panel.picture.head.freshness === 'live' ? panel.picture : undefined,
    );
    assert.deepEqual(
      picture.rows.map(({ name }) => name).sort(),
      [...(api.workbench.inventory.snapshot?.nodes.keys() ?? [])].sort(),
    );
    assert.match(picture.head.headline, /^\d+\/\d+ GPUs free$/);
  });

  it('is one panel, however often it is asked for', async () => {
    const first = await api.panels.showNodeTable();
    await vscode.commands.executeCommand('llmd.showNodeTable');
    assert.equal(await api.panels.showNodeTable(), first);
    assert.deepEqual(
      nodeTabs().map(({ label }) => label),
      ['Nodes'],
    );
  });

  it('follows nothing while it is hidden: the watch ends with the last view that shows it', async () => {
    const panel = await api.panels.showNodeTable();
    const isLive = (): true | undefined =>
      panel.picture.kind === 'table' && panel.picture.head.freshness === 'live' ? true : undefined;
    await eventually(isLive);
    await vscode.commands.executeCommand('workbench.view.explorer');
    await eventually(() => (api.trees.cluster.view.visible || api.trees.modelServers.view.visible ? undefined : true));
    assert.equal(api.workbench.inventory.snapshot?.states.nodes.kind, 'live', 'the panel alone keeps the watch');
    await vscode.window.showTextDocument(vscode.Uri.file(join(api.workbench.workspace ?? '', 'README.md')));
    await eventually(() => (api.workbench.inventory.snapshot?.states.nodes.kind === 'live' ? undefined : true));
    await api.panels.showNodeTable();
    await eventually(isLive);
  });

  it('is forgotten when it is closed', async () => {
    const first = await api.panels.showNodeTable();
    await vscode.window.tabGroups.close(nodeTabs());
    await eventually(() => (nodeTabs().length === 0 ? true : undefined));
    assert.notEqual(await api.panels.showNodeTable(), first);
  });
});

describe('decode_pods.txt', () => {
  it('is written where a command asks for it', async () => {
    const api = await useTestCluster();
    const { workspace } = api.workbench;
    assert.ok(workspace);
    await vscode.commands.executeCommand('llmd.writeDecodePods');
    assert.equal(await readFile(join(workspace, '.tmp', 'decode_pods.txt'), 'utf8'), '', 'I have no decode pods');
    await rm(join(workspace, '.tmp', 'decode_pods.txt'));
  });
});

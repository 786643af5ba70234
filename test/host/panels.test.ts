import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { HostApi } from '../../src/host/index.ts';
import { closeAllEditors, eventually, useTestCluster } from './support.ts';

function panelTitles(viewType: string): readonly string[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.endsWith(viewType))
    .map((tab) => tab.label);
}

describe('the panels', () => {
  let api: HostApi;
  let folder: string;

  before(async () => {
    api = await useTestCluster();
    folder = await mkdtemp(join(tmpdir(), 'llmdw-panels-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));
  beforeEach(closeAllEditors);
  after(closeAllEditors);

  it('results: the page starts and shakes hands', async () => {
    await api.panels.showResults([]);
    assert.deepEqual(panelTitles('llmd.results'), ['Benchmark Results']);
  });

  it('results: a second call uses the panel that is there', async () => {
    await api.panels.showResults([]);
    await api.panels.showResults([]);
    assert.equal(panelTitles('llmd.results').length, 1);
  });

  it('live figures: the page starts, and servers are asked only while it is switched on', async () => {
    const { panels, workbench } = api;
    const kind = (): string => workbench.live.snapshot.state.kind;
    await panels.showLiveFigures();
    assert.deepEqual([panelTitles('llmd.liveFigures'), kind()], [['Live Figures'], 'off']);
    await vscode.commands.executeCommand('llmd.toggleLiveFigures');
    await eventually(() => (kind() === 'off' || kind() === 'idle' ? undefined : true));
    assert.equal(
      vscode.workspace.getConfiguration('llmd').get('liveFigures.enabled'),
      true,
      'the setting is the memory',
    );
    await vscode.commands.executeCommand('llmd.toggleLiveFigures');
    await eventually(() => (kind() === 'off' ? true : undefined));
  });

  it('trace summary: a panel a file, also for one that cannot be read', async () => {
    const broken = join(folder, 'broken.pt.trace.json');
    await writeFile(broken, '{"traceEvents": [');
    await vscode.commands.executeCommand('llmd.showTraceSummary', vscode.Uri.file(broken));
    await eventually(() => (panelTitles('llmd.traceSummary').length === 1 ? true : undefined));
    assert.deepEqual(panelTitles('llmd.traceSummary'), ['Summary: broken.pt.trace.json']);
  });

  it('closing a panel forgets it', async () => {
    await api.panels.showResults([]);
    await closeAllEditors();
    await api.panels.showResults([]);
    assert.equal(panelTitles('llmd.results').length, 1);
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Locator } from 'playwright-core';
import { kubeTools } from '../../scripts/lib/clients.ts';
import type { Window } from '../../scripts/tour/window.ts';
import { poll, systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { startDemoCluster } from '../../src/demo/cluster.ts';
import { openPackaged, out } from '../support/packaged-window.ts';

/** Tooltips are made when somebody points at a row, so only a real window can show that they come, and that they are not old. */
describe('tooltips in a real VS Code', function () {
  this.timeout(180_000);
  let window: Window;
  let kubectl: (...args: readonly string[]) => Promise<string>;
  const stops: (() => Promise<void>)[] = [];

  before(async () => {
    const parent = await mkdtemp(join(tmpdir(), 'llmdw-tooltips-'));
    stops.push(() => rm(parent, { recursive: true, force: true, maxRetries: 5 }));
    const kubeconfig = join(parent, 'kubeconfig');
    const cluster = await startDemoCluster({
      port: 0,
      kubeconfigPath: kubeconfig,
      speed: 10,
      faults: [],
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    stops.push(() => cluster.stop());
    const workspace = join(parent, 'work');
    await mkdir(workspace);
    const { kubectl: file } = await kubeTools();
    kubectl = async (...args) => (await execa(file, args, { env: { KUBECONFIG: kubeconfig } })).stdout;
    const packaged = await openPackaged({ workspace, data: join(parent, 'vscode'), kubeconfig });
    stops.push(() => packaged.close());
    ({ window } = packaged);
    await window.openView();
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** Points at the row until its tooltip says so: one that is open closes when the tree draws the row again. */
  async function tells(row: Locator, text: string): Promise<void> {
    const tooltip = window.page.locator('.monaco-hover:visible, .workbench-hover:visible').filter({ hasText: text });
    await poll(systemClock, 100, AbortSignal.timeout(60_000), async () => {
      await window.page.mouse.move(5, 5);
      await row.hover();
      return tooltip
        .last()
        .waitFor({ timeout: 3000 })
        .then(
          () => true,
          () => undefined,
        );
    });
  }

  it('come when one points at a row', async () => {
    await tells(await window.row('leafgroup 1'), 'In the whole cluster 3 pods of 8 GPUs could be placed now');
    await window.page.screenshot({ path: join(out, 'tooltip.png') });
  });

  it('say what is so when one points at the row again, also where nothing else of it changed', async () => {
    const row = await window.row('leafgroup 2');
    await tells(row, 'In the whole cluster 3 pods');
    const before = await row.textContent();
    // A node of the other group.
    const [node = ''] = (await kubectl('get', 'nodes', '-l', 'ib.coreweave.cloud/leafgroup=1', '-o', 'name')).split(
      '\n',
    );
    await kubectl('cordon', node);
    await window.row(/leafgroup 1.*8 of 16 free/);
    assert.equal(await row.textContent(), before);
    await tells(row, 'In the whole cluster 2 pods');
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import type { Window } from '../../scripts/tour/window.ts';
import { poll, systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { demoContext, startDemoCluster } from '../../src/demo/cluster.ts';
import { HostileFolder, theirs } from '../support/hostile-folder.ts';
import { openPackaged, out } from '../support/packaged-window.ts';

/** Attack 1, and the part of attack 4 before trust: the folder is opened in a real VS Code in Restricted Mode, with the packaged extension. */
describe('a hostile folder in a real VS Code', function () {
  this.timeout(180_000);
  let folder: HostileFolder;
  let window: Window;
  let untouched: Readonly<Record<string, string>>;
  const stops: (() => Promise<void>)[] = [];

  before(async () => {
    const parent = await mkdtemp(join(tmpdir(), 'llmdw-restricted-'));
    stops.push(() => rm(parent, { recursive: true, force: true, maxRetries: 5 }));
    const kubeconfig = join(parent, 'own-kubeconfig');
    const own = await startDemoCluster({
      port: 0,
      kubeconfigPath: kubeconfig,
      speed: 10,
      faults: [],
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    stops.push(() => own.stop());
    folder = await HostileFolder.make(parent);
    stops.push(() => folder.close());
    untouched = await folder.state();
    const data = join(parent, 'vscode');
    // A person may have a key for what is off: the action has to say so.
    await mkdir(join(data, 'user', 'User'), { recursive: true });
    await writeFile(
      join(data, 'user', 'User', 'keybindings.json'),
      JSON.stringify([{ key: 'ctrl+alt+shift+d', command: 'llmd.deploy' }]),
    );
    const packaged = await openPackaged({ workspace: folder.path, data, kubeconfig, restricted: true });
    stops.push(() => packaged.close());
    ({ window } = packaged);
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const text = (selector: string, content: string | RegExp): Locator =>
    window.page.locator(selector).filter({ hasText: content }).first();

  it("wakes the Workbench up, which shows the person's own cluster", async () => {
    await text('.statusbar-item', 'Restricted Mode').waitFor();
    await text('.statusbar-item', `${demoContext}/llm-d`).waitFor();
    await window.openView();
    await window.row('H200');
    await window.row('Restricted Mode');
    await window.page.screenshot({ path: join(out, 'restricted-mode.png') });
  });

  it('lists none of its runs and traces, and leads to trust instead', async () => {
    for (const words of ['the runs of this folder are not read', 'the traces of this folder are not read'])
      await text('.sidebar .welcome-view-content', words).waitFor();
    assert.equal(await window.rows().filter({ hasText: theirs.run }).count(), 0);
  });

  it('offers no action in the palette, and an action that is called all the same says that it is off', async () => {
    await window.page.keyboard.press('F1');
    await window.page.locator('.quick-input-widget:visible input').first().fill('>llm-d: ');
    await window.picks().filter({ hasText: 'Show Node Table' }).first().waitFor();
    assert.equal(
      await window
        .picks()
        .filter({ hasText: /Deploy\.\.\.|Run Benchmark|Start Demo/ })
        .count(),
      0,
    );
    await window.page.keyboard.press('Escape');
    await window.page.keyboard.press('Control+Alt+Shift+D');
    const notification = text('.notification-list-item', 'cannot deploy: this folder is in Restricted Mode');
    await notification.waitFor();
    await window.page.screenshot({ path: join(out, 'restricted-action.png') });
    await notification.getByRole('button', { name: 'Manage Workspace Trust' }).click();
    await window.page.locator('.workspace-trust-editor').waitFor();
    await window.page.screenshot({ path: join(out, 'restricted-trust.png') });
  });

  it('has started no program, asked no cluster and written nothing until now', async () => {
    assert.equal(folder.ran, false);
    assert.deepEqual(folder.asked, []);
    assert.deepEqual(await folder.state(), untouched);
  });

  it('counts once the person trusts it, but for the name that it gives them', async () => {
    await window.page
      .locator('.workspace-trust-editor')
      .getByRole('button', { name: /^Trust/ })
      .first()
      .click();
    await text('.statusbar-item', `${theirs.context}/${theirs.namespace}`).waitFor();
    await poll(systemClock, 100, AbortSignal.timeout(30_000), () =>
      Promise.resolve(folder.ran && folder.asked.length > 0 ? true : undefined),
    );
    await window.row('theirs');
    await text('.notification-list-item', `you are "${theirs.owner}" on shared clusters`).waitFor();
    assert.equal(await window.rows().filter({ hasText: 'Restricted Mode' }).count(), 0);
    await window.page.screenshot({ path: join(out, 'restricted-granted.png') });
  });
});

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { execa } from 'execa';
import type { Frame } from 'playwright-core';
import { runsOf } from './workspace.ts';
import type { TourReport } from './report.ts';
import type { Window } from './window.ts';

export interface TourInput {
  readonly window: Window;
  readonly report: TourReport;
  readonly workspace: string;
  /** `dist/llmdw.mjs`, for the figures beside the pictures. */
  readonly cli: string;
  readonly env: Readonly<Record<string, string>>;
}

const loadTimeoutMs = 120_000;
const benchmarkTimeoutMs = 120_000;

/** The whole loop, as a person would go round it. The first step that does not end as it should throws. */
export async function tour(input: TourInput): Promise<void> {
  const { window, report } = input;
  const step = (name: string, act: () => Promise<readonly string[]>): Promise<void> => report.step(window, name, act);

  await step('Look at the GPUs', async () => {
    await window.openView();
    await window.row(/cordoned/, 60_000);
    return gpuFigures(input);
  });
  await step('The node table', async () => {
    await window.command('llm-d: Show Node Table');
    const frame = await window.webview('.node-table tbody tr');
    await frame.getByText('Columns').click();
    await window.tick('topology.kubernetes.io/zone');
    await frame.locator('th[data-column="label:topology.kubernetes.io/zone"]').waitFor();
    return nodeTableFigures(frame);
  });
  await step('Create the secrets', async () => {
    await window.command('llm-d: Create Secrets');
    await window.confirm('Write Secrets');
    await statusSays(window, /secret/i);
    return ['llm-d-hf-token, hf-secret and gh-token-secret are in the namespace'];
  });
  await step('Preview the deployment', async () => {
    await window.command('llm-d: Deploy...');
    await window.pick('Wide expert parallelism');
    await window.pick('CoreWeave');
    await window.pick('Continue to the preview');
    await window
      .picks()
      .filter({ hasText: /\d+ create/ })
      .first()
      .waitFor();
    return [await window.picks().first().innerText()].map((text) => text.replaceAll('\n', ' '));
  });
  await step('Deploy, and watch it load', async () => {
    await window.pick('Deploy');
    await window.row(/wide-ep/);
    const row = await window.row(/decode/, 30_000);
    await row.waitFor();
    await window.row(/weights \d+ %/, 60_000);
    return (await window.rows().allInnerTexts()).filter((text) => /rank|group/.test(text)).map(oneLine);
  });
  await step('Ready', async () => {
    await window.row(/wide-ep.*\bready\b/s, loadTimeoutMs);
    const seen = await waitForNotification(window, /wide-ep serves .* pods ready/, loadTimeoutMs);
    return [seen, ...(await podFigures(input))];
  });
  await step('The poker shell', async () => {
    await window.dismissNotifications();
    await window.command('llm-d: Open Poker Shell');
    await terminalShows(window, /just/, 60_000);
    await window.typeInTerminal('just');
    await terminalShows(window, /one-instance/, 30_000);
    await window.typeInTerminal('just models');
    await terminalShows(window, /DeepSeek-R1/, 30_000);
    return ['a shell in the cluster; "just" lists the recipes, "just models" answers through the gateway'];
  });
  await step('vllm bench, a sweep, with live figures', async () => {
    await window.dismissNotifications();
    await window.command('llm-d: Toggle Live Figures');
    const run = await startBenchmark(input, /vllm bench/i, 'vllm-bench');
    await window.command('llm-d: Show Live Figures');
    const frame = await window.webview('.live canvas', 60_000);
    const busy = await window.row(/decode.*[1-9][\d,]* tok\/s/s, 60_000);
    const seen = oneLine(await busy.innerText());
    await accessible(frame);
    const ended = await benchmarkEnded(input, run);
    const rows = await frame.locator('tbody tr').allInnerTexts();
    await window.command('llm-d: Toggle Live Figures');
    return [`in the tree: ${seen}`, ...rows.map(oneLine), ...ended];
  });
  await step('guidellm', () => benchmark(input, /^guidellm|guidellm \(/i, 'guidellm'));
  await step('guidellm in parallel', () => benchmark(input, /parallel guidellm/i, 'parallel-guidellm'));
  await step('The chart', async () => {
    await window.dismissNotifications();
    await window.command('View: Hide Panel');
    await window.command('llm-d: Show Results');
    await window.pickAll();
    const frame = await window.webview('.results canvas');
    await frame.locator('table').first().waitFor();
    await accessible(frame);
    const rows = await frame.locator('table').first().locator('tr').allInnerTexts();
    return rows.slice(0, 10).map(oneLine);
  });
  await step('Profile all decode ranks under load', async () => {
    const load = await startBenchmark(input, /vllm bench/i, 'vllm-bench');
    await window.command('llm-d: Profile All Decode Ranks...');
    const seen = await waitForNotification(window, /Profiled \d+/, 120_000);
    return [seen, ...(await benchmarkEnded(input, load))];
  });
  await step('Copy the traces', async () => {
    await window.dismissNotifications();
    await window.command('llm-d: Copy Traces');
    const seen = await waitForNotification(window, /Copied \d+|traces\/\d+/i, 120_000);
    const files = await traceFiles(input.workspace);
    if (files.length === 0) throw new Error('no trace arrived in traces/1');
    return [seen, `${files.length} files in traces/`];
  });
  await step('Trace summary', async () => {
    const [first] = await traceFiles(input.workspace);
    await window.dismissNotifications();
    await window.command('llm-d: Show Trace Summary');
    await window.pick(/^rank 0(?!\d)/);
    const frame = await window.webview('.summary table', 60_000);
    await frame.locator('table').first().waitFor();
    await accessible(frame);
    const { stdout } = await execa('node', [input.cli, 'trace', 'summary', first ?? ''], {
      env: input.env,
      cwd: input.workspace,
    });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .slice(1, 6);
  });
  await step('Perfetto', async () => {
    await window.command('llm-d: Open Trace in Perfetto');
    await window.pick(/^rank 0(?!\d)/);
    const ui = await window.webview('.pf-ui-main, main.pf-ui-main, .pf-timeline-page, .page', 60_000);
    await ui.waitForFunction('globalThis.app && globalThis.app.trace && !globalThis.app.isLoadingTrace', undefined, {
      timeout: 60_000,
    });
    await window.page.waitForTimeout(2000);
    const slices = await ui.evaluate(
      'globalThis.app.trace.engine.query("select count(*) as n from slice").then((r) => r.firstRow({ n: 0 }).n)',
    );
    return [`the trace is open in the real Perfetto UI: ${String(slices)} slices`];
  });
  await step('Light theme: Perfetto', async () => {
    await window.command('Preferences: Toggle between Light/Dark Themes');
    await window.page.locator('.monaco-workbench.vs').waitFor();
    await window.page.waitForTimeout(1500);
    return ['the same window in the light theme'];
  });
  await step('Light theme: trace summary', async () => {
    await window.tab(/^Summary/);
    await accessible(await window.webview('.summary table'));
    return ['axe finds nothing serious'];
  });
  await step('Light theme: node table', async () => {
    await window.tab(/Nodes/);
    await accessible(await window.webview('.node-table tbody tr'));
    return ['axe finds nothing serious'];
  });
  await step('Light theme: chart', async () => {
    await window.tab(/Benchmark Results/);
    await accessible(await window.webview('.results canvas'));
    return ['axe finds nothing serious'];
  });
  await step('Stop', async () => {
    await window.command('llm-d: Stop Deployment...');
    await window.page.locator('.monaco-dialog-box, .quick-input-widget:visible').first().waitFor();
    if (await window.picks().first().isVisible()) await window.page.keyboard.press('Enter');
    await window.page.locator('.monaco-dialog-box').waitFor();
    const asked = oneLine(await window.page.locator('.monaco-dialog-box').innerText());
    await window.confirm('Stop');
    await window.row(/leafgroup 1.*16 of 16 free/s, 60_000);
    return [asked.slice(0, 200), ...(await gpuFigures(input))];
  });
}

/** No serious fault that axe can see in the page of a webview. */
async function accessible(frame: Frame): Promise<void> {
  // Icons are a font: a picture before it is there shows none.
  await frame.evaluate('document.fonts.ready.then(() => undefined)');
  await frame.evaluate(axe.source);
  const { violations } = await frame.evaluate<AxeResults>('axe.run(document)');
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  if (serious.length > 0)
    throw new Error(
      `axe: ${serious
        .map(
          ({ id, nodes }) =>
            `${id} (${nodes
              .map((node) => node.html)
              .slice(0, 3)
              .join(', ')})`,
        )
        .join('; ')}`,
    );
}

/** Narrows the table to nodes with free GPUs, the one with most of them on top, and back again. */
async function nodeTableFigures(frame: Frame): Promise<readonly string[]> {
  const lines = async (): Promise<readonly string[]> =>
    (await frame.locator('.node-table tr').allInnerTexts()).map(oneLine);
  const all = await lines();
  const filter = frame.getByRole('textbox', { name: 'Filter nodes' });
  await filter.fill('free>0 -cordon:yes');
  await frame.locator('thead button[data-column=free]').click();
  const free = await lines();
  if (free.length < 2 || free.length >= all.length)
    throw new Error(`the filter "free>0 -cordon:yes" leaves ${free.length - 1} of ${all.length - 1} nodes`);
  await accessible(frame);
  await filter.fill('');
  return free;
}

async function benchmark(input: TourInput, title: RegExp, recipe: string): Promise<readonly string[]> {
  return benchmarkEnded(input, await startBenchmark(input, title, recipe));
}

/** Answers the id of the run as soon as it is under way. */
async function startBenchmark({ window, workspace }: TourInput, title: RegExp, recipe: string): Promise<string> {
  const before = new Set((await runsOf(workspace)).map((run) => run.id));
  await window.dismissNotifications();
  await window.command('llm-d: Run Benchmark...');
  await window.pick(title);
  await window.pick(/Run against/);
  return until(
    window,
    `no ${recipe} run started`,
    async () =>
      (await runsOf(workspace)).find(
        (each) => !before.has(each.id) && each.recipe === recipe && each.state !== 'starting',
      )?.id,
  );
}

async function benchmarkEnded({ window, workspace }: TourInput, id: string): Promise<readonly string[]> {
  const run = await until(window, `run ${id} did not end`, async () =>
    (await runsOf(workspace)).find((each) => each.id === id && each.state !== 'running'),
  );
  if (run.state !== 'succeeded') throw new Error(`run ${id} ${run.state}: ${run.summary ?? 'no reason given'}`);
  return [`${id}: ${run.summary ?? ''}`];
}

async function until<T>(window: Window, otherwise: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + benchmarkTimeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${otherwise} within ${benchmarkTimeoutMs / 1000} s`);
    await window.page.waitForTimeout(300);
  }
}

async function gpuFigures({ cli, env, workspace }: TourInput): Promise<readonly string[]> {
  const { stdout } = await execa('node', [cli, 'gpus'], { env, cwd: workspace });
  return stdout.split('\n');
}

async function podFigures({ cli, env, workspace }: TourInput): Promise<readonly string[]> {
  const { stdout } = await execa('node', [cli, 'pods'], { env, cwd: workspace });
  return stdout.split('\n');
}

async function traceFiles(workspace: string): Promise<readonly string[]> {
  const root = join(workspace, 'traces');
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && /\.json(\.gz)?$/.test(entry.name) && entry.name.includes('trace.json'))
    .map((entry) => join(entry.parentPath, entry.name));
}

async function waitForNotification(window: Window, pattern: RegExp, timeout: number): Promise<string> {
  const message = window.page.locator('.notification-list-item-message').filter({ hasText: pattern }).first();
  await message.waitFor({ timeout });
  return oneLine(await message.innerText());
}

async function statusSays(window: Window, pattern: RegExp): Promise<void> {
  await window.page
    .locator('.statusbar .statusbar-item, .notification-list-item-message')
    .filter({ hasText: pattern })
    .first()
    .waitFor();
}

async function terminalShows(window: Window, pattern: RegExp, timeout: number): Promise<void> {
  const rows = window.page.locator(
    '.terminal-wrapper.active .xterm-accessibility-tree, .terminal-wrapper.active .xterm-rows',
  );
  const until = Date.now() + timeout;
  while (!pattern.test((await rows.allInnerTexts()).join('\n'))) {
    if (Date.now() > until)
      throw new Error(
        `the terminal does not show ${String(pattern)} within ${timeout / 1000} s:\n${(await rows.allInnerTexts()).join('\n')}`,
      );
    await window.page.waitForTimeout(200);
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { chromium as browserPath } from '../../scripts/lib/vscode.ts';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { WorkspaceFiles } from '../../src/base/workspace-files.ts';
import { createTraceService } from '../../src/traces/service.ts';
import type { TraceService } from '../../src/traces/types.ts';
import { FakeTracePods, temporaryFolder } from '../support/fake-trace-pods.ts';
import { sourceReaders } from '../support/readers.ts';
import { scannerDist } from '../support/scanner.ts';
import { writeTrace } from '../support/trace-generator.ts';

const media = fileURLToPath(new URL('../../media/', import.meta.url));
const browserFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

interface Heard {
  readonly type?: string;
  readonly state?: string;
  readonly key?: string;
}

interface QueryResult {
  columns(): readonly string[];
  iter(spec: object): { valid(): boolean; next(): void; get(column: string): unknown };
}

/** What the functions that run in the page see; tests are compiled without the DOM. */
interface PageGlobals {
  heard: Heard[];
  readonly document: {
    getElementById(id: string): {
      readonly className: string;
      readonly contentWindow: {
        readonly app: {
          readonly trace: { readonly engine: { query(sql: string): Promise<QueryResult> } };
          readonly settings: { get(id: string): { get(): string } };
        };
      };
    };
  };
  postMessage(message: unknown, origin: string): void;
}

describe('a trace in the real Perfetto UI', function () {
  this.timeout(120_000);
  let folder: string;
  let readers: ReturnType<typeof sourceReaders>;
  let service: TraceService;
  let browser: Browser;
  let page: Page;
  let outside: string[];

  before(async function () {
    if (!existsSync(join(media, 'perfetto', 'index.html'))) {
      console.log('      skipped: the offline UI could not be fetched ("npm run perfetto")');
      this.skip();
    }
    folder = await temporaryFolder();
    readers = sourceReaders();
    service = createTraceService({
      files: () => new WorkspaceFiles(folder).below('traces'),
      assets: { dist: await scannerDist(), media },
      readers,
      contexts: new FakeTracePods().contexts(),
      servers: () => Promise.resolve([]),
      clock: systemClock,
      logger: silentLogger,
    });
    browser = await chromium.launch({ executablePath: await browserPath(), args: browserFlags });
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1200, height: 700 } });
    outside = [];
    await page.addInitScript(
      `if (window.parent === window) { window.heard = []; addEventListener('message', (event) => event.data && window.heard.push(event.data)); }`,
    );
  });

  afterEach(() => page?.close());

  after(async () => {
    await browser?.close();
    service?.dispose();
    readers?.dispose();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function open(path: string, dark: boolean): Promise<void> {
    const served = await service.serve(path, { dark, signal: new AbortController().signal });
    page.on('response', (response) => {
      if (
        !response.url().startsWith(served.url) &&
        !response.url().startsWith('data:') &&
        !response.url().startsWith('blob:')
      )
        outside.push(response.url());
    });
    await page.goto(served.url);
    await page.waitForFunction(
      () =>
        ['loaded', 'failed', 'offline'].includes(
          (globalThis as unknown as PageGlobals).document.getElementById('status').className,
        ),
      undefined,
      { timeout: 90_000 },
    );
  }

  async function query(sql: string): Promise<readonly string[]> {
    return page.evaluate(async (text) => {
      const { app } = (globalThis as unknown as PageGlobals).document.getElementById('ui').contentWindow;
      const result = await app.trace.engine.query(text);
      const [column = ''] = result.columns();
      const values: string[] = [];
      for (const row = result.iter({}); row.valid(); row.next()) values.push(String(row.get(column)));
      return values;
    }, sql);
  }

  const theme = (): Promise<string> =>
    page.evaluate(() =>
      (globalThis as unknown as PageGlobals).document
        .getElementById('ui')
        .contentWindow.app.settings.get('theme')
        .get(),
    );
  const heard = (type: string): Promise<readonly Heard[]> =>
    page.evaluate(
      (wanted) => (globalThis as unknown as PageGlobals).heard.filter((message) => message.type === wanted),
      type,
    );

  it('opens whole, in the theme, without a word to the outside', async () => {
    const path = join(folder, 'rank0.json.gz');
    await writeTrace(path, 2e6);
    const summary = await service.summary(path, new AbortController().signal);
    assert.ok(summary.streams['0/7']!.starts_before_previous_end > 0, 'the trace must have kernels that cross');
    await open(path, true);
    assert.equal(await page.textContent('#status'), '');
    assert.deepEqual(await query(`select count(*) from slice where category = 'kernel'`), [
      String(summary.events_by_cat['kernel']),
    ]);
    assert.deepEqual(await query(`select name from process where pid = 0 and name is not null`), [
      'GPU 0 \u00B7 rank 0',
    ]);
    assert.equal(await theme(), 'dark');
    await page.evaluate(() => (globalThis as unknown as PageGlobals).postMessage({ type: 'theme', dark: false }, '*'));
    await page.waitForFunction(
      () =>
        (globalThis as unknown as PageGlobals).document
          .getElementById('ui')
          .contentWindow.app.settings.get('theme')
          .get() === 'light',
    );
    assert.deepEqual(outside, []);
    const states = (await heard('state')).map((message) => message.state);
    assert.equal(states[0], 'loading');
    assert.equal(states.at(-1), 'loaded');
  });

  it('passes the keys of the command palette up, and only those', async () => {
    const path = join(folder, 'keys.json');
    await writeFile(path, '{"traceEvents": [{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":1,"dur":2}]}');
    await open(path, false);
    const body = page.frames()[1]!.locator('body');
    for (const key of ['w', 'F1', 'Control+Shift+P', 'Control+P']) await body.press(key);
    await page.waitForFunction(
      () => (globalThis as unknown as PageGlobals).heard.filter((message) => message.type === 'key').length >= 3,
    );
    assert.deepEqual(
      (await heard('key')).map((message) => message.key),
      ['F1', 'P', 'P'],
    );
  });

  it('tells when the UI could not open it', async () => {
    // Sound for our reader, which skips what is no JSON; Perfetto refuses it as a whole.
    const path = join(folder, 'odd.json');
    await writeFile(
      path,
      `{"traceEvents": [{"ph":"X","name":"a","pid":0,"tid":1,"ts":1,"dur":1}, }]] {"ph" oops, {"ph":"X","name":"b","pid":0,"tid":1,"ts":1,"dur":1}]}`,
    );
    await open(path, false);
    const last = (await heard('state')).at(-1);
    assert.equal(last?.state, 'failed');
    assert.match((await page.textContent('#status')) ?? '', /Perfetto could not open the trace/);
  });
});

import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { toCsv, toMarkdown } from '../../src/benchmarks/export.ts';
import { FROM_RESULTS, type FromResults, type ToResults } from '../../src/protocol/results.ts';
import { until } from '../support/until.ts';
import { aggregate, figures, latency, point, run, state, sweep } from './support/runs.ts';
import { THEMES } from './support/themes.ts';
import { Webview } from './support/webview.ts';

/** As hostile as a folder can name things. */
const HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b> &amp; ${7*7}';

describe('the results page', function () {
  this.timeout(60_000);
  let view: Webview<ToResults, FromResults>;

  before(async () => {
    view = await Webview.launch<ToResults, FromResults>({ bundle: 'results', incoming: FROM_RESULTS });
  });
  beforeEach(() => view.open());
  afterEach(() => view.nothingWrong());
  after(() => view.close());

  const runs = [run('a', { baseline: true }), run('b', { summary: '512 tok/s' }), run('c')];
  const three = state({ runs, chosen: ['a', 'b'], figures: [sweep('a', 1), sweep('b', 1.5)] });
  const tick = (label: string): Locator => view.page.getByRole('checkbox', { name: label });
  const table = (): Locator => view.page.locator('.table-frame table');
  const heading = (name: string): Locator => table().getByRole('columnheader', { name });
  const ticked = async (): Promise<readonly boolean[]> =>
    Promise.all(['run a', 'run b', 'run c'].map((label) => tick(label).isChecked()));
  /** The cells below this heading. */
  const column = async (title: string): Promise<readonly string[]> => {
    const [head = [], ...body] = await view.rows(table());
    const at = head.findIndex((text) => text === title);
    assert.notEqual(at, -1, `${title} is none of ${head.join(', ')}`);
    return body.map((cells) => cells[at] ?? '');
  };
  const chosenOf = ({ turn, runIds }: { readonly turn: number; readonly runIds: readonly string[] }) => ({
    turn,
    runIds,
  });

  it('says what helps where no run has finished', async () => {
    await view.tell(state({}));
    assert.match(await view.page.getByRole('status').innerText(), /No benchmark has finished yet/);
    await view.accessible('none');
    await view.page.getByRole('button', { name: 'Run Benchmark' }).click();
    assert.deepEqual(await view.said('run'), { type: 'run' });
    await view.tell(three);
    assert.equal(await view.page.getByRole('status').filter({ hasText: 'No benchmark' }).count(), 0);
    assert.equal((await view.rows(table())).length, 7);
  });

  it('asks to choose where no run is chosen', async () => {
    await view.tell(state({ runs }));
    await view.page.getByText('Choose a run at the side.').waitFor();
    assert.deepEqual([await ticked(), await table().count()], [[false, false, false], 0]);
    await view.accessible('unchosen');
  });

  it('shows the figures of the message, and the difference to the baseline at the same load', async () => {
    await view.tell(three);
    assert.deepEqual(await view.rows(table()), [
      [
        'Run',
        'Concurrency',
        'Requests',
        'Failed',
        'Requests 1/s',
        'Output tok/s',
        'Per GPU tok/s',
        'Per user tok/s',
        'TTFT p50 ms',
        'TTFT p99 ms',
        'TPOT p50 ms',
        'ITL p50 ms',
        'ITL p99 ms',
        'E2E p50 ms',
      ],
      [
        'run a baseline',
        '1',
        '100',
        '0',
        '0.50',
        '96.4',
        '12.1',
        '125',
        '21.0',
        '58.0',
        '8.00',
        '7.50',
        '21.0',
        '1,900',
      ],
      [
        'run a baseline',
        '8',
        '800',
        '0',
        '4.00',
        '771',
        '96.4',
        '125',
        '28.0',
        '79.0',
        '8.00',
        '7.50',
        '21.0',
        '1,900',
      ],
      [
        'run a baseline',
        '64',
        '6,400',
        '7',
        '32.0',
        '6,170',
        '771',
        '125',
        '84.0',
        '247',
        '8.00',
        '7.50',
        '21.0',
        '1,900',
      ],
      [
        'run b',
        '1',
        '100',
        '0',
        '0.75 +50.0 % better',
        '145 +50.0 % better',
        '18.1 +50.0 % better',
        '83.3 -33.3 % worse',
        '31.5 +50.0 % worse',
        '87.0 +50.0 % worse',
        '12.0 +50.0 % worse',
        '11.3 +50.0 % worse',
        '31.5 +50.0 % worse',
        '2,850 +50.0 % worse',
      ],
      [
        'run b',
        '8',
        '800',
        '0',
        '6.00 +50.0 % better',
        '1,157 +50.0 % better',
        '145 +50.0 % better',
        '83.3 -33.3 % worse',
        '42.0 +50.0 % worse',
        '119 +50.0 % worse',
        '12.0 +50.0 % worse',
        '11.3 +50.0 % worse',
        '31.5 +50.0 % worse',
        '2,850 +50.0 % worse',
      ],
      [
        'run b',
        '64',
        '6,400',
        '7',
        '48.0 +50.0 % better',
        '9,254 +50.0 % better',
        '1,157 +50.0 % better',
        '83.3 -33.3 % worse',
        '126 +50.0 % worse',
        '371 +50.0 % worse',
        '12.0 +50.0 % worse',
        '11.3 +50.0 % worse',
        '31.5 +50.0 % worse',
        '2,850 +50.0 % worse',
      ],
    ]);
  });

  it('shows a dash for what a file does not say, and no column for what no file says', async () => {
    await view.tell(
      state({
        runs,
        chosen: ['a', 'b'],
        figures: [
          figures('a', [point(4, { ttft_ms: latency(10, 20) })], { gpus: null }),
          figures('b', [point(4, { ttft_ms: null, output_token_throughput: 0 })], { gpus: null }),
        ],
      }),
    );
    assert.deepEqual(await view.rows(table()), [
      ['Run', 'Concurrency', 'Requests', 'Failed', 'Output tok/s', 'TTFT p50 ms', 'TTFT p99 ms'],
      ['run a baseline', '4', '100', '0', '–', '10.0', '20.0'],
      ['run b', '4', '100', '0', '0.00', '–', '–'],
    ]);
    await view.page.getByText('2 points are not drawn: their files do not say both figures.').waitFor();
  });

  it('sorts by a heading, by mouse and by keyboard, with what is not known at the end', async () => {
    await view.tell(
      state({
        runs,
        chosen: ['a', 'b', 'c'],
        figures: [
          figures('a', [point(1, { output_token_throughput: 30 })]),
          figures('b', [point(2)]),
          figures('c', [point(3, { output_token_throughput: 7 })]),
        ],
      }),
    );
    const order = (): Promise<readonly string[]> => column('Concurrency');
    await heading('Output').getByRole('button').click();
    assert.deepEqual(
      [await order(), await heading('Output').getAttribute('aria-sort')],
      [['3', '1', '2'], 'ascending'],
    );
    await view.page.keyboard.press('Enter');
    assert.deepEqual(
      [await order(), await heading('Output').getAttribute('aria-sort')],
      [['1', '3', '2'], 'descending'],
    );
    await view.page.keyboard.press('Shift+Tab');
    await view.page.keyboard.press('Space');
    assert.equal(await heading('Output').getAttribute('aria-sort'), 'none');
    assert.equal(await heading('Failed').getAttribute('aria-sort'), 'ascending');
  });

  it('counts two quick ticks both, before the first is answered', async () => {
    await view.tell(state({ runs }));
    await tick('run a').check();
    await tick('run c').check();
    await tick('run b').check();
    await tick('run a').uncheck();
    assert.deepEqual(chosenOf(await view.said('choose', 4)), { turn: 4, runIds: ['c', 'b'] });
  });

  it('never shows an older answer under newer ticks', async () => {
    await view.tell(state({ runs }));
    await tick('run a').check();
    await tick('run b').check();
    // The host answers both choices; the first one's runs are large.
    await view.tell(state({ turn: 1, runs, chosen: ['a'], figures: [sweep('a', 1)] }));
    assert.deepEqual([await ticked(), await table().count()], [[true, true, false], 0]);
    await view.tell({ ...three, turn: 2 });
    assert.equal((await view.rows(table())).length, 7);
    await view.tell(state({ turn: 1, runs, chosen: ['a'], figures: [sweep('a', 3)] }));
    assert.deepEqual([await ticked(), (await view.rows(table())).length], [[true, true, false], 7]);
    assert.deepEqual(await view.memory(), { chosen: ['a', 'b'] });
  });

  it('follows a choice that was made elsewhere, and numbers its own after it', async () => {
    await view.tell(state({ turn: 5, runs, chosen: ['c'], figures: [sweep('c', 1)] }));
    assert.deepEqual(await ticked(), [false, false, true]);
    await tick('run a').check();
    assert.deepEqual(chosenOf(await view.said('choose')), { turn: 6, runIds: ['c', 'a'] });
    await view.tell(state({ turn: 6, runs, chosen: ['b'], figures: [sweep('b', 1)] }));
    assert.deepEqual(await ticked(), [false, true, false]);
  });

  it('remembers the choice at once, for a window that is reloaded before the answer', async () => {
    await view.tell(three);
    await tick('run c').check();
    await view.reload();
    assert.deepEqual(await view.memory(), { chosen: ['a', 'b', 'c'] });
    await view.tell(state({ turn: 1, runs, chosen: ['a', 'b', 'c'], figures: [sweep('a', 1)] }));
    assert.deepEqual(await ticked(), [true, true, true]);
  });

  it('is worked by keyboard alone, and a newer picture leaves the keyboard where it is', async () => {
    await view.tell(three);
    const { keyboard } = view.page;
    await tick('run b').focus();
    await keyboard.press('Space');
    assert.deepEqual((await view.said('choose')).runIds, ['a']);
    await view.tell(state({ turn: 1, runs, chosen: ['a'], figures: [sweep('a', 1)] }));
    assert.match(await view.focused(), /^run b/);
    await keyboard.press('Tab');
    assert.equal(await view.focused(), 'Pin run b as baseline');
    await keyboard.press('Enter');
    assert.deepEqual(await view.said('pin'), { type: 'pin', runId: 'b' });
    await view.tell(
      state({ turn: 1, runs: [run('a'), run('b', { baseline: true })], chosen: ['a'], figures: [sweep('a', 1)] }),
    );
    assert.equal(await view.focused(), 'Pin run b as baseline');
    await heading('TTFT p99').getByRole('button').focus();
    await view.tell({ ...three, turn: 1 });
    assert.match(await view.focused(), /^TTFT p99/);
  });

  it('shows which run is the baseline', async () => {
    await view.tell(three);
    const pressed = async (): Promise<readonly (string | null)[]> =>
      Promise.all(
        ['a', 'b'].map((id) =>
          view.page.getByRole('button', { name: `Pin run ${id} as baseline` }).getAttribute('aria-pressed'),
        ),
      );
    assert.deepEqual(await pressed(), ['true', 'false']);
    await view.page.getByRole('button', { name: 'Pin run b as baseline' }).click();
    assert.deepEqual(await view.said('pin'), { type: 'pin', runId: 'b' });
    assert.deepEqual(await pressed(), ['true', 'false'], 'it is the ledger that says so');
  });

  it('draws what is chosen: the kind by the arrow keys, the latency, the axis', async () => {
    await view.tell(three);
    const chart = view.page.locator('.chart');
    const pixels = (): Promise<string> =>
      chart.locator('canvas').evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL());
    const pictures = [await pixels()];
    const changed = async (): Promise<void> => {
      await until(async () => !pictures.includes(await pixels()));
      pictures.push(await pixels());
    };
    await view.page.getByRole('combobox', { name: 'Latency' }).selectOption('Whole request');
    await changed();
    await view.page.getByRole('checkbox', { name: 'Log load axis' }).uncheck();
    await changed();
    await view.page.getByRole('radio', { name: 'Latency' }).focus();
    for (const kind of ['Throughput', 'Pareto']) {
      await view.page.keyboard.press('ArrowRight');
      await changed();
      assert.equal(await chart.getAttribute('aria-label'), `${kind} of 2 runs; the table below holds the same figures`);
    }
    assert.equal(await view.page.getByRole('combobox', { name: 'Latency' }).count(), 0);
    await view.page.keyboard.press('ArrowRight');
    await view.page.getByText('None of the chosen runs had parallel workers.').waitFor();
  });

  it('shows what parallel workers make together, and which are missing', async () => {
    await view.tell(
      state({
        runs,
        chosen: ['a'],
        figures: [figures('a', [point(128, { output_token_throughput: 1998.4 })], { aggregate })],
      }),
    );
    const card = view.page.locator('.aggregate');
    assert.equal(await card.getByRole('heading').innerText(), 'run a: 2 workers, missing 2');
    assert.deepEqual(await card.locator('dd').allInnerTexts(), [
      '1,998 tok/s',
      '1,969 tok/s',
      '2,001 tok/s',
      '84.6 %',
      '1,000 ok, 4 failed',
      '38.2 / 91.7 ms',
    ]);
    await view.page.getByText('run a: Worker 2 left no result.').waitFor();
    await view.page.getByText('Workers', { exact: true }).click();
    assert.equal(await view.page.getByText('None of the chosen runs had').count(), 0);
    await view.accessible('workers');
  });

  it('says what could not be read beside what could', async () => {
    await view.tell(
      state({
        runs,
        chosen: ['a'],
        figures: [
          figures('a', [point(1)], {
            errors: [{ path: 'x.json', code: 'too-large', message: 'x.json has 9 GB.', hint: 'Keep it elsewhere.' }],
            warnings: [
              { code: 'cut', message: 'The last line is cut.' },
              { code: 'cut', message: 'The last line is cut.' },
            ],
          }),
        ],
      }),
    );
    assert.deepEqual(await view.page.locator('.warnings li').allInnerTexts(), [
      'run a: x.json has 9 GB. Keep it elsewhere.',
      'run a: The last line is cut.',
    ]);
    await view.tell(three);
    assert.equal(await view.page.locator('.warnings').isVisible(), false);
  });

  it('shows a failure with what to do, and comes back from it', async () => {
    await view.tell({
      type: 'failed',
      message: 'The ledger of /work cannot be read',
      hint: 'Look at its permissions.',
    });
    const notice = view.page.getByRole('status');
    assert.match(await notice.innerText(), /The ledger of \/work cannot be read\s+Look at its permissions\./);
    await view.accessible('failed');
    await view.page.getByRole('button', { name: 'Try Again' }).click();
    assert.deepEqual(await view.said('again'), { type: 'again' });
    await view.tell(three);
    assert.equal((await view.rows(table())).length, 7);
    await view.tell({ type: 'failed', message: 'Once more', hint: '' });
    await view.tell(three);
    assert.ok(await view.page.locator('.chart canvas').isVisible());
  });

  it('exports what is shown', async () => {
    await view.tell(three);
    const shown = [
      { id: 'a', label: 'run a', gpus: 8, points: sweep('a', 1).points },
      { id: 'b', label: 'run b', gpus: 8, points: sweep('b', 1.5).points },
    ];
    const choose = async (action: string): Promise<void> => {
      await view.page.locator('summary').click();
      await view.page.getByRole('button', { name: action }).click();
      assert.equal(await view.page.locator('.menu-list').isVisible(), false);
      assert.match(await view.focused(), /Export/);
    };
    await choose('Copy as CSV');
    assert.deepEqual(await view.said('copy'), { type: 'copy', what: 'CSV', text: toCsv(shown) });
    await choose('Copy as Markdown');
    assert.deepEqual(await view.said('copy', 2), { type: 'copy', what: 'Markdown table', text: toMarkdown(shown) });
    await choose('Save as CSV...');
    assert.deepEqual(await view.said('save'), {
      type: 'save',
      name: 'results.csv',
      encoding: 'text',
      data: toCsv(shown),
    });
    await choose('Save chart as PNG...');
    const png = await view.said('save', 2);
    assert.deepEqual([png.name, png.encoding], ['latency.png', 'base64']);
    const bytes = Buffer.from(png.data, 'base64');
    assert.equal(bytes.subarray(1, 4).toString('latin1'), 'PNG');
    const width = bytes.readUInt32BE(16);
    assert.equal(
      width,
      2 * (await view.page.locator('.chart').evaluate((place: { clientWidth: number }) => place.clientWidth)),
    );
  });

  it('has a menu for the keyboard: arrows go round, Escape and Tab close it', async () => {
    await view.tell(three);
    const { keyboard } = view.page;
    const list = view.page.locator('.menu-list');
    await view.page.locator('summary').focus();
    await keyboard.press('Enter');
    await list.waitFor();
    const walked: string[] = [];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp', 'ArrowDown']) {
      await keyboard.press(key);
      walked.push(await view.focused());
    }
    assert.deepEqual(walked, ['Copy as CSV', 'Copy as Markdown', 'Copy as CSV', 'Save chart as PNG...', 'Copy as CSV']);
    await keyboard.press('Escape');
    assert.deepEqual([await list.isVisible(), await view.focused()], [false, 'Export']);
    await keyboard.press('Space');
    await keyboard.press('ArrowUp');
    await keyboard.press('Tab');
    assert.equal(await list.isVisible(), false, 'the keyboard has left it');
  });

  it('shows names from outside as text', async () => {
    await view.tell(
      state({
        runs: [run(HOSTILE, { label: HOSTILE, deployment: HOSTILE, model: HOSTILE, summary: HOSTILE })],
        chosen: [HOSTILE],
        figures: [
          figures(HOSTILE, [point(1, { label: HOSTILE, ttft_ms: latency(10, 20) })], {
            aggregate: { ...aggregate, workers: aggregate.workers.slice(0, 1), warnings: [] },
            errors: [{ path: 'x', code: 'too-large', message: HOSTILE, hint: HOSTILE }],
          }),
        ],
      }),
    );
    assert.equal(await view.page.locator('.run-label').innerText(), HOSTILE);
    assert.equal(await view.page.locator('.warnings li').innerText(), `${HOSTILE}: ${HOSTILE} ${HOSTILE}`);
    await tick(HOSTILE).focus();
    await view.page.keyboard.press('Space');
    assert.deepEqual((await view.said('choose')).runIds, []);
    await view.page.getByRole('radio', { name: 'Workers' }).focus();
    await view.page.keyboard.press('Space');
    await view.page.locator('.chart').hover();
    await view.page.locator('.chart strong').filter({ hasText: HOSTILE }).waitFor();
    assert.equal(await view.page.locator('#app img, #app b').count(), 0);
  });

  it('follows the theme while it is open, in the chart too', async () => {
    await view.tell(three);
    const seen = new Set<string>();
    for (const theme of THEMES) {
      await view.setTheme(theme);
      await view.accessible('chosen');
      seen.add(
        await view.page.locator('.chart canvas').evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL()),
      );
    }
    assert.equal(seen.size, THEMES.length);
  });
});

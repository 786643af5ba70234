import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { FROM_LIVE_FIGURES, type FromLiveFigures, type ToLiveFigures } from '../../src/protocol/live-figures.ts';
import { until } from '../support/until.ts';
import { chart, line, picture } from './support/live.ts';
import { THEMES } from './support/themes.ts';
import { Webview } from './support/webview.ts';

const HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b> &amp; ${7*7}';

describe('the live figures page', function () {
  this.timeout(60_000);
  let view: Webview<ToLiveFigures, FromLiveFigures>;

  before(async () => {
    view = await Webview.launch<ToLiveFigures, FromLiveFigures>({
      bundle: 'live-figures',
      incoming: FROM_LIVE_FIGURES,
    });
  });
  beforeEach(() => view.open());
  afterEach(() => view.nothingWrong());
  after(() => view.close());

  const two = picture([
    line('decode 0', { generationRate: [900, 1000, 1234.5], running: [7, 8, 9], kvCacheUse: [0.5, 0.55, 0.625] }),
    line('decode 1', { generationRate: [null, 800, null], running: [1, 2, 0], kvCacheUse: [0.1, 0.1, 0.1] }),
  ]);
  const table = (): Locator => view.page.locator('.table-frame table');
  const tick = (label: string): Locator => view.page.getByRole('checkbox', { name: label, exact: true });
  const titles = (): Promise<readonly string[]> => view.page.locator('.small-chart h2').allInnerTexts();
  const spoken = async (): Promise<readonly (string | null)[]> =>
    Promise.all((await view.page.getByRole('img').all()).map((place) => place.getAttribute('aria-label')));
  const pixels = (): Promise<string> =>
    view.page
      .locator('canvas')
      .first()
      .evaluate((canvas: { toDataURL(): string }) => canvas.toDataURL());

  it('says why there is nothing to draw, and what helps', async () => {
    const cases = [
      ['toggle', 'Switch On'],
      ['deploy', 'Deploy'],
      ['context', 'Select Context'],
    ] as const;
    for (const [at, [help, label]] of cases.entries()) {
      await view.tell({ type: 'nothing', icon: 'broadcast', title: `Nothing ${help}`, detail: 'Because.', help });
      assert.match(await view.page.getByRole('status').innerText(), new RegExp(`Nothing ${help}\\s+Because\\.`));
      await view.page.getByRole('button', { name: label }).click();
      assert.deepEqual(await view.said('help', at + 1), { type: 'help', help });
    }
    await view.accessible('nothing');
    await view.tell({ type: 'nothing', icon: 'warning', title: 'The metrics cannot be read', detail: '', help: null });
    assert.equal(await view.page.getByRole('button').count(), 0);
  });

  it('does not say the same words anew, which would be read aloud every few seconds', async () => {
    const nothing: ToLiveFigures = {
      type: 'nothing',
      icon: 'sync',
      title: 'Asking',
      detail: 'In a moment.',
      help: 'toggle',
    };
    await view.tell(nothing);
    await view.page.getByRole('button', { name: 'Switch On' }).focus();
    await view.tell(nothing);
    assert.match(await view.focused(), /Switch On/);
  });

  it('shows the latest figures of the message, and a dash for what is not known', async () => {
    await view.tell(two);
    assert.deepEqual(await view.rows(table()), [
      ['Line', 'Output tok/s', 'Running requests', 'KV cache % in use'],
      ['decode 0', '1,235', '9', '62.5 %'],
      ['decode 1', '–', '0', '10.0 %'],
    ]);
    assert.deepEqual(await titles(), ['Output tok/s', 'Running requests', 'KV cache % in use']);
    assert.equal(await view.page.getByText('2 ranks · every 5 s · the last 15 minutes').count(), 1);
    await view.tell(picture([line('decode 0', { generationRate: [1000, 1234.5, 7] })]));
    assert.deepEqual(await view.rows(table()), [
      ['Line', 'Output tok/s'],
      ['decode 0', '7'],
    ]);
    assert.deepEqual(await titles(), ['Output tok/s'], 'a figure that no line has any more');
    await view.tell(two);
    assert.deepEqual(await titles(), ['Output tok/s', 'Running requests', 'KV cache % in use'], 'in their order again');
  });

  it('draws newer figures into the same charts', async () => {
    await view.tell(two);
    await view.page
      .locator('canvas')
      .first()
      .evaluate((canvas: { marked?: boolean }) => void (canvas.marked = true));
    const before = await pixels();
    await view.tell(
      picture([
        line('decode 0', { generationRate: [1000, 1234.5, 30] }),
        line('decode 1', { generationRate: [800, 1, 2] }),
      ]),
    );
    await until(async () => (await pixels()) !== before);
    assert.equal(
      await view.page
        .locator('canvas')
        .first()
        .evaluate((canvas: { marked?: boolean }) => canvas.marked),
      true,
    );
  });

  it('shows a value between two gaps, which is no line', async () => {
    const withValue = (value: number | null): ToLiveFigures =>
      picture([
        line('decode 0', { generationRate: [900, 1000, 1100] }),
        line('decode 1', { generationRate: [null, value, null] }),
      ]);
    await view.tell(withValue(null));
    const before = await pixels();
    await view.tell(withValue(500));
    await until(async () => (await pixels()) !== before);
    // Nor is one between two pauses in which nobody looked.
    const paused = (value: number | null): ToLiveFigures => ({
      ...picture([]),
      chart: {
        times: [0, 60_000, 120_000],
        lines: [line('decode 0', { generationRate: [1, value, 1] })],
        gapMs: 15_000,
      },
    });
    await view.tell(paused(null));
    const empty = await pixels();
    await view.tell(paused(1));
    await until(async () => (await pixels()) !== empty);
  });

  it('hides a line by its tick, by keyboard too, and keeps it hidden over rounds and reloads', async () => {
    await view.tell(two);
    const before = await pixels();
    await tick('decode 1').focus();
    await view.page.keyboard.press('Space');
    assert.deepEqual(
      [await tick('decode 1').isChecked(), (await view.rows(table())).length, (await view.focused()).trim()],
      [false, 3, 'decode 1'],
    );
    assert.match((await spoken())[0] ?? '', /^Output in tok\/s over the last 15 minutes, 1 line;/);
    await until(async () => (await pixels()) !== before);
    await view.tell(two);
    assert.deepEqual([await tick('decode 1').isChecked(), (await view.focused()).trim()], [false, 'decode 1']);
    assert.deepEqual(await view.memory(), { lines: null, hidden: ['decode 1'] });
    await view.reload();
    await view.tell(two);
    assert.deepEqual([await tick('decode 0').isChecked(), await tick('decode 1').isChecked()], [true, false]);
    await tick('decode 1').check();
    assert.deepEqual(await view.memory(), { lines: null, hidden: [] });
    assert.match((await spoken())[0] ?? '', /, 2 lines;/);
  });

  it('asks for lines by role or by rank, by the arrow keys, and remembers it', async () => {
    await view.tell(two);
    const role = view.page.getByRole('radio', { name: 'By role' });
    const rank = view.page.getByRole('radio', { name: 'By rank' });
    assert.deepEqual([await role.isChecked(), await rank.isChecked()], [false, true]);
    await rank.focus();
    await view.page.keyboard.press('ArrowLeft');
    assert.deepEqual(await view.said('lines'), { type: 'lines', lines: 'role' });
    assert.deepEqual(await view.memory(), { lines: 'role', hidden: [] });
    await view.tell(picture([line('decode', { generationRate: [1, 2, 3] }, { kind: 'role' })], { lines: 'role' }));
    assert.deepEqual([await role.isChecked(), await rank.isChecked()], [true, false]);
    await view.reload();
    await view.tell(two);
    await tick('decode 0').uncheck();
    assert.deepEqual(await view.memory(), { lines: 'role', hidden: ['decode 0'] });
  });

  it('starts with nothing hidden where what was kept is of another shape', async () => {
    for (const kept of [null, 7, 'x', {}, { hidden: 'decode 1' }, { lines: 'pod', hidden: [7, 'decode 1'] }]) {
      await view.keep(kept);
      await view.reload();
      await view.tell(two);
      const hidden = typeof kept === 'object' && kept !== null && 'lines' in kept;
      assert.deepEqual([await tick('decode 0').isChecked(), await tick('decode 1').isChecked()], [true, !hidden]);
    }
  });

  it('says what the figures leave out', async () => {
    await view.tell({ ...two, warnings: ['pod-1 does not answer. Look at its logs.'] });
    assert.deepEqual(await view.page.locator('.warnings li').allInnerTexts(), [
      'pod-1 does not answer. Look at its logs.',
    ]);
    await view.accessible('warning');
    await view.tell(two);
    assert.equal(await view.page.locator('.warnings').isVisible(), false);
  });

  it('exports all rounds of all lines, hidden ones too, and switches off', async () => {
    await view.tell({ ...two, chart: chart(two.chart.lines.slice(0, 1), 2) });
    await tick('decode 0').uncheck();
    const csv = [
      'time,line,generationRate,promptRate,running,waiting,kvCacheUse,prefixHitRate,queue',
      '2026-11-28T11:59:55.000Z,decode 0,900,,7,,0.5,,',
      '2026-11-28T12:00:00.000Z,decode 0,1000,,8,,0.55,,',
    ];
    const choose = async (action: string): Promise<void> => {
      await view.page.locator('summary').click();
      await view.page.getByRole('button', { name: action }).click();
    };
    await choose('Copy as CSV');
    const { what, text } = await view.said('copy');
    assert.deepEqual([what, text.trim().split(/\r?\n/)], ['CSV', csv]);
    await choose('Save as CSV...');
    assert.deepEqual(await view.said('save'), { type: 'save', text });
    await view.page.getByRole('button', { name: 'Switch Off' }).click();
    assert.deepEqual(await view.said('help'), { type: 'help', help: 'toggle' });
  });

  it('goes from figures to nothing and back', async () => {
    await view.tell(two);
    await view.tell({ type: 'nothing', icon: 'broadcast', title: 'Live figures are off', detail: '', help: 'toggle' });
    assert.equal(await table().count(), 0);
    await view.setTheme('light');
    await view.tell(two);
    assert.deepEqual([(await view.rows(table())).length, await view.page.locator('canvas').count()], [3, 3]);
    assert.ok(await view.page.locator('canvas').first().isVisible());
  });

  it('shows names from outside as text, in a hover too', async () => {
    await view.tell({
      ...picture([line(HOSTILE, { generationRate: [5, 5, 5] })]),
      headline: HOSTILE,
      warnings: [HOSTILE],
    });
    assert.deepEqual(await view.page.locator('.warnings li').allInnerTexts(), [HOSTILE]);
    assert.equal(await view.page.locator('.toolbar .grow').innerText(), HOSTILE);
    await view.page.locator('.chart').hover();
    await view.page.locator('.hover-line').filter({ hasText: HOSTILE }).waitFor();
    await tick(HOSTILE).uncheck();
    assert.deepEqual(await view.memory(), { lines: null, hidden: [HOSTILE] });
    await view.tell({ type: 'nothing', icon: HOSTILE, title: HOSTILE, detail: HOSTILE, help: null });
    assert.equal(await view.page.getByRole('heading', { level: 1 }).innerText(), HOSTILE);
    assert.equal(await view.page.locator('#app img, #app b:not(.hover-line b)').count(), 0);
  });

  it('tells more lines than there are colours apart, in every theme', async () => {
    await view.tell(
      picture(Array.from({ length: 10 }, (_, index) => line(`decode ${index}`, { generationRate: [1, 2, 3 + index] }))),
    );
    const pictures = new Set<string>();
    for (const theme of THEMES) {
      await view.setTheme(theme);
      await view.accessible('lines');
      const strokes = await view.page.evaluate<readonly string[]>(
        `[...document.querySelectorAll('tbody .swatch')].map((swatch) => {
          const { borderTopColor, borderTopStyle } = getComputedStyle(swatch);
          return borderTopColor + borderTopStyle;
        })`,
      );
      assert.equal(new Set(strokes).size, 10, `${theme}: ${strokes.join(' ')}`);
      pictures.add(await pixels());
    }
    assert.equal(pictures.size, THEMES.length, 'the charts follow');
  });
});

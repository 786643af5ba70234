import assert from 'node:assert/strict';
import { FROM_TRACE_SUMMARY, type FromTraceSummary, type ToTraceSummary } from '../../src/protocol/trace-summary.ts';
import { device, kernel, trace } from './support/traces.ts';
import { THEMES } from './support/themes.ts';
import { Webview } from './support/webview.ts';

const HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b> &amp; ${7*7}';

describe('the trace summary page', function () {
  this.timeout(60_000);
  let view: Webview<ToTraceSummary, FromTraceSummary>;

  before(async () => {
    view = await Webview.launch<ToTraceSummary, FromTraceSummary>({
      bundle: 'trace-summary',
      incoming: FROM_TRACE_SUMMARY,
    });
  });
  beforeEach(() => view.open());
  afterEach(() => view.nothingWrong());
  after(() => view.close());

  const show = (more: Parameters<typeof trace>[0] = {}): Promise<void> =>
    view.tell({ type: 'summary', trace: trace(more) });
  const section = (title: string) =>
    view.page.locator('section', { has: view.page.getByRole('heading', { name: title, exact: true }) });
  const kernels = async (): Promise<readonly string[]> =>
    (await view.rows(section('Kernels').locator('table'))).slice(1).map(([name = '']) => name.split(' ')[0] ?? '');
  const figures = async (): Promise<Readonly<Record<string, string>>> => {
    const texts = await view.page.getByRole('region', { name: 'Key figures' }).locator('.figure').allInnerTexts();
    return Object.fromEntries(texts.map((text) => text.split('\n')).map(([value, name]) => [name, value]));
  };

  it('shows its shape while the trace is read', async () => {
    await view.tell({ type: 'reading', path: '/work/a.json', name: 'a.json' });
    assert.equal(await view.page.getByRole('heading', { level: 1 }).innerText(), 'a.json');
    assert.equal(await view.page.locator('[aria-busy=true]').count(), 1);
    await view.accessible('reading');
    await show();
    assert.equal(await view.page.locator('[aria-busy=true]').count(), 0);
  });

  it('shows the figures of the message: of all devices, by their time', async () => {
    await show();
    // 2.3 of 4 ms; steps on the GPU alone, of which there are two.
    assert.deepEqual(await figures(), {
      'Step p50': '5.00 ms',
      'GPU busy': '57.5 %',
      'Exposed communication': '3.8 %',
      'Exposed copies': '1.3 %',
      Idle: '42.5 %',
    });
    assert.equal(
      await view.page.locator('.figure').first().getAttribute('title'),
      'Median of 2 steps, measured on the GPU',
    );
    assert.match(
      await view.page.locator('header').innerText(),
      /rank 0 of 16 · NVIDIA H200 · 123,456 events · 12\.3 MB on disk, 456 MB of JSON · 1 graph launch$/m,
    );
    assert.deepEqual(
      await Promise.all((await view.page.getByRole('img').all()).map((bar) => bar.getAttribute('aria-label'))),
      [
        'GPU 0: Compute 60.0 %, Exposed communication 15.0 %, Exposed copies 5.0 %, Idle 20.0 %',
        'GPU 1: Compute 50.0 %, Exposed communication 0.0 %, Exposed copies 0.0 %, Idle 50.0 %',
      ],
    );
    assert.deepEqual(await view.rows(section('Steps').locator('table')), [
      ['Step', 'Measured on', 'Start', 'Duration'],
      ['execute_model_1', 'CPU', '500 ns', '90.0 ms'],
      ['execute_model_1', 'GPU', '1.00 µs', '4.00 ms'],
      ['execute_model_2', 'GPU', '5.00 ms', '6.00 ms'],
    ]);
    assert.deepEqual(await view.rows(section('Kernels').locator('table')), [
      ['Kernel', 'Count', 'Total', 'Share', 'Mean', 'Min', 'Max'],
      ['gemm_bf16', '4', '600 µs', '60.0 %', '150 µs', '75.0 µs', '300 µs'],
      ['ncclDevKernel_AllReduce communication', '2', '300 µs', '30.0 %', '150 µs', '37.5 µs', '150 µs'],
      ['rms_norm', '64', '100 µs', '10.0 %', '1.56 µs', '12.5 µs', '50.0 µs'],
    ]);
  });

  it('draws each part of a bar as wide as its share of the time', async () => {
    await show();
    const widths = await view.page
      .locator('.bar')
      .first()
      .locator('.part')
      .evaluateAll((parts: readonly { getBoundingClientRect(): { readonly width: number } }[]) =>
        parts.map((part) => part.getBoundingClientRect().width),
      );
    const whole = widths.reduce((sum, width) => sum + width, 0);
    assert.deepEqual(
      widths.map((width) => Math.round((100 * width) / whole)),
      [60, 15, 5, 20],
    );
  });

  it('says so where the trace holds no GPU event, no step and no kernel', async () => {
    await show({ devices: [], steps: [], kernels: [], kernelTotal: 0, rank: null, device: null, graphLaunches: 0 });
    assert.match(await section('Devices').innerText(), /The trace holds no GPU event/);
    assert.match(await section('Steps').innerText(), /The trace marks no step/);
    assert.match(await section('Kernels').innerText(), /^0 kernels/m);
    assert.deepEqual(new Set(Object.values(await figures())), new Set(['–']));
    await view.accessible('empty');
  });

  it('takes steps of the CPU where none was measured on the GPU', async () => {
    await show({ steps: trace().steps.filter(({ where }) => where === 'CPU') });
    assert.equal((await figures())['Step p50'], '90.0 ms');
    assert.equal(
      await view.page.locator('.figure').first().getAttribute('title'),
      'Median of 1 step, measured on the CPU',
    );
  });

  it('sorts kernels by a heading, by mouse and by keyboard: figures from the largest, names from A', async () => {
    await show();
    const { keyboard } = view.page;
    assert.deepEqual(await kernels(), ['gemm_bf16', 'ncclDevKernel_AllReduce', 'rms_norm']);
    const sortOf = (name: string) => section('Kernels').getByRole('columnheader', { name }).getAttribute('aria-sort');
    await section('Kernels').getByRole('button', { name: 'Count' }).click();
    assert.deepEqual(
      [await kernels(), await sortOf('Count')],
      [['rms_norm', 'gemm_bf16', 'ncclDevKernel_AllReduce'], 'descending'],
    );
    await keyboard.press('Enter');
    assert.deepEqual(
      [await kernels(), await sortOf('Count')],
      [['ncclDevKernel_AllReduce', 'gemm_bf16', 'rms_norm'], 'ascending'],
    );
    await keyboard.press('Shift+Tab');
    await keyboard.press('Space');
    assert.deepEqual(
      [await kernels(), await sortOf('Kernel')],
      [['gemm_bf16', 'ncclDevKernel_AllReduce', 'rms_norm'], 'ascending'],
    );
  });

  it('narrows the kernels to those with a text, and keeps the order', async () => {
    await show();
    const search = view.page.getByRole('textbox', { name: 'Search kernels' });
    await search.fill('M');
    assert.deepEqual(await kernels(), ['gemm_bf16', 'rms_norm']);
    assert.match(await section('Kernels').innerText(), /^2 of 3 kernels/m);
    await search.fill('none of them');
    assert.match(await section('Kernels').innerText(), /^0 of 3 kernels/m);
    await search.fill('');
    assert.equal((await kernels()).length, 3);
  });

  it('draws the first hundred of many kernels, and all of them on demand', async () => {
    await show({ kernels: Array.from({ length: 1234 }, (_, index) => kernel(`kernel_${index}`, 1_000_000 - index)) });
    assert.equal((await kernels()).length, 100);
    assert.match(await section('Kernels').innerText(), /^100 of 1,234 kernels/m);
    const all = section('Kernels').getByRole('button', { name: 'Show All 1,234' });
    await all.focus();
    await view.page.keyboard.press('Enter');
    assert.deepEqual([(await kernels()).length, await all.count()], [1234, 0]);
    assert.equal(await view.focused(), 'Kernels', 'the keyboard can scroll them at once');
  });

  it('opens Perfetto, and copies all kernels at full precision', async () => {
    await show();
    await view.page.getByRole('button', { name: 'Open in Perfetto' }).click();
    assert.deepEqual(await view.said('perfetto'), { type: 'perfetto' });
    await view.page.getByRole('textbox', { name: 'Search kernels' }).fill('rms');
    await view.page.getByRole('button', { name: 'Copy Kernels as CSV' }).click();
    const { what, text } = await view.said('copy');
    assert.deepEqual(
      [what, text.trim().split(/\r?\n/)],
      [
        'Kernel table',
        [
          'name,count,total_ns,min_ns,max_ns,communication',
          'gemm_bf16,4,600000,75000,300000,false',
          'ncclDevKernel_AllReduce,2,300000,37500,150000,true',
          'rms_norm,64,100000,12500,50000,false',
        ],
      ],
    );
  });

  it('shows a failure with what to do, and reads again when it is asked to', async () => {
    await view.tell({
      type: 'failed',
      path: '/work/a.json',
      message: 'a.json ends in the middle',
      hint: 'Copy it again.',
    });
    assert.match(await view.page.getByRole('status').innerText(), /a\.json ends in the middle\s+Copy it again\./);
    await view.accessible('failed');
    await view.page.getByRole('button', { name: 'Read Again' }).click();
    assert.deepEqual(await view.said('again'), { type: 'again' });
    await view.tell({ type: 'reading', path: '/work/a.json', name: 'a.json' });
    await show();
    assert.equal((await kernels()).length, 3);
  });

  it('comes back after a reload whatever became of the trace', async () => {
    const path = '/work/a.json';
    const messages: readonly ToTraceSummary[] = [
      { type: 'reading', path, name: 'a.json' },
      { type: 'failed', path, message: 'gone', hint: '' },
      { type: 'summary', trace: trace({ path }) },
    ];
    for (const message of messages) {
      await view.open();
      assert.equal(await view.memory(), null);
      await view.tell(message);
      await view.reload();
      assert.deepEqual(await view.memory(), { path }, message.type);
    }
  });

  it('shows names from outside as text', async () => {
    await show({
      name: HOSTILE,
      device: HOSTILE,
      warnings: [HOSTILE],
      devices: [device(HOSTILE)],
      steps: [{ name: HOSTILE, where: 'GPU', start: 0, duration: 1 }],
      kernels: [kernel(HOSTILE, 1)],
    });
    assert.equal(await view.page.getByRole('heading', { level: 1 }).innerText(), HOSTILE);
    assert.deepEqual(await view.page.locator('.warnings li').allInnerTexts(), [HOSTILE]);
    assert.deepEqual(await view.page.locator('.name').allInnerTexts(), [HOSTILE, HOSTILE]);
    await view.tell({ type: 'reading', path: 'x', name: HOSTILE });
    assert.equal(await view.page.getByRole('heading', { level: 1 }).innerText(), HOSTILE);
    await view.tell({ type: 'failed', path: 'x', message: HOSTILE, hint: HOSTILE });
    assert.equal(await view.page.getByRole('heading', { level: 1 }).innerText(), HOSTILE);
    assert.equal(await view.page.locator('#app img, #app b').count(), 0);
  });

  it('tells its parts apart in every theme', async () => {
    await show({ warnings: ['The last events are cut.'] });
    for (const theme of THEMES) {
      await view.setTheme(theme);
      await view.accessible('summary');
      const colors = await view.page.evaluate<readonly string[]>(
        "[...document.querySelectorAll('.legend .swatch')].map((swatch) => getComputedStyle(swatch).backgroundColor)",
      );
      assert.equal(new Set(colors).size, 4, `${theme}: ${colors.join(' ')}`);
      assert.ok(!colors.includes('rgba(0, 0, 0, 0)'), `${theme}: ${colors.join(' ')}`);
    }
  });
});

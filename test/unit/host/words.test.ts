import assert from 'node:assert/strict';
import { refusal } from '../../../src/host/ask/asked-value.ts';
import { errorDetails } from '../../../src/host/output.ts';
import { readableYaml } from '../../../src/host/plan-yaml.ts';
import { pageHtml } from '../../../src/host/webviews/html.ts';
import { traceTitle } from '../../../src/host/webviews/trace-title.ts';
import { traceView } from '../../../src/host/webviews/trace-view.ts';
import { formatBytes, formatDuration, formatMs, formatNs, formatShare } from '../../../src/protocol/format.ts';
import { FROM_RESULTS } from '../../../src/protocol/results.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import type { TraceSummary } from '../../../src/traces/types.ts';

describe('the log', () => {
  it('tells an error with its hint and its causes', () => {
    const text = errorDetails(
      new WorkbenchError({ code: 'not-found', message: 'no pod a', hint: 'Look again.', cause: new Error('404') }),
    );
    assert.match(text, /not-found: no pod a \(Look again\.\)\n {2}caused by 404/);
  });
});

describe('figures in words', () => {
  it('carry their unit and say unknown as a dash', () => {
    assert.equal(formatMs(null), '–');
    assert.equal(formatMs(8.424), '8.42 ms');
    assert.equal(formatMs(12_345), '12.3 s');
    assert.equal(formatNs(8_420_000), '8.42 ms');
    assert.equal(formatNs(999), '999 ns');
    assert.equal(formatBytes(131_000_000), '131 MB');
    assert.equal(formatShare(0.2149), '21.5 %');
    assert.equal(formatDuration(252), '4m12s');
    assert.equal(formatDuration(3605), '1h00m');
  });
});

describe('asked values', () => {
  const value = { id: 'n', title: 'n', description: '', default: '1' };

  it('are refused with the reason', () => {
    assert.match(refusal({ ...value, kind: 'integer', minimum: 2 }, '1') ?? '', /At least 2/);
    assert.match(refusal({ ...value, kind: 'integer' }, '1.5') ?? '', /whole number/);
    assert.match(refusal({ ...value, kind: 'integers' }, '1,,2') ?? '', /commas/);
  });

  it('are taken when they fit', () => {
    assert.equal(refusal({ ...value, kind: 'integer', minimum: 2 }, ' 2 '), undefined);
    assert.equal(refusal({ ...value, kind: 'integers' }, '1, 8,64'), undefined);
    assert.equal(refusal({ ...value, kind: 'string' }, 'a b'), undefined);
  });
});

describe('a planned object as YAML', () => {
  it('shows no value of a Secret and none of the bookkeeping', () => {
    const yaml = readableYaml({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', resourceVersion: '7' },
      data: { token: 'aGk=' },
      status: {},
    });
    assert.match(yaml, /token: \(not shown\)/);
    assert.doesNotMatch(yaml, /aGk=|resourceVersion|status/);
  });
});

describe('the page of a webview', () => {
  const page = (): string =>
    pageHtml({
      title: '<a>',
      cspSource: 'https://own',
      script: 's.js',
      style: 's.css',
      frames: ['http://127.0.0.1:1'],
    });

  it('allows one script, by a nonce that no second page has', () => {
    const nonces = [page(), page()].map((html) => /script-src 'nonce-([\w-]{22})'/.exec(html)?.[1]);
    assert.ok(nonces[0]);
    assert.notEqual(nonces[0], nonces[1]);
    assert.match(page(), /default-src 'none'/);
    assert.doesNotMatch(page(), /unsafe-inline|unsafe-eval/);
  });

  it('frames nothing but what it was told and escapes its title', () => {
    assert.match(page(), /frame-src http:\/\/127\.0\.0\.1:1"/);
    assert.match(page(), /<title>&#60;a&#62;<\/title>/);
  });
});

describe('messages from a page', () => {
  it('are refused when they do not fit', () => {
    for (const message of [
      null,
      {},
      { type: 'choose', turn: 1, runIds: [1] },
      { type: 'choose', turn: -1, runIds: ['a'] },
      { type: 'choose', runIds: ['a'] },
      { type: 'save', name: '../x', encoding: 'text', data: '' },
    ])
      assert.equal(FROM_RESULTS.safeParse(message).success, false);
    assert.equal(FROM_RESULTS.safeParse({ type: 'choose', turn: 1, runIds: ['a'] }).success, true);
  });
});

describe('a trace summary for the page', () => {
  it('has its times after the first event, exact above 2^53', () => {
    const start = 1_734_000_000_000_000_123n;
    const summary = {
      path: '/t/a.json',
      file_bytes: 1,
      json_bytes: 1,
      events: 1,
      events_by_cat: {},
      events_by_ph: {},
      meta: {
        rank: 0,
        world_size: 1,
        backend: null,
        baseTimeNanoseconds: null,
        displayTimeUnit: null,
        trace_id: null,
        device0: null,
      },
      first_ts_ns: start,
      last_end_ns: start + 10n,
      devices: {},
      streams: {},
      kernels_distinct: 0,
      kernels: [],
      kernel_total_ns: 0,
      max_gpu_events_per_correlation: 0,
      graph_launches: 0,
      steps: { user_annotation: [{ name: 's', ts_ns: start + 3n, dur_ns: 5 }], gpu_user_annotation: [] },
      warnings: [],
    } satisfies TraceSummary;
    assert.deepEqual(traceView(summary).steps, [{ name: 's', where: 'CPU', start: 3, duration: 5 }]);
  });
});

describe('the title of a trace', () => {
  it('is its rank and set, where the path says so', () => {
    assert.equal(traceTitle('/w/traces/12/wide-ep-decode-0/dp0_ep3_rank3.1.pt.trace.json.gz'), 'rank 3 · traces/12');
    assert.equal(traceTitle('/elsewhere/rank0.json'), 'rank 0');
    assert.equal(traceTitle('/elsewhere/worker0.pt.trace.json'), 'worker0.pt.trace.json');
  });
});

import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { deploymentLive, groupLive, podLive, roleLive } from '../../../src/host/trees/live-text.ts';
import { modelServerRows, type Loads } from '../../../src/host/trees/model-server-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import { liveFiguresPicture, type LivePictureInput } from '../../../src/host/webviews/live-figures-picture.ts';
import type {
  ChartLine,
  LiveSnapshot,
  PodFigures,
  RankFigures,
  ScrapeFailure,
} from '../../../src/inventory/live/types.ts';
import type { ModelServerPod, PodsReport } from '../../../src/inventory/types.ts';
import { liveCsv } from '../../../src/webview/live-figures/csv.ts';

function rank(engine: string, changes: Partial<RankFigures> = {}): RankFigures {
  return {
    port: 8200,
    engine,
    running: 6,
    waiting: 0,
    kvCacheUse: 0.41,
    generationRate: 921,
    promptRate: 10.5,
    prefixQueries: 100,
    prefixHits: 25,
    ...changes,
  };
}

function pod(changes: Partial<PodFigures> = {}): PodFigures {
  return { ranks: [], picker: undefined, failures: [], route: 'api-proxy', ...changes };
}

const REFUSED: ScrapeFailure = {
  port: 9090,
  error: new WorkbenchError({ code: 'forbidden', message: 'GET /metrics: it wants a token', hint: 'Start it open.' }),
  since: 0,
  nextAt: 60_000,
};

describe('live figures in the tree', () => {
  const pods = new Map([
    ['ns/a', pod({ ranks: [rank('0'), rank('1', { running: 6.0, waiting: 2, kvCacheUse: 0.61 })] })],
    ['ns/b', pod({ ranks: [rank('2', { generationRate: undefined })] })],
    [
      'ns/epp',
      pod({ picker: { held: undefined, queuedAtEndpoints: 3, averageQueue: 1.5, running: 4, readyEndpoints: 2 } }),
    ],
    [
      'ns/old',
      pod({
        picker: { held: undefined, queuedAtEndpoints: undefined, averageQueue: 1.5, running: 4, readyEndpoints: 2 },
      }),
    ],
    ['ns/holds', pod({ picker: { held: 7, queuedAtEndpoints: 3, averageQueue: 1.5, running: 4, readyEndpoints: 2 } })],
    ['ns/shut', pod({ failures: [REFUSED], route: undefined })],
  ]);

  it('add up the ranks of a pod, a group and a role', () => {
    assert.equal(podLive(pods, 'ns/a')?.text, 'running 12 waiting 2 · kv 51 %');
    assert.equal(groupLive(pods, ['ns/a', 'ns/b'])?.text, '3 ranks · kv 48 %');
    assert.equal(roleLive(pods, 'decode', ['ns/a', 'ns/b'])?.text, '1,842 tok/s');
    assert.equal(roleLive(pods, 'prefill', ['ns/a'])?.text, '21 prompt tok/s');
    assert.match(podLive(pods, 'ns/a')?.tooltip ?? '', /25\.0 % of the prompt tokens[^]*API server's proxy/);
  });

  it('count for a deployment the tokens that clients get', () => {
    const roles = [
      { role: 'prefill', keys: ['ns/b'] },
      { role: 'decode', keys: ['ns/a'] },
    ] as const;
    const made = deploymentLive(pods, roles, 24);
    assert.equal(made?.text, '1,842 tok/s');
    assert.match(made?.tooltip ?? '', /of 2 ranks that answer clients, 76\.8 tok\/s a GPU over all 24/);
    assert.equal(deploymentLive(pods, [{ role: 'prefill', keys: ['ns/a'] }], 8), undefined);
  });

  it('tell the queue in the best words that the picker has', () => {
    assert.equal(roleLive(pods, 'routing', ['ns/epp', 'ns/gateway'])?.text, 'queue 3');
    assert.equal(podLive(pods, 'ns/old')?.text, 'queue 1.50 an endpoint');
    assert.equal(podLive(pods, 'ns/holds')?.text, 'queue 7');
  });

  it('say nothing where nothing is known, and the reason in the tooltip', () => {
    assert.deepEqual(
      [
        podLive(undefined, 'ns/a'),
        podLive(pods, 'ns/none'),
        groupLive(pods, ['ns/none']),
        roleLive(pods, 'decode', ['ns/b']),
      ],
      [undefined, undefined, undefined, undefined],
    );
    const shut = podLive(pods, 'ns/shut');
    assert.equal(shut?.text, '');
    assert.match(shut?.tooltip ?? '', /it wants a token\. Start it open\\\. Asked again at/);
  });
});

describe('rows with live figures', () => {
  it('say them behind the state, and nothing more where there are none', () => {
    const server = (name: string): ModelServerPod => ({
      name,
      namespace: 'ns',
      ip: null,
      node: null,
      rank: null,
      ranks: null,
      gpus: 8,
      createdAt: null,
      lastExit: null,
      ports: [],
      phase: 'Running',
      ready: true,
      restarts: 0,
      reason: null,
    });
    const report: PodsReport = {
      warnings: [],
      deployments: [
        {
          name: 'd',
          kind: 'LeaderWorkerSet',
          namespace: 'ns',
          owner: 'me',
          mine: true,
          model: null,
          release: null,
          gpus: 8,
          roles: [
            { role: 'decode', groups: [{ index: 0, revision: null, pods: [server('a'), server('quiet')] }] },
            { role: 'routing', groups: [{ index: 0, revision: null, pods: [server('epp')] }] },
          ],
        },
      ],
    };
    const descriptions = (live: Loads['live']): readonly (string | undefined)[] => {
      const walk = (rows: readonly Row[]): readonly Row[] => rows.flatMap((row) => [row, ...walk(row.children ?? [])]);
      return walk(modelServerRows(report, { phases: new Map(), crashes: new Map(), ...(live ? { live } : {}) })).map(
        ({ description }) => description,
      );
    };
    assert.deepEqual(descriptions(undefined), [
      'ready · 1D · 8 GPUs',
      '1/1 group ready',
      '2 pods ready',
      'ready',
      'ready',
      '1/1 pod ready',
      'ready',
    ]);
    const live = new Map([
      ['ns/a', pod({ ranks: [rank('0')] })],
      ['ns/epp', pod({ picker: { held: 0, queuedAtEndpoints: 0, averageQueue: 0, running: 0, readyEndpoints: 1 } })],
    ]);
    assert.deepEqual(descriptions(live), [
      'ready · 921 tok/s · 1D · 8 GPUs',
      '1/1 group · 921 tok/s',
      'ready · 1 rank · kv 41 %',
      'ready · running 6 waiting 0 · kv 41 %',
      'ready',
      '1/1 pod ready · queue 0',
      'ready · queue 0',
    ]);
  });
});

describe('live figures panel', () => {
  const NONE: ChartLine['figures'] = {
    generationRate: [],
    promptRate: [],
    running: [],
    waiting: [],
    kvCacheUse: [],
    prefixHitRate: [],
    queue: [],
  };
  const line: ChartLine = {
    id: 'a',
    label: 'decode, "0"',
    kind: 'role',
    figures: { ...NONE, generationRate: [null, 1234.56789], running: [0, 3] },
  };

  function input(snapshot: LiveSnapshot, changes: Partial<LivePictureInput> = {}): LivePictureInput {
    return {
      snapshot,
      chart: () => ({ times: [0, 5000], gapMs: 12_500, lines: [line] }),
      rankCount: 1,
      lines: undefined,
      intervalSeconds: 5,
      connected: true,
      ...changes,
    };
  }
  const empty = { chart: () => ({ times: [], gapMs: 12_500, lines: [] }), rankCount: 0 };
  const running = (pods: ReadonlyMap<string, PodFigures>): LiveSnapshot => ({
    state: { kind: 'running', targets: pods.size, answered: 0 },
    pods,
  });

  it('says what is the matter and what helps', () => {
    const title = (made: ReturnType<typeof liveFiguresPicture>): unknown =>
      made.type === 'nothing' ? [made.title, made.help] : made.type;
    assert.deepEqual(title(liveFiguresPicture(input({ state: { kind: 'off' }, pods: new Map() }))), [
      'Live figures are off',
      'toggle',
    ]);
    assert.deepEqual(title(liveFiguresPicture(input(running(new Map()), { connected: false }))), [
      'No cluster is chosen',
      'context',
    ]);
    assert.deepEqual(title(liveFiguresPicture(input({ state: { kind: 'starting' }, pods: new Map() }, empty))), [
      'Asking the model servers',
      null,
    ]);
    assert.deepEqual(title(liveFiguresPicture(input(running(new Map()), empty))), [
      'No model server of yours is ready',
      'deploy',
    ]);
    assert.deepEqual(
      title(liveFiguresPicture(input(running(new Map([['ns/epp', pod({ failures: [REFUSED] })]])), empty))),
      ['The metrics cannot be read', null],
    );
    assert.deepEqual(
      title(
        liveFiguresPicture(
          input(
            {
              state: { kind: 'failed', error: new WorkbenchError({ code: 'forbidden', message: 'no permission' }) },
              pods: new Map(),
            },
            empty,
          ),
        ),
      ),
      ['no permission', null],
    );
  });

  it('draws a line a rank for a few and a line a role for many, unless told otherwise', () => {
    const lines = (changes: Partial<LivePictureInput>): unknown => {
      const made = liveFiguresPicture(input(running(new Map()), changes));
      return made.type === 'figures' && made.lines;
    };
    assert.deepEqual(
      [lines({ rankCount: 8 }), lines({ rankCount: 9 }), lines({ rankCount: 64, lines: 'rank' })],
      ['rank', 'role', 'rank'],
    );
  });

  it('keeps what it knows beside what is wrong now, and sends no more digits than are read', () => {
    const made = liveFiguresPicture(
      input(running(new Map(Array.from({ length: 6 }, (_, index) => [`ns/p${index}`, pod({ failures: [REFUSED] })])))),
    );
    assert.ok(made.type === 'figures');
    assert.equal(made.warnings.length, 5);
    assert.equal(made.warnings.at(-1), '2 more metrics pages do not answer.');
    assert.deepEqual(made.chart.lines[0]?.figures.generationRate, [null, 1234.57]);
  });

  it('exports every round that a line has figures of', () => {
    assert.deepEqual(liveCsv({ times: [0, 5000], gapMs: 1, lines: [line] }).split('\r\n'), [
      'time,line,generationRate,promptRate,running,waiting,kvCacheUse,prefixHitRate,queue',
      '1970-01-01T00:00:00.000Z,"decode, ""0""",,,0,,,,',
      '1970-01-01T00:00:05.000Z,"decode, ""0""",1234.56789,,3,,,,',
      '',
    ]);
  });
});

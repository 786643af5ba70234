import assert from 'node:assert/strict';
import { InMemoryFs } from 'just-bash';
import { guidellmCommand } from '../../../src/demo/programs/tools/guidellm/command.ts';
import { pipeTable } from '../../../src/demo/programs/tools/guidellm/console-table.ts';
import {
  concurrencyDistribution,
  distribution,
  rateDistribution,
} from '../../../src/demo/programs/tools/guidellm/distribution.ts';
import { DemoPods } from '../../support/demo-server.ts';
import { fakeContainer } from '../../support/fake-pod-network.ts';
import { runTool, type ToolRun } from '../../support/shell-io.ts';

const SERVER = '10.0.0.5';

interface Stats {
  readonly mean: number;
  readonly count: number;
  readonly total_sum: number;
  readonly percentiles: Readonly<Record<string, number>>;
}
type ByStatus = Readonly<Record<'successful' | 'errored' | 'incomplete' | 'total', Stats>>;
interface GuidellmFile {
  readonly metadata: { readonly version: number; readonly guidellm_version: string };
  readonly args?: { readonly rate: readonly number[] };
  readonly config?: {
    readonly spec: { readonly profile: { readonly kind: string; readonly streams: readonly number[] } };
  };
  readonly benchmarks: readonly {
    readonly config: {
      readonly strategy: { readonly type_: string; readonly streams?: number; readonly rate?: number };
    };
    readonly metrics: Readonly<Record<string, ByStatus>> & {
      readonly request_totals: Readonly<Record<string, number>>;
    };
    readonly requests: {
      readonly successful: readonly {
        readonly time_to_first_token_ms: number;
        readonly output_tokens: number;
        readonly request_latency: number;
      }[];
      readonly errored: readonly unknown[];
    };
    readonly duration: number;
  }[];
}

describe('guidellm', () => {
  let pods: DemoPods;
  let fs: InMemoryFs;

  beforeEach(async () => {
    pods = new DemoPods();
    pods.start({ command: ['vllm', 'serve', 'Qwen/Qwen3-0.6B'], podIp: SERVER });
    await pods.listening(SERVER, 8000);
    fs = new InMemoryFs();
  });
  afterEach(() => pods.stop());

  const guidellm = (version: string, ...argv: readonly string[]): Promise<ToolRun> =>
    runTool(
      guidellmCommand,
      argv,
      fakeContainer({ network: pods.network, fs, command: [], env: { GUIDELLM_VERSION: version } }),
      { cwd: '/work' },
    );
  const v05 = (...flags: readonly string[]): Promise<ToolRun> =>
    guidellm(
      '0.5.3',
      'benchmark',
      '--target',
      `http://${SERVER}:8000`,
      '--data',
      'prompt_tokens=32,output_tokens=16',
      '--output-path',
      'out.json',
      ...flags,
    );
  const file = async (): Promise<GuidellmFile> => JSON.parse(await fs.readFile('/work/out.json')) as GuidellmFile;

  it('writes one benchmark a stream count whose figures agree with its own requests', async () => {
    const run = await v05('--rate-type', 'concurrent', '--rate', '2,8', '--max-requests', '24');
    assert.equal(run.code, 0, run.stderr);
    const { benchmarks, metadata, args } = await file();
    assert.deepEqual([metadata.version, metadata.guidellm_version], [1, '0.5.3']);
    assert.deepEqual(args?.rate, [2, 8]);
    assert.deepEqual(
      benchmarks.map((benchmark) => benchmark.config.strategy.streams),
      [2, 8],
    );
    for (const { metrics, requests, duration } of benchmarks) {
      assert.equal(metrics.request_totals['successful'], 24);
      assert.equal(metrics['output_token_count']?.successful.total_sum, 24 * 16);
      const ttfts = requests.successful.map((request) => request.time_to_first_token_ms);
      assert.ok(
        Math.abs(
          (metrics['time_to_first_token_ms']?.successful.mean ?? 0) - ttfts.reduce((sum, value) => sum + value, 0) / 24,
        ) < 1e-6,
      );
      assert.equal(metrics['time_per_output_token_ms']?.successful.count, 24 * 16);
      assert.equal(metrics['inter_token_latency_ms']?.successful.count, 24 * 15);
      assert.ok(Math.abs((metrics['requests_per_second']?.successful.mean ?? 0) * duration - 24) < 1e-6);
    }
    const tokens = benchmarks.map((benchmark) => benchmark.metrics['output_tokens_per_second']?.successful.mean ?? 0);
    assert.ok((tokens[1] ?? 0) > 2 * (tokens[0] ?? 0), `throughput follows concurrency: ${tokens.join(' ')}`);
  });

  it('prints the five tables with a row a benchmark', async () => {
    const { stdout } = await v05('--rate-type', 'synchronous', '--max-requests', '3');
    for (const title of [
      'Run Summary Info',
      'Text Metrics Statistics (Completed Requests)',
      'Request Token Statistics (Completed Requests)',
      'Request Latency Statistics (Completed Requests)',
      'Server Throughput Statistics (All Requests)',
    ])
      assert.ok(stdout.includes(`\u2139 ${title}`), title);
    assert.match(stdout, /^\| Strategy {4}\| Sec {13}\|\| ms /m);
    const lines = stdout.split('\n').filter((line) => line.startsWith('|'));
    const throughput = lines.findLast((line) => line.startsWith('| synchronous'));
    assert.equal(throughput?.split('|').length, 13, 'ten values in 0.5');
  });

  it('stops at the time limit and counts what was cut as incomplete', async () => {
    await v05(
      '--rate-type',
      'throughput',
      '--rate',
      '4',
      '--max-seconds',
      '0.5',
      '--data',
      'prompt_tokens=8,output_tokens=4000',
    );
    const [benchmark] = (await file()).benchmarks;
    assert.equal(benchmark?.metrics.request_totals['incomplete'], 4);
    assert.equal(benchmark?.metrics.request_totals['successful'], 0);
  });

  it('offers a constant rate', async () => {
    await v05('--rate-type', 'constant', '--rate', '20', '--max-seconds', '1');
    const [benchmark] = (await file()).benchmarks;
    const sent = benchmark?.metrics.request_totals['total'] ?? 0;
    assert.ok(sent >= 15 && sent <= 21, `${sent} requests in a second at 20/s`);
    assert.equal(benchmark?.config.strategy.rate, 20);
  });

  it('sweeps from one stream to the most, then rates in between', async () => {
    await v05('--rate-type', 'sweep', '--rate', '4', '--max-requests', '6');
    const { benchmarks } = await file();
    assert.deepEqual(
      benchmarks.map((benchmark) => benchmark.config.strategy.type_),
      ['synchronous', 'throughput', 'constant', 'constant'],
    );
  });

  it('has the command of its version only', async () => {
    const old = await guidellm('0.5.3', 'run', '--backend', 'kind=openai_http,target=http://x');
    assert.deepEqual([old.code, old.stderr.includes("No such command 'run'")], [2, true]);
    const gone = await guidellm('0.7.3', 'benchmark', '--target', 'http://x');
    assert.deepEqual([gone.code, gone.stderr.includes("No such command 'benchmark'")], [2, true]);
    assert.equal((await guidellm('0.7.3', '--version')).stdout, 'guidellm version: 0.7.3\n');
  });

  it('runs as 0.7.3 and writes its file', async () => {
    const run = await guidellm(
      '0.7.3',
      'run',
      '--backend',
      `kind=openai_http,target=http://${SERVER}:8000`,
      '--profile',
      'kind=concurrent,streams=3',
      '--constraint',
      'kind=max_requests,count=6',
      '--data',
      'kind=synthetic_text,prompt_tokens=16,output_tokens=8',
      '--output',
      'kind=json,path=out.json',
    );
    assert.equal(run.code, 0, run.stderr);
    const { metadata, config, args, benchmarks } = await file();
    assert.equal(metadata.version, 2);
    assert.equal(args, undefined);
    assert.deepEqual([config?.spec.profile.kind, config?.spec.profile.streams], ['concurrent', [3]]);
    assert.ok((benchmarks[0]?.metrics['time_to_first_output_token_ms']?.successful.mean ?? 0) > 0);
  });

  it('takes the installed version from a file, else is 0.5.3', async () => {
    const container = fakeContainer({ network: pods.network, fs, command: [] });
    assert.equal((await runTool(guidellmCommand, ['--version'], container)).stdout, 'guidellm version: 0.5.3\n');
    await fs.writeFile('/etc/guidellm-version', '0.8.1\n');
    assert.equal((await runTool(guidellmCommand, ['--version'], container)).stdout, 'guidellm version: 0.8.1\n');
  });

  it('says what is wrong before it measures, and writes no file', async () => {
    const unreachable = await guidellm(
      '0.5.3',
      'benchmark',
      '--target',
      `http://${SERVER}:9999`,
      '--rate-type',
      'synchronous',
      '--data',
      'prompt_tokens=1,output_tokens=1',
      '--output-path',
      'out.json',
    );
    assert.equal(unreachable.code, 1);
    assert.match(unreachable.stderr, /RuntimeError: Backend validation request failed.*10\.0\.0\.5:9999/);
    const usage = await v05('--rate-type', 'concurrent');
    assert.deepEqual([usage.code, usage.stderr.includes('Rate (--rate) must be provided')], [2, true]);
    assert.equal(await fs.exists('/work/out.json'), false);
  });
});

describe('guidellm tables', () => {
  it('lay grouped headers out as the tool does', () => {
    const table = pipeTable(
      [
        [
          ['Benchmark', 1],
          ['Request Latency', 2],
          ['TTFT', 2],
        ],
        [
          ['Strategy', 1],
          ['Sec', 2],
          ['ms', 2],
        ],
        [
          ['', 1],
          ['Mdn', 1],
          ['p95', 1],
          ['Mdn', 1],
          ['p95', 1],
        ],
      ],
      [['concurrent', '0.1', '0.1', '30.3', '50.4']],
    );
    assert.equal(
      table,
      [
        '|============|=========|========|======|======|',
        '| Benchmark  | Request Latency || TTFT       ||',
        '| Strategy   | Sec             || ms         ||',
        '|            | Mdn     | p95    | Mdn  | p95  |',
        '|------------|---------|--------|------|------|',
        '| concurrent | 0.1     | 0.1    | 30.3 | 50.4 |',
        '|============|=========|========|======|======|',
      ].join('\n'),
    );
  });
});

describe('guidellm distributions', () => {
  it('weights values and interpolates nothing', () => {
    const stats = distribution([
      [1, 1],
      [2, 1],
      [10, 2],
    ]);
    assert.equal(stats.mean, 23 / 4);
    assert.equal(stats.median, 2);
    assert.equal(stats.percentiles.p95, 10);
    assert.equal(stats.mode, 10);
    assert.equal(stats.count, 4);
  });
  it('takes a rate over the window', () => {
    const stats = rateDistribution(
      [
        { time: 1, weight: 10 },
        { time: 3, weight: 10 },
      ],
      { start: 0, end: 4 },
    );
    assert.equal(stats.mean, 5);
    assert.equal(stats.max, 10);
  });
  it('weights concurrency by time', () => {
    const stats = concurrencyDistribution(
      [
        { start: 0, end: 4, weight: 1 },
        { start: 1, end: 2, weight: 1 },
      ],
      2,
    );
    assert.equal(stats.mean, 5 / 4);
    assert.equal(stats.max, 2);
  });
  it('is zero without samples', () => {
    assert.equal(distribution([]).mean, 0);
    assert.equal(rateDistribution([]).mean, 0);
  });
});

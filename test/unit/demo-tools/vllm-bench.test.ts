import assert from 'node:assert/strict';
import { InMemoryFs } from 'just-bash';
import { vllmCommand } from '../../../src/demo/programs/tools/vllm/command.ts';
import { DemoPods } from '../../support/demo-server.ts';
import { fakeContainer, type FakeContainer } from '../../support/fake-pod-network.ts';
import { runTool, type ToolRun } from '../../support/shell-io.ts';

const SERVER = '10.0.0.5';
const MODEL = 'Qwen/Qwen3-30B-A3B';

interface BenchFile {
  readonly completed: number;
  readonly failed: number;
  readonly request_rate: string;
  readonly output_throughput: number;
  readonly mean_tpot_ms: number;
  readonly mean_e2el_ms: number;
  readonly ttfts: readonly number[];
  readonly itls: readonly (readonly number[])[];
  readonly output_lens: readonly number[];
  readonly errors: readonly string[];
}

describe('vllm bench serve', () => {
  let pods: DemoPods;
  let fs: InMemoryFs;
  let poker: FakeContainer;

  beforeEach(async () => {
    pods = new DemoPods();
    pods.start({ command: ['vllm', 'serve', MODEL], podIp: SERVER });
    await pods.listening(SERVER, 8000);
    fs = new InMemoryFs();
    poker = fakeContainer({ network: pods.network, fs, command: [] });
  });
  afterEach(() => pods.stop());

  const bench = (...flags: readonly string[]): Promise<ToolRun> =>
    runTool(
      vllmCommand,
      [
        'bench',
        'serve',
        '--base-url',
        `http://${SERVER}:8000`,
        '--model',
        MODEL,
        '--dataset-name',
        'random',
        '--random-input-len',
        '64',
        '--random-output-len',
        '32',
        '--ignore-eos',
        '--save-result',
        '--save-detailed',
        '--result-filename',
        'r.json',
        '--percentile-metrics',
        'ttft,tpot,itl,e2el',
        ...flags,
      ],
      poker,
      { cwd: '/results' },
    );

  const file = async (path: string): Promise<BenchFile> => JSON.parse(await fs.readFile(path)) as BenchFile;

  it('prints the table and saves the figures it printed', async () => {
    const run = await bench('--num-prompts', '6', '--max-concurrency', '2');
    assert.equal(run.code, 0, run.stderr);
    const saved = await file('/results/r.json');
    assert.equal(saved.completed, 6);
    assert.equal(saved.request_rate, 'inf');
    assert.deepEqual(saved.output_lens, [32, 32, 32, 32, 32, 32]);
    assert.equal(saved.ttfts.length, 6);
    assert.match(run.stdout, /^=+ Serving Benchmark Result =+$/m);
    assert.ok(run.stdout.includes(`Output token throughput (tok/s):         ${saved.output_throughput.toFixed(2)}`));
    assert.ok(run.stdout.includes(`Mean E2EL (ms):                          ${saved.mean_e2el_ms.toFixed(2)}`));
  });

  it('gives more throughput and slower tokens at a higher concurrency', async () => {
    await bench('--num-prompts', '4', '--max-concurrency', '1');
    const alone = await file('/results/r.json');
    await bench('--num-prompts', '96', '--max-concurrency', '32');
    const crowded = await file('/results/r.json');
    assert.ok(
      crowded.output_throughput > alone.output_throughput * 3,
      `${crowded.output_throughput} against ${alone.output_throughput}`,
    );
    assert.ok(crowded.mean_tpot_ms > alone.mean_tpot_ms, `${crowded.mean_tpot_ms} against ${alone.mean_tpot_ms}`);
  });

  it('counts requests that failed and keeps their slots', async () => {
    const running = bench('--num-prompts', '400', '--max-concurrency', '4');
    // Some requests of 32 tokens are through.
    await pods.generated(SERVER, 8000, 400);
    await pods.stop();
    const run = await running;
    assert.equal(run.code, 0);
    const saved = await file('/results/r.json');
    assert.ok(saved.failed > 0 && saved.completed > 0);
    assert.equal(saved.completed + saved.failed, 400);
    const failed = saved.errors.findIndex((error) => error !== '');
    assert.equal(saved.ttfts[failed], 0);
    assert.deepEqual(saved.itls[failed], []);
  });

  it('appends lines to one file', async () => {
    await bench('--num-prompts', '1', '--append-result');
    await bench('--num-prompts', '1', '--append-result');
    const lines = (await fs.readFile('/results/r.json')).split('\n');
    assert.equal(lines.length, 2);
    for (const line of lines) assert.equal((JSON.parse(line) as BenchFile).completed, 1);
  });

  it('writes nothing when it is interrupted', async () => {
    const controller = new AbortController();
    const running = runTool(
      vllmCommand,
      [
        'bench',
        'serve',
        '--base-url',
        `http://${SERVER}:8000`,
        '--num-prompts',
        '500',
        '--max-concurrency',
        '2',
        '--save-result',
        '--result-dir',
        '/out',
      ],
      poker,
      { signal: controller.signal },
    );
    await pods.generated(SERVER, 8000, 0);
    controller.abort();
    assert.equal((await running).code, 130);
    assert.equal(await fs.exists('/out'), false);
  });

  it('fails with the last error when the endpoint never comes up', async () => {
    const run = await runTool(
      vllmCommand,
      ['bench', 'serve', '--base-url', `http://${SERVER}:9999`, '--model', MODEL, '--ready-check-timeout-sec', '0'],
      poker,
    );
    assert.equal(run.code, 1);
    assert.match(run.stderr, /Initial test run failed.*Connect call failed \('10\.0\.0\.5', 9999\)/);
  });

  it('refuses flags that it does not know with exit code 2', async () => {
    const run = await runTool(vllmCommand, ['bench', 'serve', '--nonsense'], poker);
    assert.equal(run.code, 2);
    assert.match(run.stderr, /unrecognized arguments: --nonsense/);
  });
});

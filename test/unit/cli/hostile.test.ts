import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { traceForPeople } from '../../../src/cli/commands/trace-summary.ts';
import { printedText } from '../../../src/base/terminal-text.ts';
import { main } from '../../../src/cli/main.ts';
import type { DeviceSummary, TraceSummary } from '../../../src/traces/types.ts';
import { ALL_HOSTILE, assertHarmlessInTerminal, HOSTILE } from '../../support/hostile.ts';
import { OWNER, startHostileCluster, type HostileCluster } from '../../support/hostile-cluster.ts';

interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Every line that a hostile text began by itself would begin with one of these. */
const FALSE_LINE = /^(?:two|three|four|five|six|\(command:)/m;

describe('llmdw, told hostile names and messages', () => {
  let folder: string;
  let cluster: HostileCluster;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-hostile-'));
    cluster = await startHostileCluster(folder);
  });

  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function llmdw(...args: readonly string[]): Promise<Printed> {
    let out = '';
    let err = '';
    const io = {
      out: (text: string) => {
        out += text;
      },
      err: (text: string) => {
        err += text;
      },
      env: { USER: OWNER },
      cwd: folder,
      signal: AbortSignal.timeout(30_000),
    };
    const code = await main(args, io);
    assertHarmlessInTerminal(out, `stdout of ${args.join(' ')}`);
    assertHarmlessInTerminal(err, `stderr of ${args.join(' ')}`);
    assert.ok(!`${out}${err}`.includes('\u001B'), 'a command prints no colours');
    if (!args.includes('--csv')) assert.doesNotMatch(`${out}\n${err}`, FALSE_LINE, args.join(' '));
    return { code, out, err };
  }

  const onCluster = (...args: readonly string[]): Promise<Printed> =>
    llmdw(...args, '--kubeconfig', cluster.kubeconfig);

  it('prints nodes and pods, a line each', async () => {
    const nodes = await onCluster(
      'nodes',
      '--columns',
      'name,product,holders,ip,resources,taints,kubelet,zone,kubernetes.io/arch',
    );
    assert.equal(nodes.code, 0, nodes.err);
    assert.equal(nodes.out.trimEnd().split('\n').length, HOSTILE.length + 1);
    const pods = await onCluster('pods');
    assert.equal(pods.code, 0, pods.err);
    assert.equal(pods.out.trimEnd().split('\n').length, 3 * HOSTILE.length + 1);
    assert.ok(pods.out.includes('\\u001b]52;c;'), 'what cannot be printed is written out');
    assert.equal((await onCluster('gpus')).code, 0);
    assert.equal((await onCluster('nodes', '--csv')).code, 0);
  });

  it('answers JSON in which every name is whole', async () => {
    for (const command of ['nodes', 'pods', 'gpus']) {
      const { code, out } = await onCluster(command, '--json');
      assert.equal(code, 0);
      const names = new Set<unknown>();
      JSON.parse(out, (_key, value: unknown) => names.add(value) && value);
      for (const name of HOSTILE)
        assert.ok(
          names.has(name.toWellFormed()) || names.has(name) || names.has(`ready ${name}`),
          `${command}: ${JSON.stringify(name)}`,
        );
    }
  });

  it('tells live figures, and why there are none', async () => {
    const { code, err } = await onCluster('live', '--seconds', '1');
    assert.equal(code, 0);
    assert.match(err, /^warning: .*h0 \[Sign in/m);
    await onCluster('live', '--seconds', '1', '--json');
  });

  it('refuses with the words of the server, the kubeconfig and the caller', async () => {
    assert.equal((await onCluster('pods', '--context', HOSTILE[2] ?? '')).code, 1);
    assert.equal((await llmdw('pods', '--kubeconfig', join(folder, HOSTILE[4] ?? ''))).code, 1);
    assert.equal((await onCluster('nodes', '--columns', ALL_HOSTILE)).code, 2);
    await onCluster('nodes', '--filter', ALL_HOSTILE);
    for (const hostile of [ALL_HOSTILE, ...HOSTILE]) {
      assert.equal((await llmdw(hostile)).code, 2);
      assert.equal((await llmdw('pods', `--${hostile}`)).code, 2);
      assert.equal((await llmdw('demo', '--fault', hostile)).code, 2);
      assert.equal((await llmdw('demo', '--speed', hostile)).code, 2);
    }
  });

  it('summarises a trace whose kernels, devices and file name are hostile', async () => {
    const kernels = HOSTILE.map((name) => ({ name, count: 1, total_ns: 1, min_ns: 1, max_ns: 1, comm: false }));
    const device = { span_ns: 1, busy_ns: 1, idle_ns: 0, compute_ns: 1, exposed_comm_ns: 0, exposed_memcpy_ns: 0 };
    const known: Partial<TraceSummary> = {
      path: ALL_HOSTILE,
      meta: {
        rank: 0,
        world_size: 1,
        backend: ALL_HOSTILE,
        baseTimeNanoseconds: null,
        displayTimeUnit: ALL_HOSTILE,
        trace_id: ALL_HOSTILE,
        device0: ALL_HOSTILE,
      },
      kernels,
      devices: Object.fromEntries(HOSTILE.map((name) => [name, device as DeviceSummary])),
      steps: { user_annotation: [], gpu_user_annotation: [] },
      warnings: HOSTILE.map((message) => ({ code: message, message })),
    };
    const printed = printedText(traceForPeople(known as TraceSummary));
    assertHarmlessInTerminal(printed, 'the summary');
    assert.doesNotMatch(printed, FALSE_LINE);
    assert.match(printed, /\\u001b\]52;c;/);
    await llmdw('trace', 'summary', join(folder, 'gone \u001B[2J\r\ntwo'));
  });

  it('reads results whose texts and file names are hostile', async () => {
    const name = HOSTILE[4]?.replaceAll('/', '') ?? '';
    const results = join(folder, 'results');
    await mkdir(results);
    const scores = Object.fromEntries(
      HOSTILE.map((text) => [text, { alias: text, [`exact_match,${text}`]: 0.5, [`exact_match_stderr,${text}`]: 0.1 }]),
    );
    await writeFile(
      join(results, `${name}.json`),
      JSON.stringify({
        results: scores,
        configs: {},
        versions: {},
        'n-shot': {},
        lm_eval_version: ALL_HOSTILE,
        config: { model: ALL_HOSTILE, model_args: ALL_HOSTILE },
      }),
    );
    await writeFile(join(results, '0.json'), ALL_HOSTILE);
    await writeFile(
      join(results, '1.json'),
      JSON.stringify({ benchmarks: [{ [ALL_HOSTILE]: ALL_HOSTILE }], metadata: { guidellm_version: ALL_HOSTILE } }),
    );
    const read = await llmdw('results', 'read', results, join(folder, 'gone \u001B[2J\r\ntwo'));
    assert.match(read.out, /h9 <img/);
    assert.match(read.err, /\\u001b\[2J\\u000d\\u000atwo/);
    await llmdw('results', 'read', results, '--json');
    await llmdw('agg', '3', results, '--show-details');
  });
});

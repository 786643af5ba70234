import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll } from '../../../src/base/clock.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { type Progress, silentLogger } from '../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import { createBenchmarkService, type BenchmarkDependencies } from '../../../src/benchmarks/service.ts';
import type { BenchmarkRequest, BenchmarkService } from '../../../src/benchmarks/types.ts';
import { createRunLedger } from '../../../src/runs/ledger.ts';
import { RunPlaces } from '../../../src/runs/places.ts';
import type { RunLedger, RunRecord } from '../../../src/runs/types.ts';
import { leftBehind } from '../../support/left-behind.ts';
import { sourceReaders } from '../../support/readers.ts';
import { CLUSTER, ENDPOINT, FakeCluster, quickClock } from './fake-cluster.ts';

const FIXTURES = new URL('../../fixtures/benchmarks/', import.meta.url).pathname;
const MANIFESTS = new URL('../../../manifests', import.meta.url).pathname;

/** Stands for `vllm bench serve`: leaves a record where it is told to, after WAIT_FOR appears. */
const VLLM = `
while [ $# -gt 0 ]; do case "$1" in --result-dir) dir=$2;; --result-filename) name=$2;; --max-concurrency) c=$2;; --model) model=$2;; esac; shift; done
echo "model is [$model]"
if [ -n "$HOLD" ]; then until [ -e "$HOLD" ] || [ ! -d "$(dirname "$HOLD")" ]; do sleep 0.05; done; fi
printf ' 50%%|#####     | 8/16 [00:01<00:01, 8.00it/s]\\r'
[ "$c" = 13 ] && { echo "ValueError: unlucky" >&2; exit 3; }
ok=16; [ "$c" = 77 ] && ok=0
printf '{"model_id":"%s","max_concurrency":%s,"completed":%s,"failed":%s,"duration":2,"request_throughput":8,"output_throughput":%s00.5,"median_ttft_ms":20,"p99_ttft_ms":31}' "$model" "$c" "$ok" "$((16 - ok))" "$c" > "$dir/$name"
`;

/** Processes of a session that are no zombies, by Linux's /proc. */
async function liveProcesses(session: number): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [state, , , ofSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(ofSession) === session && state !== 'Z' && state !== 'X') found.push(stat);
  }
  return found;
}

describe('benchmark service', function () {
  this.timeout(30_000);
  let folder: string;
  let cluster: FakeCluster;
  let ledger: RunLedger;
  const services: BenchmarkService[] = [];
  const ledgers: RunLedger[] = [];
  const readers = sourceReaders();
  const never = new AbortController().signal;

  after(() => readers.dispose());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-'));
    cluster = new FakeCluster(join(folder, 'cluster'));
    await cluster.tool('vllm', VLLM);
    ledger = newLedger();
  });
  afterEach(async () => {
    for (const service of services.splice(0)) service.dispose();
    for (const each of ledgers.splice(0)) each.dispose();
    await cluster.dispose();
    delete process.env['HOLD'];
    await rm(folder, { recursive: true, force: true });
  });

  function newLedger(files = new WorkspaceFiles(folder)): RunLedger {
    const made = createRunLedger({
      files: () => files.below('results'),
      places: new RunPlaces(new WorkspaceFiles(join(folder, 'storage')), folder, quickClock),
      clock: quickClock,
      logger: silentLogger,
    });
    ledgers.push(made);
    return made;
  }

  function service(change: Partial<BenchmarkDependencies> = {}): BenchmarkService {
    const made = createBenchmarkService({
      contexts: cluster.contexts,
      poker: cluster.poker,
      ledger,
      readers,
      owner: () => 'me',
      manifestsDir: MANIFESTS,
      logger: silentLogger,
      clock: quickClock,
      ...change,
    });
    services.push(made);
    return made;
  }

  const request = (recipe: string, parameters: Record<string, string>): BenchmarkRequest => ({
    cluster: CLUSTER,
    recipe,
    parameters,
  });
  const quiet = { signal: never, progress: () => {} };

  async function runToEnd(recipe: string, parameters: Record<string, string>): Promise<RunRecord> {
    const benchmarks = service();
    const id = await benchmarks.start(request(recipe, parameters), quiet);
    await benchmarks.wait(id, never);
    return recordOf(id);
  }

  async function recordOf(id: string): Promise<RunRecord> {
    const record = await ledger.get(id);
    assert.ok(record);
    return record;
  }

  /** Makes `vllm` wait; answers what lets it go on. */
  function hold(): () => Promise<void> {
    const gate = join(folder, 'go-on');
    process.env['HOLD'] = gate;
    return () => writeFile(gate, '');
  }

  const until = (id: string, true_: (record: RunRecord) => boolean): Promise<true> =>
    poll(quickClock, 200, AbortSignal.timeout(10_000), async () => (true_(await recordOf(id)) ? true : undefined));

  it('runs a sweep in the poker pod and keeps its results, its output and its figures', async () => {
    const record = await runToEnd('vllm-bench', { concurrency: '4, 8' });
    assert.equal(record.state, 'succeeded', record.summary ?? '');
    assert.equal(record.summary, '801 output tok/s at concurrency 8, best of 2 · TTFT p99 31 ms');
    assert.deepEqual(record.files, ['0.json', '1.json', 'stdout.log']);
    assert.equal(record.pod, 'poker-me');
    assert.equal(record.model, ENDPOINT.model);
    assert.deepEqual(record.command.slice(0, 3), ['vllm', 'bench', 'serve']);
    assert.match(
      await readFile(join(ledger.folder(record.id), 'stdout.log'), 'utf8'),
      /model is \[a model\]/,
      'a value with a space stays one argument',
    );
    const [results] = await service().results([record.id]);
    assert.deepEqual(
      results?.report.files.flatMap((file) => file.points.map((point) => [point.concurrency, point.ttft_ms?.p99])),
      [
        [4, 31],
        [8, 31],
      ],
    );
    assert.deepEqual(
      (await readdir(ledger.folder(record.id))).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('tells the progress of the run', async () => {
    const goOn = hold();
    const heard: Progress[] = [];
    const benchmarks = service();
    const id = await benchmarks.start(request('vllm-bench', { concurrency: '4,8' }), {
      signal: never,
      progress: (word) => heard.push(word),
    });
    await poll(quickClock, 200, AbortSignal.timeout(10_000), () =>
      Promise.resolve(heard.some(({ message }) => message === 'concurrency 4 (1 of 2)') ? true : undefined),
    );
    await goOn();
    await benchmarks.wait(id, never);
    assert.ok(heard.some(({ fraction }) => fraction === 0));
  });

  it('rejects before it makes a record when no model answers', async () => {
    const poker = {
      ...cluster.poker,
      endpoint: () =>
        Promise.reject(
          new WorkbenchError({ code: 'not-ready', message: 'no model answers in test/bench', hint: 'Wait.' }),
        ),
    };
    await assert.rejects(service({ poker }).start(request('vllm-bench', {}), quiet), { code: 'not-ready' });
    assert.deepEqual(await ledger.list(), []);
  });

  it('refuses parameters that make no sense', async () => {
    for (const parameters of [
      { concurrency: 'many' },
      { concurrency: '0' },
      { inputTokens: '-1' },
      { colour: 'red' },
      { outputTokens: '99999999999' },
    ] as Record<string, string>[]) {
      await assert.rejects(
        service().start(request('vllm-bench', parameters), quiet),
        { code: 'bad-usage' },
        JSON.stringify(parameters),
      );
    }
    await assert.rejects(service().start(request('nothing', {}), quiet), { code: 'bad-usage' });
  });

  it('a step that fails ends the run; what came before is kept', async () => {
    const record = await runToEnd('vllm-bench', { concurrency: '4,13,8' });
    assert.equal(record.state, 'failed');
    assert.match(record.summary ?? '', /exit code 3: ValueError: unlucky\. Before that: 401 output tok\/s/);
    assert.deepEqual(record.files, ['0.json', 'stdout.log']);
  });

  it('a run in which every request failed has failed, in words', async () => {
    const record = await runToEnd('vllm-bench', { concurrency: '77' });
    assert.equal(record.state, 'failed');
    assert.match(record.summary ?? '', /^all 16 requests failed/);
  });

  it('says that the pod lacks the tool', async () => {
    await cluster.tool('vllm', 'exit 127');
    assert.match((await runToEnd('vllm-bench', { concurrency: '4' })).summary ?? '', /no such tool/);
    await cluster.tool('guidellm', 'echo "not here" >&2; exit 127');
    const record = await runToEnd('guidellm', { concurrency: '4' });
    assert.equal(record.state, 'failed');
    assert.match(record.summary ?? '', /poker-me in test\/bench has no guidellm that runs/);
  });

  it('a pod deleted in the middle closes the run with what was there', async () => {
    hold();
    const benchmarks = service();
    const id = await benchmarks.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await poll(quickClock, 200, AbortSignal.timeout(10_000), () =>
      Promise.resolve(existsSync(join(ledger.folder(id), 'stdout.log')) ? true : undefined),
    );
    await cluster.dispose();
    await benchmarks.wait(id, never);
    const record = await recordOf(id);
    assert.equal(record.state, 'failed');
    assert.match(record.summary ?? '', /pod poker-me of \S+\/\S+ was deleted while the benchmark ran/);
    assert.ok(record.endedAt);
    assert.deepEqual(record.files, ['stdout.log']);
  });

  it('cancel ends the processes in the pod and keeps what was done', async () => {
    hold();
    const benchmarks = service();
    const id = await benchmarks.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await until(id, ({ state }) => state === 'running');
    const directory = join(cluster.pods.get('poker-me')?.root ?? '', 'llmdw', id);
    const pid = Number(await readFile(join(directory, 'pid'), 'utf8'));
    await benchmarks.cancel(id);
    assert.equal((await recordOf(id)).state, 'cancelled');
    if (process.platform === 'linux') assert.deepEqual(await liveProcesses(pid), [], 'nothing of its session is left');
  });

  it('cancel ends the processes in the pod where the disk takes nothing any more, and says that the record is open', async () => {
    hold();
    let full = false;
    const results = new WorkspaceFiles(folder, () => {
      if (full) throw new WorkbenchError({ code: 'disk-full', message: 'the disk is full' });
    });
    const benchmarks = service({ ledger: newLedger(results) });
    const id = await benchmarks.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await until(id, ({ state }) => state === 'running');
    const pid = Number(await readFile(join(cluster.pods.get('poker-me')?.root ?? '', 'llmdw', id, 'pid'), 'utf8'));
    full = true;
    await assert.rejects(benchmarks.cancel(id), { code: 'disk-full' });
    if (process.platform === 'linux') assert.deepEqual(await liveProcesses(pid), []);
    full = false;
    await benchmarks.cancel(id);
    assert.equal((await recordOf(id)).state, 'cancelled');
  });

  it('a run that the disk does not let close is not taken up again at every change', async () => {
    const goOn = hold();
    const before = service();
    const id = await before.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await until(id, ({ state }) => state === 'running');
    before.dispose();
    const free = async (): Promise<void> =>
      (await poll(quickClock, 200, AbortSignal.timeout(10_000), () => ledger.take(id))).release();
    await free();
    let asked = 0;
    const contexts = {
      ...cluster.contexts,
      client: () => {
        asked += 1;
        return Promise.resolve(cluster.client);
      },
    };
    const full = new WorkspaceFiles(folder, () => {
      throw new WorkbenchError({ code: 'disk-full', message: 'the disk is full' });
    });
    const after = service({ contexts, ledger: newLedger(full) });
    await after.resume(never);
    await goOn();
    await free();
    await after.resume(never);
    await after.resume(never);
    assert.equal(asked, 1);
  });

  it('cancel of a run that has ended does nothing', async () => {
    const record = await runToEnd('vllm-bench', { concurrency: '4' });
    await service().cancel(record.id);
    assert.equal((await recordOf(record.id)).state, 'succeeded');
  });

  it('a run survives a reload: the next window adopts it', async () => {
    const goOn = hold();
    const before = service();
    const id = await before.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await until(id, ({ state }) => state === 'running');
    before.dispose();
    const after = service();
    await after.resume(never);
    await goOn();
    await after.wait(id, never);
    const record = await recordOf(id);
    assert.equal(record.state, 'succeeded', record.summary ?? '');
    const log = await readFile(join(ledger.folder(id), 'stdout.log'), 'utf8');
    assert.equal(log.match(/model is/g)?.length, 1, 'the output is copied once');
  });

  describe('in two windows on one folder', () => {
    /** A window that may not ask the cluster anything. */
    const reader = (): BenchmarkService =>
      service({
        ledger: newLedger(),
        contexts: { ...cluster.contexts, client: () => assert.fail('it asks the cluster') },
      });

    const started = async (benchmarks: BenchmarkService): Promise<string> => {
      const id = await benchmarks.start(request('vllm-bench', { concurrency: '4' }), quiet);
      await until(id, ({ state }) => state === 'running');
      await poll(quickClock, 200, AbortSignal.timeout(10_000), () =>
        Promise.resolve(existsSync(join(ledger.folder(id), 'stdout.log')) ? true : undefined),
      );
      return id;
    };

    it('a run is followed by the one that started it; the other reads', async () => {
      const goOn = hold();
      const first = service();
      const id = await started(first);
      const second = reader();
      await second.resume(never);
      await goOn();
      await Promise.all([first.wait(id, never), second.wait(id, never)]);
      assert.equal((await recordOf(id)).state, 'succeeded');
      const log = await readFile(join(ledger.folder(id), 'stdout.log'), 'utf8');
      assert.equal(log.match(/model is/g)?.length, 1);
    });

    it('a run whose window is gone is taken over by one of those that are left', async () => {
      const goOn = hold();
      const first = service();
      const id = await started(first);
      const adopted: number[] = [];
      const others = [1, 2, 3].map((window) =>
        service({
          ledger: newLedger(),
          contexts: {
            ...cluster.contexts,
            client: () => {
              adopted.push(window);
              return Promise.resolve(cluster.client);
            },
          },
        }),
      );
      for (const other of others) await other.resume(never);
      assert.deepEqual(adopted, []);
      first.dispose();
      await poll(quickClock, 200, AbortSignal.timeout(10_000), () =>
        Promise.resolve(adopted.length > 0 ? true : undefined),
      );
      await goOn();
      for (const other of others) await other.wait(id, never);
      assert.equal(adopted.length, 1);
      assert.equal((await recordOf(id)).state, 'succeeded');
      const log = await readFile(join(ledger.folder(id), 'stdout.log'), 'utf8');
      assert.equal(log.match(/model is/g)?.length, 1);
    });

    it('a run that has not begun yet is not taken for lost', async () => {
      const begins = Promise.withResolvers<void>();
      const poker = {
        ...cluster.poker,
        start: async (...given: Parameters<typeof cluster.poker.start>) => {
          await begins.promise;
          return cluster.poker.start(...given);
        },
      };
      const first = service({ poker });
      const id = await first.start(request('vllm-bench', { concurrency: '4' }), quiet);
      await reader().resume(never);
      assert.equal((await recordOf(id)).state, 'starting');
      begins.resolve();
      await first.wait(id, never);
      assert.equal((await recordOf(id)).state, 'succeeded');
    });

    it('what one asks to cancel is ended by the one that follows it', async () => {
      hold();
      const first = service();
      const id = await started(first);
      await reader().cancel(id);
      assert.equal((await recordOf(id)).state, 'cancelled');
      await first.wait(id, never);
    });

    it('says that the one that follows it could not end it', async () => {
      hold();
      const first = service();
      const id = await started(first);
      cluster.beforeExec = (_pod, command) => {
        if (command.includes('TERM')) throw new WorkbenchError({ code: 'forbidden', message: 'no exec for you' });
      };
      await assert.rejects(reader().cancel(id), { code: 'connection-lost', message: new RegExp(id) });
      assert.equal((await recordOf(id)).state, 'running');
      cluster.beforeExec = () => {};
      await first.cancel(id);
    });

    it('what was asked of one that died is done by the one that takes over', async () => {
      hold();
      const first = service();
      const id = await started(first);
      first.dispose();
      await ledger.update(id, { cancelAsked: true });
      const second = service({ ledger: newLedger() });
      await second.resume(never);
      await second.wait(id, never);
      assert.equal((await recordOf(id)).state, 'cancelled');
    });

    it('one whose run was taken over stops, and leaves the record to the other', async () => {
      hold();
      const first = service();
      const id = await started(first);
      const [place = ''] = (await readdir(join(folder, 'storage'))).map((name) => join(folder, 'storage', name));
      await rm(join(place, `${id}.lease`), { recursive: true });
      const lease = await ledger.take(id);
      assert.ok(lease);
      await cluster.dispose();
      await lease.release();
      await first.wait(id, never);
      const { state, summary } = await recordOf(id);
      assert.equal(
        state,
        'lost',
        'it took the run up again once it was given back, and nobody saw why the pod was gone',
      );
      assert.match(summary ?? '', /was deleted/);
    });
  });

  it('cancel and resume of one window do not both take a run up', async () => {
    hold();
    const before = service();
    const id = await before.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await until(id, ({ state }) => state === 'running');
    before.dispose();
    let asked = 0;
    const contexts = {
      ...cluster.contexts,
      client: () => {
        asked += 1;
        return Promise.resolve(cluster.client);
      },
    };
    const after = service({ contexts });
    await Promise.all([after.cancel(id), after.resume(never), after.resume(never)]);
    assert.equal((await recordOf(id)).state, 'cancelled');
    assert.equal(asked, 1);
  });

  it('closes the record of a run that it could neither follow nor end', async () => {
    hold();
    const benchmarks = service();
    const id = await benchmarks.start(request('vllm-bench', { concurrency: '4' }), quiet);
    await until(id, ({ state }) => state === 'running');
    cluster.beforeExec = (_pod, command) => {
      if (command.includes('TERM')) return;
      throw new WorkbenchError({ code: 'forbidden', message: 'no exec for you' });
    };
    await Promise.allSettled([benchmarks.cancel(id)]);
    await benchmarks.wait(id, never);
    const { state, endedAt } = await recordOf(id);
    assert.notEqual(endedAt, null);
    assert.ok(state === 'cancelled' || state === 'failed', state);
  });

  it('a reload closes what is gone, as lost, with a reason', async () => {
    const common = {
      ...(await runToEnd('vllm-bench', { concurrency: '4' })),
      endedAt: null,
      state: 'running' as const,
    };
    const gone = await leftBehind(ledger, common, CLUSTER.server);
    await ledger.keepPlace(gone.id, { kind: 'Pod', name: 'no-such-pod', uid: 'u' });
    const unstarted = await leftBehind(ledger, { ...common, pod: null, state: 'starting' }, CLUSTER.server);
    const elsewhere = await leftBehind(ledger, { ...common, context: 'deleted-context' }, CLUSTER.server);
    const moved = await leftBehind(ledger, common, 'https://elsewhere.test');
    const benchmarks = service();
    await benchmarks.resume(never);
    for (const { id } of [gone, unstarted, elsewhere, moved]) await benchmarks.wait(id, never);
    assert.deepEqual(
      (await Promise.all([gone, unstarted, elsewhere, moved].map(({ id }) => recordOf(id)))).map(({ state }) => state),
      ['lost', 'lost', 'lost', 'lost'],
    );
    assert.match((await recordOf(gone.id)).summary ?? '', /no-such-pod of \S+ was deleted/);
    assert.match((await recordOf(unstarted.id)).summary ?? '', /before the run was started/);
    assert.match((await recordOf(elsewhere.id)).summary ?? '', /deleted-context/);
    assert.match(
      (await recordOf(moved.id)).summary ?? '',
      /context test leads to https:\/\/127\.0\.0\.1:1 now and not to https:\/\/elsewhere\.test/,
    );
  });

  it('waits for a connection that is lost', async () => {
    let cuts = 0;
    cluster.beforeExec = (_pod, command) => {
      if (!(command[2]?.includes('state=running') || command[2]?.includes('sha256sum')) || cuts >= 4) return;
      cuts += 1;
      throw new WorkbenchError({ code: 'connection-lost', message: 'cut' });
    };
    const record = await runToEnd('vllm-bench', { concurrency: '4' });
    assert.equal(record.state, 'succeeded', record.summary ?? '');
    assert.equal(cuts, 4);
  });

  it('copies a result again that arrived damaged, and gives up in words', async () => {
    let damaged = 0;
    cluster.damage = (bytes, command) => {
      if (command[0] !== 'cat' || damaged >= 2) return bytes;
      damaged += 1;
      return damaged === 1 ? bytes.subarray(1) : Buffer.from(bytes.toString().replace('16', '61'));
    };
    assert.equal((await runToEnd('vllm-bench', { concurrency: '4' })).state, 'succeeded');
    assert.equal(damaged, 2);
    cluster.damage = (bytes, command) => (command[0] === 'cat' ? bytes.subarray(1) : bytes);
    const record = await runToEnd('vllm-bench', { concurrency: '4' });
    assert.equal(record.state, 'failed');
    assert.match(record.summary ?? '', /0\.json of pod poker-me in test\/bench arrived damaged/);
    assert.deepEqual(record.files, ['stdout.log'], 'no damaged file is kept');
  });

  it('loads one pod past the gateway, and counts its GPUs', async () => {
    cluster.addPod('decode-0', { gpus: 8 });
    cluster.addPod('prefill-0', { gpus: 4 });
    const first = await runToEnd('pure-decode', { concurrency: '4' });
    assert.equal(first.command[first.command.indexOf('--base-url') + 1], 'http://10.0.0.7:8000');
    assert.equal(first.command[first.command.indexOf('--random-input-len') + 1], '1');
    assert.equal(first.gpus, 8);
    const chosen = await runToEnd('one-instance', { concurrency: '4', pod: 'prefill-0', port: '8200' });
    assert.equal(chosen.command[chosen.command.indexOf('--base-url') + 1], 'http://10.0.0.9:8200');
    assert.equal(chosen.gpus, 4);
  });

  it('asks guidellm for its version first and speaks its language', async () => {
    await cluster.tool(
      'guidellm',
      `[ "$1" = --version ] && echo "guidellm version: 0.5.3" && exit; cp "${FIXTURES}/guidellm-0.5.3.json" "$(for a; do :; done; echo "$a")"`,
    );
    const older = await runToEnd('guidellm', { concurrency: '4' });
    assert.deepEqual([older.state, older.command[1]], ['succeeded', 'benchmark'], older.summary ?? '');
    await cluster.tool(
      'guidellm',
      `[ "$1" = --version ] && echo "guidellm version: 0.7.3" && exit; cp "${FIXTURES}/guidellm-0.7.3.json" "$(for a; do :; done; echo "$a" | sed s/kind=json,path=//)"`,
    );
    const newer = await runToEnd('guidellm', { concurrency: '4' });
    assert.deepEqual([newer.state, newer.command[1]], ['succeeded', 'run'], newer.summary ?? '');
  });

  it('finds the file that lm_eval names by itself, and keeps its score', async () => {
    await cluster.tool(
      'lm_eval',
      `for a; do last=$a; done; mkdir -p "$last/a__model" && echo '{"results":{"gsm8k":{"exact_match,strict-match":0.957,"exact_match_stderr,strict-match":0.013}},"n-shot":{"gsm8k":10}}' > "$last/a__model/results_2026-01-01T00-00-00.json"`,
    );
    const record = await runToEnd('lm-eval', {});
    assert.equal(record.summary, 'gsm8k exact_match (strict-match) 0.957 ± 0.013');
    assert.deepEqual(record.files, ['0.json', 'stdout.log']);
  });

  describe('parallel guidellm', () => {
    beforeEach(() =>
      cluster.tool(
        'guidellm',
        `[ "$1" = --version ] && echo "guidellm version: 0.7.3" && exit
      if [ -n "$HOLD" ]; then until [ -e "$HOLD" ] || [ ! -d "$(dirname "$HOLD")" ]; do sleep 0.05; done; fi
      echo "worker $JOB_COMPLETION_INDEX"
      cp "${FIXTURES}/parallel-0.7.3/$JOB_COMPLETION_INDEX.json" "$(for a; do :; done; echo "$a" | sed s/kind=json,path=//)"`,
      ),
    );

    it('starts the workers together, fetches each result before its pod may end, and aggregates', async () => {
      const record = await runToEnd('parallel-guidellm', { workers: '4' });
      assert.equal(record.state, 'succeeded', record.summary ?? '');
      assert.equal(record.summary, '1,348 output tok/s of 4 workers · TTFT p99 111 ms · 231 requests · 8 failed');
      assert.equal(record.job, `bench-${record.id}`);
      assert.deepEqual(record.files, [
        '0.json',
        '0.stdout.log',
        '1.json',
        '1.stdout.log',
        '2.json',
        '2.stdout.log',
        '3.json',
        '3.stdout.log',
      ]);
      assert.match(await readFile(join(ledger.folder(record.id), '2.stdout.log'), 'utf8'), /^worker 2$/m);
      const [results] = await service().results([record.id]);
      assert.equal(results?.aggregate?.requests.successful, 231);
      assert.deepEqual(
        results?.points.map(({ label, concurrency, requests }) => [label, concurrency, requests.successful]),
        [['4 workers, concurrency 16', 16, 231]],
      );
      // Every worker was told that its result is safe, and has ended.
      await poll(quickClock, 2000, AbortSignal.timeout(10_000), () =>
        Promise.resolve(cluster.pods.values().every((pod) => pod.processes.size === 0) ? true : undefined),
      );
    });

    it('keeps the other workers when one pod is lost', async () => {
      const goOn = hold();
      const benchmarks = service();
      const id = await benchmarks.start(request('parallel-guidellm', { workers: '2' }), quiet);
      await poll(quickClock, 200, AbortSignal.timeout(10_000), () =>
        Promise.resolve(
          [0, 1].every((index) => existsSync(join(cluster.pods.get(`bench-${id}-${index}`)?.root ?? '', 'llmdw', 'go')))
            ? true
            : undefined,
        ),
      );
      await cluster.deletePod(`bench-${id}-1`);
      await goOn();
      await benchmarks.wait(id, never);
      const record = await recordOf(id);
      assert.equal(record.state, 'failed');
      assert.match(
        record.summary ?? '',
        /worker 1: pod .* was deleted while the benchmark ran\. Before that: .* of 1 workers/,
      );
      assert.ok(record.files.includes('0.json'));
    });

    it('cancel deletes the Job', async () => {
      hold();
      const benchmarks = service();
      const id = await benchmarks.start(request('parallel-guidellm', { workers: '2' }), quiet);
      await until(id, ({ state }) => state === 'running');
      await benchmarks.cancel(id);
      assert.equal((await recordOf(id)).state, 'cancelled');
      assert.deepEqual([...cluster.jobs.keys()], []);
    });
  });
});

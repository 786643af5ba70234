import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ResultTasks } from '../../../src/benchmarks/reader-tasks.ts';
import { ResultReader } from '../../../src/benchmarks/result-reader.ts';
import { readRun } from '../../../src/benchmarks/running/run-results.ts';
import type { ReaderPool } from '../../../src/readers/pool.ts';
import type { Readers } from '../../../src/readers/types.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { childrenOf } from '../../support/processes.ts';
import { sourceReaders } from '../../support/readers.ts';
import { writeWorkerResult } from '../../support/worker-result.ts';

const WORKERS = new URL('../../fixtures/benchmarks/parallel-0.7.3/', import.meta.url).pathname;
const { signal } = new AbortController();

describe('result files in processes of their own', function () {
  this.timeout(60_000);
  let folder: string;
  let pool: ReaderPool<ResultTasks>;
  let clock: ManualClock;
  /** What the readers were asked to do. */
  let asked: string[];
  let results: ResultReader;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'results-'));
    // Enough for results, too little for what is made to fill it.
    pool = sourceReaders<ResultTasks>({ limits: { heapMegabytes: 60, residentBytes: 4e9 } });
    clock = new ManualClock();
    asked = [];
    const readers: Readers<ResultTasks> = {
      run(name, input, call) {
        asked.push(name);
        return pool.run(name, input, call);
      },
    };
    results = new ResultReader({ readers, clock, lifetime: signal });
  });
  afterEach(async () => {
    pool.dispose();
    while ((await childrenOf()).length > 0) await delay(10);
    await rm(folder, { recursive: true });
  });

  async function put(index: number): Promise<string> {
    const path = join(folder, `${index}.json`);
    await copyFile(join(WORKERS, `${index}.json`), path);
    return path;
  }

  /** Figures that no reader of this test can hold. */
  async function putBomb(index: number): Promise<string> {
    const path = join(folder, `${index}.json`);
    await writeFile(path, `{"extra":[${'{"a":1},'.repeat(2e6)}1]}`);
    return path;
  }

  async function started(): Promise<number> {
    for (;;) {
      const [pid] = await childrenOf();
      if (pid !== undefined) return pid;
      await delay(5);
    }
  }

  it('a record that names files outside of its folder has none of them read', async () => {
    await writeFile(join(folder, 'stdout.log'), 'hello');
    await mkdir(join(folder, 'run', 'sub'), { recursive: true });
    await writeFile(join(folder, 'run', 'stdout.log'), 'hello');
    const files = [
      '../stdout.log',
      'sub/../../stdout.log',
      '..\\stdout.log',
      '/etc/stdout.log',
      '-stdout.log',
      'stdout.log',
    ];
    const { report } = await readRun(results, join(folder, 'run'), { files, job: null, parameters: {} }, signal);
    assert.deepEqual(
      [...report.files, ...report.errors].map(({ path }) => path),
      [join(folder, 'run', 'stdout.log')],
    );
  });

  it('a reader that stands still keeps nothing up here; killed, it fails its file alone, and the next one gets another', async function () {
    if (process.platform !== 'linux') this.skip();
    const long = join(folder, 'long.json');
    await writeWorkerResult(long, 0, 30e6);
    const good = await put(1);
    const reading = results.read([long, good], signal);
    const pid = await started();
    process.kill(pid, 'SIGSTOP');
    for (let turn = 0; turn < 20; turn++) await delay(1);
    process.kill(pid, 'SIGKILL');
    const { files, errors } = await reading;
    assert.deepEqual(
      errors.map(({ path, code }) => [path, code]),
      [[long, 'reader-failed']],
    );
    assert.ok(errors[0]?.message.includes(long) && errors[0].hint !== '');
    assert.deepEqual(
      files.map(({ path }) => path),
      [good],
    );
  });

  it('a file that fills its reader is an error of its own between others that are read', async () => {
    const paths = [await put(0), await putBomb(1), await put(2)];
    const { files, errors } = await results.read(paths, signal);
    assert.deepEqual(
      errors.map(({ path, code }) => [path, code]),
      [[paths[1], 'reader-failed']],
    );
    assert.deepEqual(
      files.map(({ path }) => path),
      [paths[0], paths[2]],
    );
  });

  it('a worker whose file fills the reader of all is left out of the aggregate, and named', async () => {
    for (const index of [0, 2]) await put(index);
    const bomb = await putBomb(1);
    const { report, aggregate } = await results.workers(4, folder, { useTotal: false, signal });
    assert.deepEqual(
      aggregate.errors.map(({ path, code }) => [path, code]),
      [[bomb, 'reader-failed']],
    );
    assert.deepEqual(report.errors, aggregate.errors);
    assert.deepEqual(
      report.files.map(({ path }) => path),
      [join(folder, '0.json'), join(folder, '2.json')],
    );
    assert.deepEqual(aggregate.missing, [3]);
    await rm(bomb);
    const without = (await results.workers(4, folder, { useTotal: false, signal })).aggregate;
    assert.deepEqual(aggregate.throughput, without.throughput);
    assert.deepEqual(aggregate.ttft_ms, without.ttft_ms);
    assert.ok(without.requests.successful);
  });

  it('a file is read once, however often it is asked for, until it changes', async () => {
    const path = await put(0);
    const [first, second] = await Promise.all([results.read([path], signal), results.read([path], signal)]);
    assert.deepEqual(first, second);
    assert.deepEqual(await results.read([folder], signal), first);
    assert.equal(asked.length, 1);
    await appendFile(path, '\n{"benchmarks": oops}');
    assert.deepEqual(
      (await results.read([path], signal)).errors.map(({ code }) => code),
      ['json-invalid'],
    );
    assert.deepEqual(
      (await results.read([path], signal)).errors.map(({ code }) => code),
      ['json-invalid'],
    );
    assert.equal(asked.length, 2);
  });

  it('each file of a parallel run is read once for its own figures and those of all', async () => {
    for (const index of [0, 1, 2, 3]) await put(index);
    const record = { files: ['0.json', '1.json', '2.json', '3.json'], job: 'a-job', parameters: { workers: '4' } };
    const first = await readRun(results, folder, record, signal);
    assert.equal(first.report.files.length, 4);
    assert.equal(first.aggregate?.requests.successful, 231);
    assert.equal(first.points.length, 1);
    assert.deepEqual(await readRun(results, folder, record, signal), first);
    assert.deepEqual(asked, ['merge workers']);
    await put(3);
    await readRun(results, folder, record, signal);
    assert.deepEqual(asked, ['merge workers', 'merge workers']);
  });

  it('a record that counts workers without an end has its files read one by one', async () => {
    await put(0);
    for (const workers of ['1e15', '-1', 'many']) {
      const { points, aggregate } = await readRun(
        results,
        folder,
        { files: ['0.json'], job: 'a-job', parameters: { workers } },
        signal,
      );
      assert.equal(points.length, 1);
      assert.equal(aggregate, undefined);
    }
  });

  it('a reader that died is tried again after a while, not with the next look', async () => {
    const bomb = await putBomb(0);
    for (let look = 0; look < 3; look++)
      assert.equal((await results.read([bomb], signal)).errors[0]?.code, 'reader-failed');
    assert.equal(asked.length, 1);
    clock.advance(61_000);
    assert.equal((await results.read([bomb], signal)).errors[0]?.code, 'reader-failed');
    assert.equal(asked.length, 2);
  });

  it('a caller who does not wait any longer ends no reading that others wait for', async () => {
    const path = await put(0);
    const cancel = new AbortController();
    const left = results.read([path], cancel.signal);
    const stayed = results.read([path], signal);
    while (asked.length === 0) await delay(1);
    cancel.abort();
    await assert.rejects(left, { code: 'aborted' });
    assert.equal((await stayed).files.length, 1);
    assert.equal(asked.length, 1);
  });
});

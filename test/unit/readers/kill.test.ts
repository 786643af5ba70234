import assert from 'node:assert/strict';
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import type { ResultFile, WorkersReport } from '../../../src/benchmarks/types.ts';
import { planFor } from '../../../src/traces/perfetto/plan.ts';
import type { TraceSummary } from '../../../src/traces/types.ts';
import { childrenOf, isAlive } from '../../support/processes.ts';
import { sourceReaders } from '../../support/readers.ts';
import { scannerDist } from '../../support/scanner.ts';
import { Dice } from '../../support/trace-fuzz.ts';
import { writeTrace } from '../../support/trace-generator.ts';
import { writeWorkerResult } from '../../support/worker-result.ts';

const KILLS = 200;
const CALLS_AT_ONCE = 3;

const support = (name: string): string => fileURLToPath(new URL(`../../support/${name}`, import.meta.url));

/** False for one that has ended by itself meanwhile. */
function endedNow(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

describe('readers that are killed', function () {
  this.timeout(600_000);
  let folder: string;
  let wasm: string;
  let busy: readonly ChildProcess[] = [];

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    folder = await mkdtemp(join(tmpdir(), 'llmdw-kill-'));
    wasm = join(await scannerDist(), 'kineto.wasm');
    busy = [1, 2].map(() => spawn(process.execPath, [support('spin.ts')], { stdio: 'ignore' }));
  });

  after(async () => {
    for (const each of busy) each.kill('SIGKILL');
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it(`${KILLS} times at any moment, under load: each call ends with its code or the right figures, and none is left behind`, async () => {
    const path = join(folder, 'rank0.pt.trace.json.gz');
    await writeTrace(path, 10e6);
    const workers = [0, 1].map((index) => ({ index, path: join(folder, `${index}.json`) }));
    for (const worker of workers) await writeWorkerResult(worker.path, worker.index, 10e6);
    const readers = sourceReaders();
    const { signal } = new AbortController();
    const others = new Set(busy.map((each) => each.pid));
    const pids = async (): Promise<readonly number[]> => (await childrenOf()).filter((pid) => !others.has(pid));
    const summarise = (): Promise<TraceSummary> => readers.run('summarise trace', { path, wasm }, { signal });
    const right = await summarise();
    const plan = planFor(right, 'decode-0');
    async function normalise(): Promise<string> {
      const hash = createHash('sha256');
      await readers.run(
        'normalise trace',
        { path, gzip: true, plan },
        { signal, onChunk: async (chunk) => void hash.update(chunk) },
      );
      return hash.digest('hex');
    }
    const rightBytes = await normalise();
    const readResult = (): Promise<ResultFile> =>
      readers.run('read result file', { path: join(folder, '0.json') }, { signal });
    const rightResult = await readResult();
    const merge = (): Promise<WorkersReport> =>
      readers.run('merge workers', { path: folder, workers, missing: [], useTotal: false }, { signal });
    const rightMerged = await merge();
    assert.deepEqual(rightMerged.report.files[0], rightResult);

    const kinds: readonly (() => Promise<void>)[] = [
      async () => assert.deepEqual(await summarise(), right),
      async () => assert.deepEqual(await readResult(), rightResult),
      async () => assert.deepEqual(await merge(), rightMerged),
      async () => assert.equal(await normalise(), rightBytes),
    ];

    let killed = 0;
    const enough = (): boolean => killed >= KILLS;
    const ends = { answered: 0, failed: 0 };
    async function call(first: number): Promise<void> {
      for (let turn = first; !enough(); turn++) {
        try {
          await kinds[turn % kinds.length]?.();
          ends.answered++;
        } catch (error) {
          if (!isWorkbenchError(error, 'reader-failed')) throw error;
          assert.ok(error.message.includes(folder) && error.hint !== undefined);
          ends.failed++;
        }
      }
    }
    async function kill(): Promise<void> {
      const dice = new Dice(17);
      while (!enough()) {
        await delay(dice.integer(0, 400));
        const alive = await pids();
        if (alive.length > 0 && endedNow(dice.pick(alive))) killed++;
      }
    }
    await Promise.all([kill(), ...Array.from({ length: CALLS_AT_ONCE }, (_, index) => call(index))]);
    assert.ok(ends.answered > 0 && ends.failed > 0 && ends.failed <= KILLS, JSON.stringify(ends));
    assert.deepEqual(await summarise(), right);

    readers.dispose();
    while ((await pids()).length > 0) await delay(10);
  });

  it('with the window that they read for, whatever they do at the time', async () => {
    const path = join(folder, 'long.pt.trace.json.gz');
    await writeTrace(path, 30e6);
    for (let round = 0; round < 5; round++) {
      const window = fork(support('read-until-killed.ts'), [path], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      await once(window.stdout!, 'data');
      const readers = await childrenOf(window.pid);
      assert.ok(readers.length > 0);
      await delay(round * 30);
      window.kill('SIGKILL');
      await once(window, 'exit');
      for (const pid of readers) while (await isAlive(pid)) await delay(10);
    }
  });
});

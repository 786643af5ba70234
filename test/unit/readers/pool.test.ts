import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { ownNode } from '../../../src/base/own-node.ts';
import type { ReaderPool, ReaderPoolOptions } from '../../../src/readers/pool.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { OddTasks } from '../../support/odd-reader.ts';
import { childrenOf, isAlive } from '../../support/processes.ts';
import { sourceReaders } from '../../support/readers.ts';

const entry = fileURLToPath(new URL('../../support/odd-reader.ts', import.meta.url));
const { signal } = new AbortController();
const path = 'traces/1/odd.json';

describe('reader processes', function () {
  this.timeout(60_000);
  let pool: ReaderPool<OddTasks>;

  const create = (options: Partial<ReaderPoolOptions> = {}): ReaderPool<OddTasks> =>
    (pool = sourceReaders<OddTasks>({ entry, ...options }));
  const pid = async (): Promise<number> => (await pool.run('say who', { path }, { signal })).pid;

  async function untilGone(pids: readonly number[]): Promise<void> {
    for (const each of pids) while (await isAlive(each)) await delay(10);
  }

  afterEach(async () => {
    pool.dispose();
    while ((await childrenOf()).length > 0) await delay(10);
  });

  it('work on file after file, also several at once, and take and give typed arrays, maps, bigints and odd numbers', async () => {
    create();
    const first = await pid();
    assert.equal(await pid(), first);
    const value = new Map<string, unknown>([
      ['times', new Float64Array([1, Number.NaN])],
      ['base', 1712195495502094565n],
      ['none', undefined],
      ['far', -Infinity],
    ]);
    const values = await Promise.all([1, 2, 3, 4, 5].map(() => pool.run('give back', { path, value }, { signal })));
    for (const each of values) assert.deepEqual(each, value);
  });

  it('see nothing of the environment but what they are given', async () => {
    process.env['HF_TOKEN'] = 'hf_secret';
    try {
      create({ node: ownNode({ SystemRoot: 'C:\\Windows' }) });
      const { env } = await pool.run('say who', { path }, { signal });
      assert.deepEqual(
        Object.keys(env)
          .filter((name) => !name.startsWith('NODE_CHANNEL_'))
          .toSorted(),
        ['ELECTRON_RUN_AS_NODE', 'SystemRoot'],
      );
    } finally {
      delete process.env['HF_TOKEN'];
    }
  });

  it('fail with a code for their file, and the next file is read by another', async () => {
    create({ limits: { heapMegabytes: 60, residentBytes: 4e9 } });
    for (const name of ['abort', 'exit', 'fill the heap'] as const) {
      await assert.rejects(
        pool.run(name, { path }, { signal }),
        (error) => isWorkbenchError(error, 'reader-failed') && error.message.includes(path) && error.hint !== undefined,
        name,
      );
    }
    await assert.rejects(pool.run('throw', { path }, { signal }), {
      code: 'internal',
      message: `reading ${path}: no such thing`,
    });
    assert.ok(await pid());
  });

  it('give a file up that fills the machine with buffers, or whose answer would fill the window', async () => {
    create({ limits: { heapMegabytes: 60, residentBytes: 300e6 } });
    await assert.rejects(
      pool.run('fill buffers', { path }, { signal }),
      (error) => isWorkbenchError(error, 'too-large') && error.message.includes(path) && error.hint !== undefined,
    );
    await assert.rejects(pool.run('answer too much', { path }, { signal }), { code: 'too-large' });
    assert.ok(await pid());
  });

  it('are ended when one file has left too much in them', async () => {
    create();
    const before = await pid();
    assert.equal(await pool.run('leave much behind', { path }, { signal }), 600 << 20);
    assert.notEqual(await pid(), before);
    await untilGone([before]);
  });

  it('end with their call, even where they hang', async () => {
    create();
    for (const name of ['never answer', 'spin'] as const) {
      const cancel = new AbortController();
      const before = await pid();
      // Once when it has begun.
      const running = pool.run(name, { path }, { signal: cancel.signal, onChunk: async () => cancel.abort() });
      await assert.rejects(running, { code: 'aborted' }, name);
      await untilGone([before]);
    }
    await assert.rejects(pool.run('say who', { path }, { signal: AbortSignal.abort() }), { code: 'aborted' });
  });

  it('hand over piece by piece, at the pace of the one who takes them', async () => {
    create();
    const taken: number[] = [];
    let busy = false;
    const onChunk = async (chunk: Uint8Array): Promise<void> => {
      assert.ok(!busy);
      busy = true;
      await delay(1);
      busy = false;
      taken.push(chunk[0] ?? -1);
    };
    assert.equal(await pool.run('emit', { path, count: 50 }, { signal, onChunk }), 50);
    assert.deepEqual(
      taken,
      Array.from({ length: 50 }, (_, index) => index),
    );
    const refuse = (): Promise<void> => Promise.reject(new Error('the window is gone'));
    await assert.rejects(pool.run('emit', { path, count: 50 }, { signal, onChunk: refuse }), /the window is gone/);
  });

  it('end after a while without a file', async () => {
    const clock = new ManualClock();
    create({ clock });
    const before = await pid();
    clock.advance(19_000);
    assert.equal(await pid(), before);
    clock.advance(19_000);
    assert.equal(await pid(), before);
    clock.advance(21_000);
    await untilGone([before]);
    assert.notEqual(await pid(), before);
  });

  it('end with the pool, whatever they do', async () => {
    create();
    const before = await pid();
    const running = [
      pool.run('spin', { path }, { signal }),
      pool.run('never answer', { path }, { signal }),
      pool.run('spin', { path }, { signal }),
    ];
    pool.dispose();
    for (const each of running) await assert.rejects(each, { code: 'aborted' });
    await assert.rejects(pool.run('say who', { path }, { signal }), { code: 'aborted' });
    await untilGone([before]);
  });

  it('say that they cannot be started', async () => {
    create({ node: { file: '/nowhere/node', env: {} } });
    await assert.rejects(pid(), { code: 'reader-failed' });
  });
});

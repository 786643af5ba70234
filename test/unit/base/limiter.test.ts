import assert from 'node:assert/strict';
import { Limiter } from '../../../src/base/limiter.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';

describe('Limiter', () => {
  it('runs at most the given number at once, in order', async () => {
    const limiter = new Limiter(2);
    const signal = new AbortController().signal;
    let running = 0;
    let most = 0;
    const started: number[] = [];
    await Promise.all(
      [0, 1, 2, 3, 4].map((index) =>
        limiter.run(signal, async () => {
          started.push(index);
          most = Math.max(most, ++running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        }),
      ),
    );
    assert.equal(most, 2);
    assert.deepEqual(started, [0, 1, 2, 3, 4]);
  });

  it('lets a waiting task leave when its signal fires, and the others go on', async () => {
    const limiter = new Limiter(1);
    const keep = new AbortController();
    const leave = new AbortController();
    let release = (): void => {};
    const first = limiter.run(
      keep.signal,
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const second = limiter.run(leave.signal, () => Promise.resolve('never'));
    const third = limiter.run(keep.signal, () => Promise.resolve('third'));
    leave.abort();
    await assert.rejects(second, (error) => isWorkbenchError(error, 'aborted'));
    release();
    await first;
    assert.equal(await third, 'third');
  });
});

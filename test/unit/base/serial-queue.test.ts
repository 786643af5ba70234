import assert from 'node:assert/strict';
import { SerialQueue } from '../../../src/base/serial-queue.ts';

describe('a serial queue', () => {
  it('lets the event loop go round between two pieces, and keeps their order', async () => {
    const queue = new SerialQueue();
    const order: string[] = [];
    const round = (): void => {
      order.push('loop');
      if (order.filter((each) => each === 'c').length === 0) setImmediate(round);
    };
    setImmediate(round);
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        queue.do(() => {
          order.push(name);
          return name;
        }),
      ),
    );
    assert.deepEqual(results, ['a', 'b', 'c']);
    for (const [one, other] of [
      ['a', 'b'],
      ['b', 'c'],
    ] as const) {
      assert.ok(order.slice(order.indexOf(one), order.indexOf(other)).includes('loop'), order.join(' '));
    }
  });

  it('goes on after a piece that failed', async () => {
    const queue = new SerialQueue();
    const failing = queue.do(() => {
      throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    assert.equal(await queue.do(() => 1), 1);
  });
});

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { NotJson, readPage } from '../../../src/kube/http/list-page.ts';
import type { KubeResponse } from '../../../src/kube/http/types.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const list = {
  kind: 'PodList',
  metadata: { continue: 'next' },
  items: Array.from({ length: 50 }, (_unused, index) => ({ metadata: { name: `p${index}`, managedFields: [] } })),
};

function answer(bytes: Buffer, headers: Readonly<Record<string, string>> = {}): KubeResponse {
  return { status: 200, headers, body: Readable.from([bytes]) };
}

describe('a page of a list', () => {
  it('is read item by item, with others having their turn in between', async () => {
    const clock = new ManualClock();
    let turns = 0;
    let reading = true;
    const turn = (): void => {
      turns += 1;
      if (reading) setImmediate(turn);
    };
    setImmediate(turn);
    const { items, envelope } = await readPage(
      answer(Buffer.from(JSON.stringify(list))),
      clock,
      'list pods',
      (item) => {
        clock.advance(10);
        return item;
      },
    );
    reading = false;
    assert.deepEqual(
      items,
      list.items.map(({ metadata: { name } }) => ({ metadata: { name, managedFields: null } })),
    );
    assert.deepEqual(envelope, { ...list, items: [] });
    assert.ok(turns >= 50, `${turns} turns`);
  });

  it('may come compressed', async () => {
    const { items } = await readPage(
      answer(gzipSync(JSON.stringify(list)), { 'content-encoding': 'gzip' }),
      new ManualClock(),
      'list pods',
      (item) => item,
    );
    assert.equal(items.length, 50);
  });

  it('is refused when it is a part of one, or none, without a word of what it said', async () => {
    const text = JSON.stringify(list);
    for (const [bytes, begins] of [
      [text.slice(0, 200), true],
      [text.slice(0, -1), true],
      ['<html>secret</html>', false],
      ['', false],
    ] as const) {
      await assert.rejects(
        readPage(answer(Buffer.from(bytes)), new ManualClock(), 'list pods', (item) => item),
        (error) => error instanceof NotJson && error.begins === begins && !error.message.includes('secret'),
      );
    }
  });
});

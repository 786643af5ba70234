import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeptReadings } from '../../../src/benchmarks/kept-readings.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('kept readings', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kept-'));
    for (const name of ['a', 'b', 'c']) await writeFile(join(folder, name), name);
  });
  after(() => rm(folder, { recursive: true }));

  /** Counts what is read, each reading of so many bytes. */
  function counting(bytes: number): { readonly read: (name: string) => Promise<Buffer>; readonly reads: string[] } {
    const kept = new KeptReadings<Buffer>(new ManualClock(), () => false);
    const reads: string[] = [];
    const read = (name: string): Promise<Buffer> =>
      kept.of([join(folder, name)], '', () => {
        reads.push(name);
        return Promise.resolve(Buffer.alloc(bytes));
      });
    return { read, reads };
  }

  it('take no more than 32 MB: the one that was asked for longest ago goes', async () => {
    const { read, reads } = counting(12 << 20);
    for (const name of ['a', 'b', 'a', 'c', 'a', 'c', 'b']) await read(name);
    assert.deepEqual(reads, ['a', 'b', 'c', 'b']);
  });

  it('are not kept of what is not there', async () => {
    const { read, reads } = counting(1);
    await read('gone');
    await read('gone');
    assert.deepEqual(reads, ['gone', 'gone']);
  });

  it('are not kept where reading was rejected', async () => {
    const kept = new KeptReadings<string>(new ManualClock(), () => false);
    await assert.rejects(
      kept.of([join(folder, 'a')], '', () => Promise.reject(new Error('the window is gone'))),
      /the window is gone/,
    );
    assert.equal(await kept.of([join(folder, 'a')], '', () => Promise.resolve('read')), 'read');
  });
});

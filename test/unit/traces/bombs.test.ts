import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import type { ReaderPool } from '../../../src/readers/pool.ts';
import type { TraceTasks } from '../../../src/traces/reader-tasks.ts';
import { sourceReaders } from '../../support/readers.ts';
import { scannerDist } from '../../support/scanner.ts';

const MB = 1 << 20;
/** What they inflate to is more than the reader may hold: one that kept it would be given up as `too-large`. */
const MEGABYTES = 300;
const limits = { heapMegabytes: 256, residentBytes: 290 * MB };
const kernel = '{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":1,"dur":2,"args":{"device":0,"stream":7}}';

/** `middle` for MEGABYTES between two ends, as gzip in several members: 1 kB holds a MB. */
function bomb(before: string, middle: string, after: string): Buffer {
  const piece = gzipSync(middle.repeat(MB / middle.length));
  return Buffer.concat([gzipSync(before), ...Array.from({ length: MEGABYTES }, () => piece), gzipSync(after)]);
}

describe('small traces that inflate to much', function () {
  this.timeout(60_000);
  let folder: string;
  let wasm: string;
  let readers: ReaderPool<TraceTasks>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-bombs-'));
    wasm = join(await scannerDist(), 'kineto.wasm');
    readers = sourceReaders({ limits });
  });
  after(async () => {
    readers.dispose();
    await rm(folder, { recursive: true });
  });

  const attacks: readonly (readonly [what: string, content: Buffer, outcome: string])[] = [
    ['zeros', bomb('', '\0', ''), 'format-unknown'],
    ['brackets', bomb('', '[', ''), 'json-invalid'],
    ['brackets in an event', bomb(`{"traceEvents":[${kernel},{"args":`, '[', ''), 'json-cut'],
    ['blanks before the events', bomb('{"traceEvents":', ' ', `[${kernel}]}`), 'format-unknown'],
    ['blanks among the events', bomb('{"traceEvents":[', ' ', `${kernel}]}`), '1 event'],
    [
      'one string in an event',
      bomb(`{"traceEvents":[${kernel},{"name":"`, 'x', `"},${kernel}]}`),
      '2 events, events-skipped',
    ],
    [
      'one number in an event',
      bomb(`{"traceEvents":[${kernel},{"ts":`, '1', `},${kernel}]}`),
      '2 events, events-skipped',
    ],
    [
      'keys of an event',
      bomb(`{"traceEvents":[${kernel},{`, '"a":1,  ', `"b":1},${kernel}]}`),
      '2 events, events-skipped',
    ],
    ['one string before the events', bomb('{"a":"', 'x', `","traceEvents":[${kernel}]}`), 'format-unknown'],
    ['one string behind the events', bomb(`{"traceEvents":[${kernel}],"a":"`, 'x', '"}'), 'json-cut'],
  ];
  for (const [what, content, outcome] of attacks) {
    it(`${what}: ${outcome}`, async () => {
      assert.ok(content.length < MB);
      const path = join(folder, 'bomb.pt.trace.json.gz');
      await writeFile(path, content);
      assert.equal(await outcomeOf(path), outcome);
    });
  }

  async function outcomeOf(path: string): Promise<string> {
    try {
      const { events, warnings } = await readers.run(
        'summarise trace',
        { path, wasm },
        { signal: new AbortController().signal },
      );
      return [`${events} event${events === 1 ? '' : 's'}`, ...warnings.map(({ code }) => code)].join(', ');
    } catch (error) {
      if (!isWorkbenchError(error)) throw error;
      assert.ok(error.message.includes(path) && error.hint !== undefined);
      return error.code;
    }
  }
});

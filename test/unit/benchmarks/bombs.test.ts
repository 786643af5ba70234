import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readBytes } from '../../../src/benchmarks/readers/input.ts';
import { sourceResults } from '../../support/results.ts';

const MB = 1 << 20;
const { signal } = new AbortController();

/** `middle` so many MB between two ends, as gzip in several members: 1 kB holds a MB. */
function bomb(before: string, middle: string, megabytes: number, after: string): Buffer {
  const piece = gzipSync(middle.repeat(MB / middle.length));
  return Buffer.concat([gzipSync(before), ...Array.from({ length: megabytes }, () => piece), gzipSync(after)]);
}

describe('small result files that inflate to much', function () {
  this.timeout(60_000);
  const { results, readers } = sourceResults();
  after(() => readers.dispose());
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'bombs-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  async function put(name: string, content: Buffer): Promise<string> {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  }

  const record = '"completed":1,"duration":2,"request_throughput":3,"median_ttft_ms":4';
  const attacks: readonly (readonly [what: string, content: Buffer, outcome: string])[] = [
    ['60 MB of brackets', bomb('', '[', 60, ''), 'json-cut'],
    ['60 MB of brackets in a part that is kept', bomb('{"extra":', '[', 60, '}'), 'json-cut'],
    ['60 MB of objects in objects', bomb('{"extra":', '{"a":[[{"b":', 60, ''), 'json-cut'],
    ['a string of 200 MB', bomb(`{${record},"extra":"`, 'x', 200, '"}'), 'too-long'],
    ['a string of 200 MB of quotes', bomb(`{${record},"extra":"`, String.raw`\"`, 200, '"}'), 'too-long'],
    ['a key of 200 MB', bomb(`{${record},"`, 'x', 200, '":1}'), 'too-long'],
    ['a number of 200 MB', bomb(`{${record},"extra":`, '1', 200, '}'), 'json-invalid'],
    ['a table whose row never ends', bomb('Benchmarks Stats:\n--|--\n', 'x\n', 4, ''), 'no-result'],
    [
      'a table of nothing but headers',
      bomb('Server Throughput Statistics\n', '|a|b|c|\n', 4, `|-\n${'|1|2|3|\n'.repeat(20_000)}`),
      'rounded',
    ],
    [
      'an output whose table is cut away',
      bomb(
        'Serving Benchmark Result =\n',
        'text with a line end\n ',
        36,
        'Traffic request rate: 1\n====== Serving Benchmark Result ======\nSuccessful requests: 3\n==================================================\n',
      ),
      'output-cut',
    ],
    ['a report in YAML that goes on', bomb('version: "0.1"\nscenario:\n', '- [a, b]', 2, ''), 'too-large'],
  ];
  for (const [what, content, outcome] of attacks) {
    it(`${what}: ${outcome}`, async () => {
      const report = await results.read([await put('bomb.gz', content)], signal);
      const said = [...report.errors, ...report.files.flatMap((file) => file.warnings)].map(({ code }) => code);
      assert.deepEqual(said, [outcome]);
    });
  }

  it('more than 4 GB: too-large, before it is all inflated', async () => {
    const path = await put('bomb.json.gz', bomb('{', ' '.repeat(64), 4097, ''));
    await assert.rejects(
      async () => {
        for await (const chunk of readBytes(path)) assert.ok(chunk.length > 0);
      },
      { code: 'too-large' },
    );
  });
});

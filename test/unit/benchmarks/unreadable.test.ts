import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sourceResults } from '../../support/results.ts';

const FIXTURES = new URL('../../fixtures/benchmarks/', import.meta.url).pathname;
const GOOD = join(FIXTURES, 'guidellm-0.3.1.json');

describe('result files', function () {
  this.timeout(30_000);
  const { results, readers } = sourceResults();
  after(() => readers.dispose());
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'results-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const { signal } = new AbortController();
  const put = async (name: string, content: string | Buffer): Promise<string> => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };

  it('lists each unreadable file with a code and a hint, and reads the others all the same', async () => {
    const good = await readFile(GOOD);
    const zipped = gzipSync(good);
    await mkdir(join(directory, 'empty'));
    const cases: (readonly [string, string])[] = [
      [join(directory, 'absent.json'), 'file-missing'],
      [join(GOOD, 'inside.json'), 'file-missing'],
      [await put('nothing.json', ''), 'file-empty'],
      [await put('blank.json', ' \n'), 'file-empty'],
      [join(directory, 'empty'), 'file-is-directory'],
      [await put('cut.json.gz', zipped.subarray(0, zipped.length / 2)), 'gzip-cut'],
      [await put('cut-tail.json.gz', zipped.subarray(0, zipped.length - 4)), 'gzip-cut'],
      [
        await put(
          'damaged.json.gz',
          Buffer.concat([zipped.subarray(0, 40), Buffer.alloc(40, 0xff), zipped.subarray(80)]),
        ),
        'gzip-invalid',
      ],
      [await put('plain.json.gz', good), 'gzip-invalid'],
      [await put('cut.json', good.subarray(0, 5000)), 'json-cut'],
      [
        await put(
          'cut-naming-its-tool.json',
          (await readFile(join(FIXTURES, 'guidellm-0.5.3.json'))).subarray(0, 5000),
        ),
        'json-cut',
      ],
      [await put('broken.json', '{"benchmarks": oops}'), 'json-invalid'],
      [await put('words.json', 'no JSON at all'), 'json-invalid'],
      [await put('other.json', '{"traceEvents": [{"ph": "X"}]}'), 'format-unknown'],
      [await put('notes.txt', 'buy milk'), 'format-unknown'],
      [await put('picture.txt', Buffer.from('89504e470d0a1a0a', 'hex')), 'format-unknown'],
      [
        await put(
          'new.json',
          '{"benchmarks": [{"config": {"strategy": {"type_": "concurrent"}}, "metrics": {"request_latency": {"successful": {"mean": "slow"}}}}]}',
        ),
        'version-unknown',
      ],
      [await put('none.json', '{"metadata": {"version": 2}, "benchmarks": []}'), 'no-result'],
      [await put('list.json', '[]'), 'no-result'],
    ];
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [join(directory, 'pipe.json')]);
      cases.push([join(directory, 'pipe.json'), 'file-unreadable'], ['/dev/zero', 'file-unreadable']);
    }
    const report = await results.read([...cases.map(([path]) => path), GOOD], signal);
    assert.deepEqual(
      report.errors.map(({ path, code }) => [basename(path), code]),
      cases.map(([path, code]) => [basename(path), code]),
    );
    for (const error of report.errors) {
      assert.ok(error.hint.length > 0, error.path);
      assert.ok(error.message.includes(error.path), error.message);
      assert.ok(!error.message.includes('\n'));
    }
    assert.deepEqual(
      report.files.map(({ path }) => path),
      [GOOD],
    );
  });

  it('reports a file that the system refuses to read', async function () {
    if (process.platform !== 'linux') this.skip();
    const report = await results.read(['/proc/self/mem', GOOD], signal);
    assert.deepEqual(
      report.errors.map(({ code }) => code),
      ['file-unreadable'],
    );
    assert.equal(report.files.length, 1);
  });

  it('walks directories, in numeric order, past what is no result by name', async () => {
    await mkdir(join(directory, 'a'));
    for (const index of [10, 9]) await copyFile(GOOD, join(directory, 'a', `${index}.json`));
    await writeFile(join(directory, 'a', '11.json.gz'), gzipSync(await readFile(GOOD)));
    for (const name of [
      'run.json',
      'stdout.log',
      'manifests.yaml',
      '.hidden.json',
      'stage_3_prometheus_metrics.json',
      'picture.png',
    ])
      await put(name, 'x');
    const report = await results.read([directory], signal);
    assert.deepEqual(report.errors, []);
    assert.deepEqual(
      report.files.map(({ path }) => basename(path)),
      ['9.json', '10.json', '11.json.gz'],
    );
  });

  it('reads tables in a log that begins with a bracket', async () => {
    const table = await readFile(join(FIXTURES, 'guidellm-0.5.3.txt'), 'utf8');
    const report = await results.read([await put('run.log', `[INFO] starting\n${table}`)], signal);
    assert.deepEqual(report.errors, []);
    assert.equal(report.files[0]?.format, 'stdout');
  });

  it('rejects when cancelled', async () => {
    await assert.rejects(results.read([GOOD], AbortSignal.abort()), { code: 'aborted' });
  });
});

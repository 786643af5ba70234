import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { readEnv } from '../../../src/deployment/env.ts';

describe('.env', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-env-'));
    path = join(folder, '.env');
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function values(text: string): Promise<object> {
    await writeFile(path, text);
    const { found, values: read } = await readEnv(path);
    assert.ok(found);
    return { ...read };
  }

  async function refusal(): Promise<WorkbenchError> {
    const error: unknown = await readEnv(path).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof WorkbenchError && error.code === 'file-unreadable', String(error));
    assert.ok(error.message.includes(path));
    return error;
  }

  it('has no values where there is none', async () => {
    assert.deepEqual(await readEnv(path), { path, found: false, values: {} });
  });

  it('reads plain, quoted, exported, empty and commented lines, with either line end', async () => {
    const text = [
      '# tokens',
      'HF_TOKEN=hf_abc',
      'export GH_TOKEN = "gh x"  # mine',
      "NAMESPACE='my ns'",
      'EMPTY=',
      'not a line',
      '  INDENTED=1',
      'HASH="a#b"',
      'NOTE=a # b',
    ].join('\r\n');
    assert.deepEqual(await values(text), {
      HF_TOKEN: 'hf_abc',
      GH_TOKEN: 'gh x',
      NAMESPACE: 'my ns',
      EMPTY: '',
      INDENTED: '1',
      HASH: 'a#b',
      NOTE: 'a',
    });
  });

  it('reads quoted values over several lines, and what stands behind them', async () => {
    assert.deepEqual(await values('KEY="first\nsecond=x\n# third"\nOTHER=\'a\nb\'\nLAST=1\n'), {
      KEY: 'first\nsecond=x\n# third',
      OTHER: 'a\nb',
      LAST: '1',
    });
  });

  it('reads the first line behind a byte order mark, and takes the last of two', async () => {
    assert.deepEqual(await values('\u{FEFF}A=1\nB=1\nB=2\n'), { A: '1', B: '2' });
  });

  it('expands nothing', async () => {
    assert.deepEqual(await values('A=$HOME\nB="${HOME}"\nC=`id`\n'), { A: '$HOME', B: '${HOME}', C: 'id' });
  });

  it('cannot change the prototype of anything', async () => {
    await writeFile(path, '__proto__=x\nconstructor=y\nA=1\n');
    const read = (await readEnv(path)).values;
    assert.equal(read['A'], '1');
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
  });

  it('refuses a pipe at once', async () => {
    await promisify(execFile)('mkfifo', [path]);
    assert.match((await refusal()).message, /no regular file/);
  });

  it('refuses a device and a folder, behind a link too', async () => {
    await symlink('/dev/zero', path);
    assert.match((await refusal()).message, /no regular file/);
    await rm(path);
    await mkdir(path);
    assert.match((await refusal()).message, /no regular file/);
  });

  it('refuses more than a MiB, and reads a link to a file that somebody keeps elsewhere', async () => {
    await writeFile(path, `A=${'x'.repeat(2 ** 20)}`);
    assert.match((await refusal()).message, /larger than 1 MiB/);
    await rm(path);
    await writeFile(join(folder, 'mine'), 'A=1');
    await symlink(join(folder, 'mine'), path);
    assert.equal((await readEnv(path)).values['A'], '1');
  });
});

import assert from 'node:assert/strict';
import { access, lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removePrivateFile, writePrivateFile } from '../../../src/base/private-file.ts';

describe('private file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'private-file-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is for its owner alone, in folders that were not there', async () => {
    const path = join(folder, 'a', 'b', 'kubeconfig');
    await writePrivateFile(path, 'token');
    assert.equal((await lstat(path)).mode & 0o777, 0o600);
    assert.deepEqual([await readFile(path, 'utf8'), await readdir(join(folder, 'a', 'b'))], ['token', ['kubeconfig']]);
  });

  it("follows no link, in its own place or in a draft's", async () => {
    const path = join(folder, 'kubeconfig');
    const victim = join(folder, 'victim');
    await writeFile(victim, 'as it was');
    for (const link of [path, `${path}.${process.pid}`]) await symlink(victim, link);
    await writePrivateFile(path, 'token');
    assert.equal(await readFile(victim, 'utf8'), 'as it was');
    assert.ok((await lstat(path)).isFile());
  });

  it('leaves no draft where it cannot be written', async () => {
    await assert.rejects(writePrivateFile(folder, 'token'));
    assert.deepEqual(
      (await readdir(join(folder, '..'))).filter((name) => join(folder, '..', name).startsWith(`${folder}.`)),
      [],
    );
  });

  it("is removed by who wrote it, and not once it is another's", async () => {
    const path = join(folder, 'kubeconfig');
    await writePrivateFile(path, 'first');
    await writePrivateFile(path, 'second');
    await removePrivateFile(path, 'first');
    assert.equal(await readFile(path, 'utf8'), 'second');
    await removePrivateFile(path, 'second');
    await assert.rejects(access(path), { code: 'ENOENT' });
    await removePrivateFile(path, 'second');
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';

/** Every way to change something, each at the file that it is given. */
const changes = {
  write: (files, file) => files.write(file, 'planted'),
  create: (files, file) => files.create(file, 'planted'),
  writeAt: (files, file) => files.writeAt(file, Buffer.from('planted'), 0),
  open: async (files, file) => {
    await using handle = await files.open(file);
    await handle.write('planted', 0);
  },
  rename: async (files, file) => {
    await files.write('draft', 'planted');
    await files.rename('draft', file);
  },
  makeNewFolder: (files, file) => files.makeNewFolder(file),
  remove: (files, file) => files.remove(file),
  touch: (files, file) => files.touch(file, 0),
  removeEmpty: (files, file) => files.removeEmpty(file),
} satisfies Record<string, (files: WorkspaceFiles, file: string) => Promise<unknown>>;

describe('files of the workspace', () => {
  let outside: string;
  let workspace: string;
  let files: WorkspaceFiles;

  beforeEach(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llmdw-files-'));
    outside = join(folder, 'home');
    workspace = join(folder, 'workspace');
    await mkdir(join(outside, 'kept'), { recursive: true });
    await mkdir(workspace);
    await writeFile(join(outside, '.bashrc'), 'mine');
    files = new WorkspaceFiles(workspace);
  });
  afterEach(() => rm(join(workspace, '..'), { recursive: true }));

  /** What an attack is after: nothing of it has changed. */
  async function assertUntouched(): Promise<void> {
    assert.deepEqual((await readdir(outside)).toSorted(), ['.bashrc', 'kept']);
    assert.equal(await readFile(join(outside, '.bashrc'), 'utf8'), 'mine');
  }

  it('are written, appended to, read, moved and deleted, with their folders', async () => {
    const results = files.below('results');
    await results.write('run1/run.json', 'one');
    await results.write('run1/run.json', 'two');
    assert.equal(await results.read('run1/run.json'), 'two');
    await results.writeAt('run1/stdout.log', Buffer.from('a'), 0);
    await results.writeAt('run1/stdout.log', Buffer.from('b'), 1);
    assert.equal(await readFile(join(workspace, 'results', 'run1', 'stdout.log'), 'utf8'), 'ab');
    assert.equal(await results.size('run1/stdout.log'), 2);
    {
      await using handle = await results.open('run1/0.json.part');
      await handle.write('late', 4);
      await handle.write('soon', 0);
    }
    await results.rename('run1/0.json.part', 'run1/0.json');
    assert.equal(await results.read('run1/0.json'), 'soonlate');
    assert.deepEqual(
      (await readdir(results.path('run1'))).toSorted(),
      ['0.json', 'run.json', 'stdout.log'],
      'no draft is left',
    );
    await results.remove('run1');
    await results.remove('run1');
    assert.equal(await results.read('run1/run.json'), undefined);
    assert.equal(await results.size('run1/run.json'), 0);
    assert.deepEqual([await results.makeNewFolder('run1'), await results.makeNewFolder('run1')], [true, false]);
    await results.removeEmpty('run1');
    assert.deepEqual(await readdir(results.folder), []);
  });

  it('keep what is there when a draft or a new file is already', async () => {
    await files.create('a', 'first');
    await assert.rejects(files.create('a', 'second'), { code: 'file-unreadable' });
    assert.equal(await files.read('a'), 'first');
  });

  it('have no names that lead elsewhere', async () => {
    for (const name of ['../x', 'a/../../x', '..', '.', '', '/etc/x', 'a//b', 'a/', 'a\0b', '../workspace/a']) {
      assert.throws(() => files.path(name), { code: 'bad-usage' }, JSON.stringify(name));
      assert.throws(() => files.below(name), { code: 'bad-usage' }, JSON.stringify(name));
      for (const [verb, change] of Object.entries(changes))
        await assert.rejects(async () => change(files, name), { code: 'bad-usage' }, `${verb} ${JSON.stringify(name)}`);
    }
    await rm(join(workspace, 'draft'), { force: true });
    assert.deepEqual(await readdir(workspace), []);
  });

  for (const [verb, change] of Object.entries(changes)) {
    it(`${verb}: follow no link on the way, whether it leads out or stays within`, async () => {
      await mkdir(join(workspace, '.git', 'hooks'), { recursive: true });
      await mkdir(join(workspace, 'traces', '1'), { recursive: true });
      await symlink(outside, join(workspace, 'results'));
      await symlink('../../.git/hooks', join(workspace, 'traces', '1', 'pod'));
      await symlink(join(outside, 'not-there-yet'), join(workspace, '.tmp'));
      for (const [file, shown] of [
        ['results/kept', 'results'],
        ['results/run1/x', 'results'],
        ['traces/1/pod/x', 'traces/1/pod'],
        ['.tmp/x', '.tmp'],
      ] as const) {
        await assert.rejects(change(files, file), (error) => {
          assert.ok(error instanceof WorkbenchError && error.hint !== undefined);
          assert.equal(error.message, `${join(workspace, shown)} is a link, and may lead out of the workspace`);
          return true;
        });
        await files.remove('draft');
      }
      await assertUntouched();
      assert.deepEqual(await readdir(join(workspace, '.git', 'hooks')), []);
    });
  }

  for (const verb of ['write', 'writeAt', 'open', 'touch'] as const) {
    it(`${verb}: refuse a link, a folder, a pipe and a device's place; leave a hard link's other name as it was`, async () => {
      await symlink(join(outside, '.bashrc'), join(workspace, 'link'));
      await symlink(join(outside, 'new'), join(workspace, 'dangling'));
      await link(join(outside, '.bashrc'), join(workspace, 'twin'));
      await symlink('/dev/zero', join(workspace, 'endless'));
      await mkdir(join(workspace, 'folder'));
      execFileSync('mkfifo', [join(workspace, 'pipe')]);
      for (const name of ['link', 'dangling', 'endless', 'folder', 'pipe']) {
        await assert.rejects(
          changes[verb](files, name),
          { code: 'file-unreadable', message: new RegExp(`${name} is not a plain file`) },
          name,
        );
        await assert.rejects(files.read(name), { code: 'file-unreadable' }, name);
      }
      const twin = changes[verb](files, 'twin');
      await (verb === 'write'
        ? twin
        : assert.rejects(twin, { code: 'file-unreadable', message: /twin has another name/ }));
      await assertUntouched();
    });
  }

  it('are deleted without what links in them lead to', async () => {
    await mkdir(join(workspace, 'results', 'run1'), { recursive: true });
    await symlink(outside, join(workspace, 'results', 'run1', 'home'));
    await symlink(outside, join(workspace, 'results', 'run2'));
    await files.remove('results/run1');
    await files.remove('results/run2');
    assert.deepEqual(await readdir(join(workspace, 'results')), []);
    await assertUntouched();
  });

  it('may lie in a folder that was opened through a link', async () => {
    await symlink(workspace, join(outside, 'kept', 'shortcut'));
    await new WorkspaceFiles(join(outside, 'kept', 'shortcut')).write('results/a', 'text');
    assert.equal(await files.read('results/a'), 'text');
  });

  it('are not touched where the guard says no, but can be read', async () => {
    await files.write('a', 'text');
    const guarded = new WorkspaceFiles(workspace, () => {
      throw new WorkbenchError({ code: 'not-supported', message: 'not trusted' });
    });
    for (const [verb, change] of Object.entries(changes))
      await assert.rejects(change(guarded.below('sub'), 'b'), { code: 'not-supported' }, verb);
    assert.equal(await guarded.read('a'), 'text');
    assert.deepEqual(await readdir(workspace), ['a']);
  });
});

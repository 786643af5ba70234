import assert from 'node:assert/strict';
import { MemoryStore } from '../../../src/base/store.ts';
import { FolderOwner } from '../../../src/host/folder-owner.ts';
import { perfettoSource, productionPatterns, type Inspected } from '../../../src/host/folder-settings.ts';

/** Attack 4: `.vscode/settings.json` of a folder that was trusted. */
describe('settings of a folder', () => {
  it('add production patterns and remove none, wherever they are set', () => {
    const defaultValue = ['prod', 'prod-*'];
    assert.deepEqual(productionPatterns({ defaultValue, workspaceValue: [], workspaceFolderValue: [] }), defaultValue);
    assert.deepEqual(
      productionPatterns({ defaultValue, globalValue: ['gold'], workspaceValue: [], workspaceFolderValue: ['lab'] }),
      ['gold', 'lab'],
    );
    assert.deepEqual(productionPatterns({ defaultValue, workspaceValue: ['lab', 'prod'] }), ['prod', 'prod-*', 'lab']);
  });

  it('leave what the person took out, and take nothing that is no pattern', () => {
    assert.deepEqual(productionPatterns({ defaultValue: ['prod'], globalValue: [] }), []);
    assert.deepEqual(
      productionPatterns({ defaultValue: ['prod'], globalValue: 'none', workspaceValue: [7, ' ', 'lab '] }),
      ['prod', 'lab'],
    );
    assert.deepEqual(productionPatterns(undefined), []);
  });

  const sources: readonly (readonly [setting: Inspected, source: string])[] = [
    [{ defaultValue: 'auto' }, 'auto'],
    [{ workspaceValue: 'public' }, 'auto'],
    [{ globalValue: 'bundled', workspaceValue: 'public', workspaceFolderValue: 'auto' }, 'bundled'],
    [{ globalValue: 'public', workspaceValue: 'auto' }, 'auto'],
    [{ globalValue: 'public', workspaceFolderValue: 'bundled' }, 'bundled'],
    [{ globalValue: 'public' }, 'public'],
    [{ globalValue: 'other', workspaceValue: 'other' }, 'auto'],
  ];
  for (const [setting, source] of sources)
    it(`${JSON.stringify(setting)} shows traces by ${source}`, () => assert.equal(perfettoSource(setting), source));
});

describe('the owner that a folder names', () => {
  const setting = (workspaceValue: string | undefined, globalValue?: string): Inspected => ({
    defaultValue: '',
    globalValue,
    workspaceValue,
  });

  it('does not count before the person said that it is theirs, and is asked about once', async () => {
    const owner = new FolderOwner(new MemoryStore(), () => setting('alice', 'bob'));
    assert.equal(owner.counting, 'bob');
    assert.equal(owner.openFor('bob'), 'alice');
    await owner.answer(true);
    assert.equal(owner.counting, 'alice');
    assert.equal(owner.openFor('bob'), undefined);
  });

  it('is not asked about again after a no, and never counts', async () => {
    const owner = new FolderOwner(new MemoryStore(), () => setting('alice'));
    await owner.answer(false);
    assert.equal(owner.counting, undefined);
    assert.equal(owner.openFor('bob'), undefined);
  });

  it('is another question when it is another name', async () => {
    let name = 'alice';
    const owner = new FolderOwner(new MemoryStore(), () => setting(name));
    await owner.answer(true);
    name = 'mallory';
    assert.equal(owner.counting, undefined);
    assert.equal(owner.openFor('bob'), 'mallory');
  });

  it('is no question where it is the name that counts anyway, or none', () => {
    assert.equal(new FolderOwner(new MemoryStore(), () => setting(' Bob ')).openFor('bob'), undefined);
    assert.equal(new FolderOwner(new MemoryStore(), () => setting('')).openFor('bob'), undefined);
    assert.equal(new FolderOwner(new MemoryStore(), () => undefined).openFor('bob'), undefined);
  });

  it('is asked about as it would stand on the cluster, never as text of the folder', () => {
    const owner = new FolderOwner(new MemoryStore(), () => setting('[Sign in](command:evil)\u202e'));
    assert.match(owner.openFor('bob') ?? '', /^[a-z0-9-]{1,40}$/);
  });

  it('is not confirmed by something else that was remembered', async () => {
    const store = new MemoryStore();
    await store.set('llmd.ownerOfFolder', 'alice');
    assert.equal(new FolderOwner(store, () => setting('alice')).counting, undefined);
  });
});

// oxlint-disable-next-line import/no-unassigned-import -- first, so that what follows gets the recorder as `vscode`
import '../../support/recorded-window.ts';
import assert from 'node:assert/strict';
import { MemoryStore } from '../../../src/base/store.ts';
import { FolderOwner } from '../../../src/host/folder-owner.ts';
import { answers, shown } from '../../support/vscode-recorder.ts';

/** Attack 4: a folder says who the person is. */
describe('the question after the owner that a folder names', () => {
  const folder = (): FolderOwner => new FolderOwner(new MemoryStore(), () => ({ workspaceValue: 'alice' }));

  async function ask(owner: FolderOwner, button: string | undefined): Promise<readonly string[]> {
    const { askFolderOwner } = await import('../../../src/host/owner-question.ts');
    shown.splice(0);
    answers.button = button;
    askFolderOwner(owner, 'bob', (error) => assert.fail(String(error))).dispose();
    await new Promise(setImmediate);
    return shown
      .splice(0)
      .map(({ text }) => text)
      .slice(1);
  }

  afterEach(() => {
    answers.button = undefined;
  });

  it('has the answer that changes nothing as the button that stands out, and nothing counts before one', async () => {
    const owner = folder();
    assert.deepEqual(await ask(owner, undefined), ['Stay bob', 'I Am alice']);
    assert.equal(owner.counting, undefined);
    assert.equal(owner.openFor('bob'), 'alice', 'it is asked again');
  });

  it('takes either answer for good', async () => {
    const [stays, becomes] = [folder(), folder()];
    await ask(stays, 'Stay bob');
    assert.deepEqual([stays.counting, stays.openFor('bob')], [undefined, undefined]);
    await ask(becomes, 'I Am alice');
    assert.equal(becomes.counting, 'alice');
  });
});

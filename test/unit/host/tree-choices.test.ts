import assert from 'node:assert/strict';
import { Memory } from '../../../src/host/memory.ts';
import { TreeChoices } from '../../../src/host/trees/tree-choices.ts';

function memory(kept: Record<string, unknown> = {}): Memory {
  return new Memory({
    keys: () => Object.keys(kept),
    get: (key: string) => kept[key] as never,
    update: (key: string, value: unknown) => {
      kept[key] = value;
      return Promise.resolve();
    },
  });
}

describe('choices for the trees', () => {
  it('outlive the window and are told to who shows them', async () => {
    const kept: Record<string, unknown> = {};
    const choices = new TreeChoices(memory(kept));
    assert.equal(choices.owners, 'everybody');
    let told = 0;
    const listening = choices.onDidChange(() => {
      told += 1;
    });
    await choices.chooseOwners('mine');
    listening.dispose();
    await choices.chooseOwners('others');
    assert.equal(told, 1);
    await choices.chooseGrouping('rack');
    assert.equal(new TreeChoices(memory(kept)).owners, 'others');
    assert.equal(new TreeChoices(memory(kept)).grouping, 'rack');
  });

  it('that a later version does not know are as if never made', () => {
    assert.equal(new TreeChoices(memory({ 'llmd.choices.trees': { owners: 'aliens' } })).owners, 'everybody');
    assert.equal(new TreeChoices(memory({ 'llmd.choices.trees': 'broken' })).owners, 'everybody');
  });
});

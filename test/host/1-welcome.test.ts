import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated, eventually, extension } from './support.ts';

describe('a window without a kubeconfig', () => {
  it('activates', async () => {
    await activated();
    assert.equal(extension().isActive, true);
  });

  it('has no cluster and shows empty trees, so that the welcome views can speak', async () => {
    const api = await activated();
    await eventually(() => (api.session.connection.kind === 'loading' ? undefined : true));
    assert.equal(api.session.connection.kind, 'none');
    await vscode.commands.executeCommand('llmd.cluster.focus');
    await eventually(() => (api.trees.cluster.view.visible ? true : undefined));
    assert.deepEqual(api.trees.cluster.tree.rows, []);
    assert.deepEqual(api.trees.modelServers.tree.rows, []);
  });

  it('has a welcome text for every view and every state in which it is empty', () => {
    const { viewsWelcome, views } = extension().packageJSON.contributes as {
      viewsWelcome: { view: string; when: string }[];
      views: { llmd: { id: string }[] };
    };
    for (const { id } of views.llmd)
      assert.ok(
        viewsWelcome.some((welcome) => welcome.view === id),
        id,
      );
    for (const trust of ['isWorkspaceTrusted', '!isWorkspaceTrusted']) {
      assert.ok(
        viewsWelcome.some(
          ({ view, when }) => view === 'llmd.cluster' && when === `llmd.connection == none && ${trust}`,
        ),
        trust,
      );
    }
  });
});

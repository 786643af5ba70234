import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { HostApi } from '../../src/host/index.ts';
import { eventually, flatten, useTestCluster } from './support.ts';

describe('the trees on a live cluster', () => {
  let api: HostApi;

  before(async () => {
    api = await useTestCluster();
    await eventually(() => (api.workbench.inventory.snapshot?.complete ? true : undefined));
    await eventually(() => (api.trees.cluster.tree.rows.length > 0 ? true : undefined));
  });

  it('show every node of the inventory, with its GPUs in words', () => {
    const nodes = flatten(api.trees.cluster.tree.rows).filter((row) => row.target?.kind === 'node');
    assert.deepEqual(
      nodes.map((row) => row.label).sort(),
      [...(api.workbench.inventory.snapshot?.nodes.keys() ?? [])].sort(),
    );
    for (const node of nodes) assert.match(node.description ?? '', /free|cordoned|not ready|no GPU/, node.label);
  });

  it('say in the title how many GPUs are free and that the view is live', async () => {
    const description = await eventually(() =>
      api.trees.cluster.view.description?.endsWith('live') ? api.trees.cluster.view.description : undefined,
    );
    assert.match(description, /^\d+\/\d+ GPUs free · live$/);
  });

  it('have one id a row and a tooltip or a description for each', () => {
    for (const tree of [api.trees.cluster, api.trees.modelServers]) {
      const rows = flatten(tree.tree.rows);
      assert.equal(new Set(rows.map((row) => row.id)).size, rows.length);
      for (const row of rows) assert.ok(row.tooltip !== undefined || row.description !== undefined, row.id);
    }
  });

  it('keep the elements of rows that stay when they are refreshed', async () => {
    const { tree } = api.trees.cluster;
    const [first] = tree.getChildren();
    assert.ok(first);
    await vscode.commands.executeCommand('llmd.refresh');
    await eventually(() => (api.session.connection.kind === 'ready' ? true : undefined));
    assert.equal(tree.getChildren()[0], first);
    assert.equal(tree.getParent(tree.getChildren(first)[0] ?? first), first);
  });

  it('give VS Code items with stable ids and words for screen readers', () => {
    const { tree } = api.trees.cluster;
    for (const element of tree.getChildren()) {
      const item = tree.getTreeItem(element);
      assert.equal(item.id, element.row.id);
      assert.ok(item.accessibilityInformation?.label.startsWith(element.row.label));
    }
  });
});

import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { labels } from '../../src/base/labels.ts';
import type { HostApi } from '../../src/host/index.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { Pods } from '../../src/kube/resources.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import { eventually, flatten, useTestCluster } from './support.ts';

describe('the trees on a live cluster', () => {
  let api: HostApi;
  const server = `trees-test-${process.pid}`;
  const patience = (): AbortSignal => AbortSignal.timeout(30_000);

  before(async () => {
    api = await useTestCluster();
    const client = await testClient(api);
    await client.create(Pods, modelServer(server, client.cluster.namespace, api.workbench.owner), patience());
    await eventually(() => (api.workbench.inventory.snapshot?.complete ? true : undefined));
    for (const { tree } of [api.trees.cluster, api.trees.modelServers])
      await eventually(() => (tree.rows.length > 0 ? true : undefined));
  });

  after(async () => {
    const client = await testClient(api);
    const { namespace } = client.cluster;
    await client.delete(Pods, namespace, server, { gracePeriodSeconds: 0, signal: patience() });
    await eventually(() =>
      api.workbench.inventory.snapshot?.pods.has(`${namespace}/${server}`) === false ? true : undefined,
    );
  });

  it('show every node of the inventory, with its GPUs in words', () => {
    const nodes = flatten(api.trees.cluster.tree.rows).filter((row) => row.target?.kind === 'node');
    assert.ok(nodes.length > 0);
    assert.deepEqual(
      nodes.map((row) => row.label).sort(),
      [...(api.workbench.inventory.snapshot?.nodes.keys() ?? [])].sort(),
    );
    for (const node of nodes) assert.match(node.description ?? '', /free|cordoned|not ready|no GPU/, node.label);
  });

  it('show a model server as one of mine, for the menus to offer what I may do with it', async () => {
    const row = await eventually(() =>
      flatten(api.trees.modelServers.tree.rows).find(({ target }) => target?.kind === 'pod' && target.name === server),
    );
    assert.match(row.context ?? '', /^pod\b.*\bmine\b/);
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
      assert.ok(rows.length > 0);
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
    const elements = tree.getChildren();
    assert.ok(elements.length > 0);
    for (const element of elements) {
      const item = tree.getTreeItem(element);
      assert.equal(item.id, element.row.id);
      assert.ok(item.accessibilityInformation?.label.startsWith(element.row.label));
    }
  });
});

function testClient({ workbench, session }: HostApi): Promise<KubeClient> {
  const { cluster } = session;
  assert.ok(cluster);
  return workbench.contexts.client(cluster);
}

/** A decode pod of mine that serves nothing. */
function modelServer(name: string, namespace: string, owner: string): KubeObject {
  const marks = { [labels.owner]: owner, [labels.role]: 'decode', [labels.deployment]: 'trees-test' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: marks },
    spec: { containers: [{ name: 'vllm', image: 'vllm/vllm-openai', command: ['sleep', 'infinity'] }] },
  };
}

import assert from 'node:assert/strict';
import type { HostApi } from '../../src/host/index.ts';
import { eventually, extension, useNoCluster } from './support.ts';

describe('a window without a kubeconfig', () => {
  let api: HostApi;

  before(async () => {
    api = await useNoCluster();
  });

  it('has no cluster and shows empty trees, so that the welcome views can speak', async () => {
    assert.equal(api.session.cluster, undefined);
    for (const { tree } of [api.trees.cluster, api.trees.modelServers])
      await eventually(() => (tree.rows.length === 0 ? true : undefined));
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

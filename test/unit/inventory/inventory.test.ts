import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { systemClock } from '../../../src/base/clock.ts';
import type { Disposable } from '../../../src/base/disposables.ts';
import { Emitter } from '../../../src/base/events.ts';
import { isWorkbenchError, WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { createInventory } from '../../../src/inventory/inventory.ts';
import type { Inventory, InventoryChange, InventorySnapshot } from '../../../src/inventory/types.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import type { ClusterRef, KubeClient } from '../../../src/kube/types.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { clusterRef, ScriptedServer, sendJson, sendStatus, until } from '../kube/server.ts';
import { nodeObjects, podObjects } from './fixtures.ts';

const never = new AbortController().signal;

/** A cluster that serves lists and holds its watches open. */
class FakeCluster {
  readonly server = new ScriptedServer();
  nodes: readonly KubeObject[] = nodeObjects;
  pods: readonly KubeObject[] = podObjects;
  watches: { readonly path: string; readonly response: ServerResponse }[] = [];
  forbidden: (path: string) => boolean = () => false;

  async start(): Promise<ClusterRef> {
    this.server.handle = (_request, response, url) => {
      if (this.forbidden(url.pathname)) {
        sendStatus(response, 403, 'Forbidden');
        return;
      }
      const items = url.pathname.endsWith('/nodes')
        ? this.nodes
        : this.pods.filter(
            (pod) =>
              !url.pathname.includes('/namespaces/') || url.pathname.includes(`/namespaces/${pod.metadata.namespace}/`),
          );
      if (url.searchParams.get('watch') === null) {
        sendJson(response, 200, { metadata: { resourceVersion: '1' }, items });
        return;
      }
      response.writeHead(200);
      response.flushHeaders();
      const watch = { path: url.pathname, response };
      this.watches.push(watch);
      response.on('close', () => {
        this.watches = this.watches.filter((other) => other !== watch);
      });
    };
    return clusterRef(await this.server.start());
  }

  tell(kind: 'nodes' | 'pods', type: string, object: unknown): void {
    for (const { path, response } of this.watches)
      if (path.endsWith(`/${kind}`)) response.write(`${JSON.stringify({ type, object })}\n`);
  }
}

/** Contexts reduced to what the inventory uses. */
class FakeContexts {
  readonly changes = new Emitter<ClusterRef | undefined>();
  readonly clients: KubeClient[] = [];
  chosen: ClusterRef | undefined;
  /** Where a client is long in coming: its context, and what it waits for. */
  slow: { readonly context: string; readonly until: Promise<void> } | undefined;

  readonly contexts = {
    current: () => Promise.resolve(this.chosen),
    list: () => Promise.reject(new WorkbenchError({ code: 'kubeconfig-missing', message: 'none' })),
    onDidChange: this.changes.event,
    client: async (cluster: ClusterRef) => {
      if (this.slow?.context === cluster.context) await this.slow.until;
      const client = createKubeClient({
        cluster,
        connection: { server: cluster.server },
        clock: systemClock,
        logger: silentLogger,
      });
      this.clients.push(client);
      return client;
    },
  } as unknown as Contexts;

  choose(cluster: ClusterRef | undefined): void {
    this.chosen = cluster;
    this.changes.fire(cluster);
  }
}

describe('inventory', () => {
  let cluster: FakeCluster;
  let contexts: FakeContexts;
  let inventory: Inventory;
  let changes: InventoryChange[];
  let owned: Disposable[];

  beforeEach(async () => {
    cluster = new FakeCluster();
    contexts = new FakeContexts();
    contexts.chosen = await cluster.start();
    inventory = createInventory({ contexts: contexts.contexts, logger: silentLogger });
    changes = [];
    owned = [inventory.onDidChange((change) => changes.push(change))];
  });

  afterEach(async () => {
    inventory.dispose();
    for (const item of [...owned, ...contexts.clients]) item.dispose();
    await cluster.server.stop();
  });

  /** Both kinds are listed, watched and told: no event is under way. */
  const settled = (): Promise<void> =>
    until(() => inventory.snapshot?.states.nodes.kind === 'live' && inventory.snapshot.states.pods.kind === 'live');
  const complete = (): InventorySnapshot | undefined =>
    inventory.snapshot?.complete === true ? inventory.snapshot : undefined;

  it('lists once somebody asks, and watches only while somebody holds a lease', async () => {
    assert.equal(cluster.server.requests.length, 0);
    const snapshot = await inventory.whenComplete(never);
    assert.equal(snapshot.nodes.size, nodeObjects.length);
    assert.equal(snapshot.pods.size, podObjects.length);
    const first = inventory.lease();
    const second = inventory.lease();
    await until(() => cluster.watches.length === 2);
    first.dispose();
    first.dispose();
    assert.equal(cluster.watches.length, 2);
    second.dispose();
    await until(() => cluster.watches.length === 0);
    assert.equal(inventory.snapshot?.complete, false, 'a picture that nobody follows claims nothing');
    assert.equal(inventory.snapshot?.pods.size, podObjects.length);
  });

  it('tells a change by its key, with what did not change the same object', async () => {
    owned.push(inventory.lease());
    await settled();
    const before = inventory.snapshot;
    changes.length = 0;
    const [changed] = podObjects;
    const twice = { ...changed, status: { ...(changed?.['status'] as object), phase: 'Failed' } };
    cluster.tell('pods', 'MODIFIED', twice);
    cluster.tell('pods', 'DELETED', podObjects[1]);
    await until(() => changes.length > 0);
    assert.equal(changes.length, 1, 'one event for changes that come together');
    assert.deepEqual(changes[0]?.pods, new Set(['v03/wide-ep-llm-d-decode-0', 'v03/wide-ep-llm-d-decode-0-1']));
    assert.deepEqual(changes[0]?.nodes, new Set());
    const after = changes[0]?.snapshot;
    assert.equal(after?.nodes, before?.nodes, 'nodes did not change');
    assert.equal(after?.pods.get('v03/wide-ep-llm-d-prefill-0'), before?.pods.get('v03/wide-ep-llm-d-prefill-0'));
    assert.equal(after?.pods.get('v03/wide-ep-llm-d-decode-0')?.phase, 'Failed');
    assert.equal(before?.pods.get('v03/wide-ep-llm-d-decode-0')?.phase, 'Running', 'an old snapshot stays as it was');
    assert.ok((after?.version ?? 0) > (before?.version ?? 0));
  });

  it('tells once that a kind cannot be listed, however much the other one changes', async () => {
    const warnings: string[] = [];
    inventory.dispose();
    inventory = createInventory({
      contexts: contexts.contexts,
      logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
    });
    owned.push(inventory.onDidChange((change) => changes.push(change)));
    const { handle } = cluster.server;
    cluster.server.handle = (request, response, url) => {
      if (url.pathname.endsWith('/nodes')) sendStatus(response, 500, 'InternalError');
      else handle(request, response, url);
    };
    owned.push(inventory.lease());
    await until(
      () => inventory.snapshot?.states.nodes.kind === 'stale' && inventory.snapshot.states.pods.kind === 'live',
    );
    for (const phase of ['Failed', 'Running', 'Failed']) {
      changes.length = 0;
      cluster.tell('pods', 'MODIFIED', {
        ...podObjects[0],
        status: { ...(podObjects[0]?.['status'] as object), phase },
      });
      await until(() => changes.length > 0);
    }
    assert.equal(warnings.filter((message) => message.includes('nodes')).length, 1, warnings.join('\n'));
  });

  it('is silent about heartbeats that change nothing we show', async () => {
    owned.push(inventory.lease());
    await settled();
    changes.length = 0;
    const [node] = nodeObjects;
    cluster.tell('nodes', 'MODIFIED', { ...node, metadata: { ...node?.metadata, resourceVersion: '99' } });
    cluster.tell('nodes', 'MODIFIED', { ...node, spec: { unschedulable: true } });
    await until(() => changes.length > 0);
    assert.equal(changes.length, 1);
    assert.equal(inventory.snapshot?.nodes.get('g1a2f3')?.schedulable, false);
  });

  it('goes to the namespace when the whole cluster may not be listed, and works without nodes', async () => {
    contexts.chosen = { ...clusterRef(cluster.server.url), namespace: 'v03' };
    cluster.forbidden = (path) => path === '/api/v1/nodes' || path === '/api/v1/pods';
    const snapshot = await inventory.whenComplete(never);
    assert.equal(snapshot.states.nodes.kind, 'denied');
    assert.equal(snapshot.podScope, 'namespace');
    assert.deepEqual([...new Set([...snapshot.pods.values()].map((pod) => pod.namespace))], ['v03']);
  });

  it('is complete when nothing at all may be listed', async () => {
    cluster.forbidden = () => true;
    const snapshot = await inventory.whenComplete(never);
    assert.deepEqual(
      [snapshot.states.nodes.kind, snapshot.states.pods.kind, snapshot.pods.size],
      ['denied', 'denied', 0],
    );
  });

  it('follows a change of context, and shows nothing of the old cluster under the new name', async () => {
    const other = new FakeCluster();
    other.pods = [];
    const chosen = { ...(await other.start()), context: 'other' };
    owned.push(inventory.lease());
    await until(() => inventory.snapshot?.complete === true && cluster.watches.length === 2);
    const version = inventory.snapshot?.version ?? 0;
    contexts.choose(chosen);
    assert.deepEqual(inventory.snapshot, undefined);
    await until(() => complete() !== undefined);
    assert.equal(complete()?.cluster.context, 'other');
    assert.equal(complete()?.pods.size, 0);
    assert.ok((complete()?.version ?? 0) > version);
    await until(() => cluster.watches.length === 0);
    inventory.dispose();
    await other.server.stop();
  });

  it('never lets a start that was overtaken reach the next one', async () => {
    const other = new FakeCluster();
    other.pods = [];
    other.nodes = [];
    const chosen = { ...(await other.start()), context: 'other' };
    const logIn = Promise.withResolvers<void>();
    contexts.slow = { context: contexts.chosen?.context ?? '', until: logIn.promise };
    owned.push(inventory.lease());
    contexts.choose(chosen);
    await until(() => complete()?.cluster.context === 'other');
    logIn.resolve();
    await until(() => contexts.clients.length === 2);
    // A change of the new cluster is told, and by then the old one would have been, too: it was ready before.
    await until(() => other.watches.length === 2);
    const [pod] = podObjects;
    other.tell('pods', 'ADDED', pod);
    await until(() => complete()?.pods.size === 1);
    assert.equal(cluster.server.requests.length, 0, 'the old cluster is not even asked');
    assert.equal(complete()?.cluster.context, 'other');
    inventory.dispose();
    await other.server.stop();
  });

  it('tells whoever waits why there will be no snapshot, and gets well by itself', async () => {
    contexts.chosen = undefined;
    let told = 0;
    inventory.onDidFail(() => {
      told += 1;
    });
    await assert.rejects(inventory.whenComplete(never), (error) => isWorkbenchError(error, 'kubeconfig-missing'));
    assert.equal(told, 1, 'a view hears of it, which has no snapshot to show');
    assert.equal(inventory.failure?.code, 'kubeconfig-missing');
    contexts.chosen = clusterRef(cluster.server.url);
    const port = Number(new URL(cluster.server.url).port);
    await cluster.server.stop();
    const lease = inventory.lease();
    await assert.rejects(inventory.whenComplete(never), (error) =>
      isWorkbenchError(error, 'cluster-unreachable', 'connection-lost'),
    );
    await cluster.server.start(port);
    await until(() => inventory.snapshot?.complete === true);
    await inventory.whenComplete(never);
    lease.dispose();
  });

  it('stops waiting when cancelled', async () => {
    cluster.server.handle = () => {};
    const cancel = new AbortController();
    const waiting = inventory.whenComplete(cancel.signal);
    cancel.abort();
    await assert.rejects(waiting, (error) => isWorkbenchError(error, 'aborted'));
  });
});

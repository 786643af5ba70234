import assert from 'node:assert/strict';
import { createServerIdentity } from '../../../src/demo/api/http/tls.ts';
import { Nodes } from '../../../src/kube/resources.ts';
import { assertTells, failure, namespace, patience, until } from '../../support/faults-lab.ts';
import { refuse } from '../../support/fault-proxy/faults.ts';
import { laterChunksOf, listsOf, watchesOf } from '../../support/fault-proxy/matchers.ts';
import { inTime, NetworkLab, passes, seen, stateOf, type WatchingWindow } from '../../support/network-lab.ts';

const dayMs = 86_400_000;

describe('a server that goes and comes back', () => {
  let net: NetworkLab;

  afterEach(() => net.stop());

  async function start(keepState: boolean): Promise<WatchingWindow> {
    net = await NetworkLab.start({ keepState });
    await net.addPod('before');
    const watching = await net.watching();
    await net.equalsFreshList(watching);
    watching.clock.leap(2000);
    return watching;
  }

  it('with its objects: the window shows them all the while, and follows', async () => {
    const watching = await start(true);
    const restarted = net.restartServer();
    const row = await inTime(watching.clock, 1, 'a row', () => seen(watching.window).rows[0]);
    assert.match(row, /trying again/);
    assert.ok(watching.window.inventory.snapshot?.pods.has(`${namespace}/before`));
    await restarted;
    await net.kubeconfig();
    await net.addPod('after');
    const snapshot = await net.equalsFreshList(watching);
    assert.ok(snapshot.pods.has(`${namespace}/before`) && snapshot.pods.has(`${namespace}/after`));
  });

  /** So many versions go by. */
  async function age(name: string, versions: number): Promise<void> {
    const client = await net.direct();
    for (let round = 0; round < versions; round += 1)
      await client.patch(Nodes, undefined, name, { metadata: { labels: { round: String(round) } } }, patience());
  }

  it('with a lost history, all versions lower than before: what is gone is not shown on', async () => {
    const watching = await start(false);
    // Versions that the new server will not reach.
    await age(await anyNode(watching), 300);
    const before = await net.equalsFreshList(watching);
    await net.restartServer();
    await net.kubeconfig();
    const snapshot = await net.equalsFreshList(watching);
    assert.ok(!snapshot.pods.has(`${namespace}/before`));
    assert.deepEqual([...snapshot.nodes.keys()].sort(), [...before.nodes.keys()].sort());
    for (const [name, node] of snapshot.nodes) assert.notEqual(node.uid, before.nodes.get(name)?.uid);
  });

  it('with a lost history, and versions higher than before: the same', async () => {
    const watching = await start(false);
    const node = await anyNode(watching);
    // Past what a server begins with, so that the new one remembers this version too, as another moment.
    await age(node, 150);
    await net.equalsFreshList(watching);
    const held = net.proxy.when(watchesOf(), refuse(503, 'ServiceUnavailable'));
    await net.restartServer();
    await age(node, 300);
    await net.kubeconfig();
    held.lift();
    // The longest back-off, and not the time after which a watch that never speaks is given up.
    await passes(watching.clock, 40);
    await until(
      'the pod of the other history is gone',
      () => !watching.window.inventory.snapshot?.pods.has(`${namespace}/before`) || undefined,
    );
    await net.equalsFreshList(watching);
  });

  async function anyNode({ window }: WatchingWindow): Promise<string> {
    return until('a node', () => window.inventory.snapshot?.nodes.keys().next().value);
  }
});

describe('a way to the server that does not lead there', () => {
  let net: NetworkLab;

  before(async () => {
    net = await NetworkLab.start();
    await net.addPod('there-before');
  });
  after(() => net.stop());
  afterEach(() => net.tidy());

  it('a name that nobody knows', async () => {
    const kubeconfig = await net.kubeconfig({ cluster: { server: 'https://cluster.invalid:6443' }, name: 'elsewhere' });
    const watching = await net.watching({ kubeconfig });
    await failure(
      watching.window.inventory.whenComplete(patience()),
      'cluster-unreachable',
      'llm-d-demo',
      'cluster.invalid',
    );
    assert.match(
      seen(watching.window).rows.join('\n'),
      /nodes: server not reachable, trying again: cannot list nodes \(context "llm-d-demo"\): no address was found for cluster\.invalid/,
    );
    await net.kubeconfig({ name: 'elsewhere' });
    await net.equalsFreshList(watching);
  });

  it('a port where nobody listens for a while', async () => {
    const watching = await net.watching();
    await net.equalsFreshList(watching);
    await net.proxy.wire.unplug();
    const row = await inTime(watching.clock, 1, 'a row', () =>
      seen(watching.window).rows.find((each) => each.startsWith('pods: server not reachable')),
    );
    assert.match(row, /ECONNREFUSED/);
    await net.addPod('meanwhile');
    await net.proxy.wire.plugIn();
    const snapshot = await net.equalsFreshList(watching);
    assert.ok(snapshot.pods.has(`${namespace}/meanwhile`));
  });

  it("a certificate that is not the server's, and the right one again", async () => {
    const right = net.proxy.identity;
    const watching = await net.watching();
    await net.equalsFreshList(watching);
    net.proxy.present(createServerIdentity(Date.now()));
    net.proxy.wire.cut();
    await inTime(watching.clock, 1, 'a row', () =>
      seen(watching.window).rows.find((each) => each.startsWith('pods: server not trusted, trying again')),
    );
    const state = stateOf(watching.window, 'pods');
    assert.ok(state.kind === 'stale');
    assert.equal(state.error.code, 'tls-failed');
    assertTells(state.error.message, state.error.hint, ['llm-d-demo']);
    net.proxy.present(right);
    await net.equalsFreshList(watching);
  });

  it('a certificate that is not valid yet: the hint names the clock', async () => {
    const right = net.proxy.identity;
    net.proxy.present(createServerIdentity(Date.now() + 2 * dayMs));
    const watching = await net.watching();
    const error = await failure(watching.window.inventory.whenComplete(patience()), 'tls-failed', 'llm-d-demo');
    assert.match(error.hint ?? '', /this machine's clock/);
    net.proxy.present(right);
    await net.kubeconfig();
    await net.equalsFreshList(watching);
  });

  it('a server that was set up anew, with another authority: the kubeconfig that names it is enough', async () => {
    const watching = await net.watching();
    await net.equalsFreshList(watching);
    net.proxy.present(createServerIdentity(Date.now()));
    net.proxy.wire.cut();
    await inTime(
      watching.clock,
      1,
      'it is stale',
      () => stateOf(watching.window, 'pods').kind === 'stale' || undefined,
    );
    await net.kubeconfig();
    await net.equalsFreshList(watching);
  });

  it('a dead context delays no live one', async () => {
    net.proxy.wire.swallowing = true;
    const kubeconfig = await net.kubeconfig({ name: 'dead-and-live' });
    const dead = JSON.parse(await net.read(kubeconfig)) as { clusters: object[]; contexts: object[]; users: object[] };
    const live = JSON.parse(await net.lab.kubeconfig()) as {
      clusters: [{ cluster: object }];
      users: [{ user: object }];
    };
    await net.lab.file(
      'dead-and-live',
      JSON.stringify({
        ...dead,
        clusters: [...dead.clusters, { name: 'live', cluster: live.clusters[0].cluster }],
        users: [...dead.users, { name: 'live', user: live.users[0].user }],
        contexts: [...dead.contexts, { name: 'live', context: { cluster: 'live', user: 'live', namespace } }],
      }),
    );
    const { window } = await net.watching({ kubeconfig });
    const waiting = window.inventory.whenComplete(patience()).then(() => 'live');
    await until('the dead one is asked', () => net.proxy.wire.open > 0 || undefined);
    const cluster = await window.contexts.select('live');
    // No time-out of the dead one may have to run out for this: the window's clock does not leap.
    assert.equal(await waiting, 'live');
    assert.deepEqual(window.inventory.snapshot?.cluster, cluster);
  });
});

describe('a list in many chunks over a bad network', () => {
  let net: NetworkLab;

  before(async () => {
    net = await NetworkLab.start();
    const { api } = net.lab.cluster.server;
    // More than a chunk holds. Gated, so that nobody schedules them.
    for (let index = 0; index < 600; index += 1) {
      api.create(api.resource('', 'pods'), {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `many-${index}`, namespace },
        spec: {
          schedulingGates: [{ name: 'faults.example/wait' }],
          containers: [{ name: 'c', image: 'registry.example/none' }],
        },
      });
    }
  });
  after(() => net.stop());
  afterEach(() => net.tidy());

  it('keeps what it shows while the second chunk fails, and begins anew', async () => {
    const watching = await net.watching();
    const whole = await net.equalsFreshList(watching);
    const sizes = new Set<number>();
    watching.window.inventory.onDidChange(({ snapshot }) => sizes.add(snapshot.pods.size));
    const failing = net.proxy.when(laterChunksOf('pods'), refuse(500, 'InternalError'));
    net.proxy.when(watchesOf('pods'), refuse(410, 'Expired'), 1);
    net.proxy.wire.cut();
    await inTime(
      watching.clock,
      1,
      'the chunk is asked for again, and then it is stale',
      () =>
        (failing.hits >= 4 && seen(watching.window).rows.some((row) => row.startsWith('pods: server in trouble'))) ||
        undefined,
    );
    failing.lift();
    await net.equalsFreshList(watching);
    assert.deepEqual([...sizes], [whole.pods.size]);
  });

  it('begins anew when the continue token has expired in the middle', async () => {
    net.proxy.when(laterChunksOf('pods'), refuse(410, 'Expired'), 1);
    const lists = net.proxy.count(listsOf('pods'));
    const watching = await net.watching();
    await net.equalsFreshList(watching);
    assert.equal(net.proxy.count(listsOf('pods')) - lists, 4);
  });
});

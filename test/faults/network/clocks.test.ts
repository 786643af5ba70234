import assert from 'node:assert/strict';
import { Pods } from '../../../src/kube/resources.ts';
import { call, namespace, patience, until } from '../../support/faults-lab.ts';
import { readsOf } from '../../support/fault-proxy/matchers.ts';
import { refuse } from '../../support/fault-proxy/faults.ts';
import { LeapClock } from '../../support/leap-clock.ts';
import { inTime, NetworkLab, passes, seen, stateOf, type WatchingWindow } from '../../support/network-lab.ts';

const hourMs = 3_600_000;

describe('a machine that sleeps', () => {
  let net: NetworkLab;
  let watching: WatchingWindow;

  before(async () => {
    net = await NetworkLab.start();
  });
  after(() => net.stop());
  beforeEach(async () => {
    watching = await net.watching();
    await net.equalsFreshList(watching);
    watching.clock.leap(2000);
  });
  afterEach(() => net.tidy());

  const shows = (pod: string): true | undefined => watching.shows(pod);

  it('finds its dead connections within seconds, where its timers stood still meanwhile', async () => {
    const pod = await net.change();
    await until('the pod is shown', () => shows(pod));
    net.proxy.wire.goDead();
    const unseen = await net.change();
    watching.clock.step(hourMs);
    await passes(watching.clock, 10);
    await until('the pod is shown, and no more time has to pass for it', () => shows(unseen));
    await net.equalsFreshList(watching);
  });

  it('finds its dead connections at once, where its timers are overdue', async () => {
    net.proxy.wire.goDead();
    const unseen = await net.change();
    watching.clock.leap(hourMs);
    await until('the pod is shown', () => shows(unseen));
    await net.equalsFreshList(watching);
  });

  it('does not give the first call after waking to a connection that died', async () => {
    const client = await watching.window.contexts.client(net.ref);
    await client.list(Pods, { namespace, signal: patience() });
    net.proxy.wire.goDead();
    watching.clock.step(hourMs);
    // No time-out may have to run out for this: the window's clock does not leap.
    await client.list(Pods, { namespace, signal: patience() });
  });

  it('says since when it is stale if it wakes up where there is no network', async () => {
    net.proxy.wire.goDead();
    net.proxy.wire.swallowing = true;
    const asleep = watching.clock.now();
    watching.clock.step(hourMs);
    await inTime(
      watching.clock,
      2,
      'it is stale',
      () => stateOf(watching.window, 'pods').kind === 'stale' || undefined,
    );
    const state = stateOf(watching.window, 'pods');
    assert.ok(state.kind === 'stale' && state.since <= asleep, 'since it fell asleep, not since it woke up');
    net.proxy.wire.swallowing = false;
    await net.equalsFreshList(watching);
  });

  it('wakes up with its connections whole', async () => {
    watching.clock.step(hourMs);
    const pod = await net.change();
    await passes(watching.clock, 10);
    await until('the pod is shown', () => shows(pod));
    assert.equal(seen(watching.window).description, 'live');
    await net.equalsFreshList(watching);
  });

  it('does not mind that its clock is set back', async () => {
    watching.clock.step(-hourMs);
    net.proxy.wire.goDead();
    const pod = await net.change();
    await inTime(watching.clock, 5, 'the pod is shown', () => shows(pod));
    await net.equalsFreshList(watching);
  });

  it('counts a back-off by no clock that was set', async () => {
    const rule = net.proxy.when(readsOf('pods'), refuse(503, 'ServiceUnavailable'));
    net.proxy.wire.cut();
    await inTime(
      watching.clock,
      1,
      'it is stale',
      () => stateOf(watching.window, 'pods').kind === 'stale' || undefined,
    );
    watching.clock.step(-hourMs);
    rule.lift();
    await net.equalsFreshList(watching);
  });
});

describe('clocks that differ', () => {
  for (const [how, skewMs] of [
    ['ahead of', hourMs],
    ['behind', -hourMs],
  ] as const) {
    it(`deploys, waits and watches while the cluster is an hour ${how} this machine`, async () => {
      const clock = new LeapClock();
      clock.step(skewMs);
      const net = await NetworkLab.start({ clock, speed: 60 });
      try {
        const watching = await net.watching();
        await net.lab.deploy(watching.window, {}, net.ref);
        const ready = await watching.window.deployments.waitReady(net.ref, 'wide-ep', call());
        assert.ok(ready.seconds < 600, `${ready.seconds} s`);
        const snapshot = await net.equalsFreshList(watching);
        const server = snapshot.pods
          .values()
          .find((pod) => pod.name.startsWith('wide-ep') && pod.name.includes('decode'));
        assert.ok(server);
        const client = await watching.window.contexts.client(net.ref);
        let lines = 0;
        for await (const line of client.logs({ namespace, pod: server.name, tailLines: 5, signal: patience() })) {
          if (line.text !== '') lines += 1;
        }
        assert.ok(lines > 0);
      } finally {
        await net.stop();
      }
    });
  }
});

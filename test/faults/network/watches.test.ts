import assert from 'node:assert/strict';
import { inTime, isLive, NetworkLab, seen, type WatchingWindow } from '../../support/network-lab.ts';
import { until } from '../../support/faults-lab.ts';
import { watchesOf } from '../../support/fault-proxy/matchers.ts';

describe('a watch over a bad network', () => {
  let net: NetworkLab;
  let watching: WatchingWindow;
  let made = 0;

  before(async () => {
    net = await NetworkLab.start();
  });
  after(() => net.stop());

  beforeEach(async () => {
    watching = await net.watching();
    await net.equalsFreshList(watching);
  });
  afterEach(() => net.lab.close(watching.window));

  /** Something happens in the cluster that the window can only know if it goes on watching. */
  async function change(): Promise<string> {
    made += 1;
    await net.addPod(`pod-${made}`);
    return `llm-d/pod-${made}`;
  }

  it('goes on from where it stood after a dropped connection', async () => {
    const before = net.proxy.count(watchesOf());
    net.proxy.wire.cut();
    const pod = await change();
    await until('the pod is shown', () => watching.window.inventory.snapshot?.pods.has(pod) || undefined);
    await net.equalsFreshList(watching);
    assert.ok(net.proxy.count(watchesOf()) > before);
    assert.equal(seen(watching.window).description, 'live');
  });

  it('finds out that an open socket is dead', async () => {
    net.proxy.wire.goDead();
    const pod = await change();
    await inTime(watching.clock, 5, 'the pod is shown', () => watching.window.inventory.snapshot?.pods.has(pod) || undefined);
    await net.equalsFreshList(watching);
    assert.ok(isLive(watching.window.inventory.snapshot));
  });
});

import assert from 'node:assert/strict';
import { arrayAt, at, stringAt } from '../../../src/base/json.ts';
import { Nodes } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { NodesUnderTest } from '../../support/demo-nodes.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const secondMs = 1000;

describe('the status that a kubelet posts', () => {
  let clock: ManualClock;
  let nodes: NodesUnderTest;
  beforeEach(async () => {
    clock = new ManualClock();
    nodes = await NodesUnderTest.start({ clock });
    await beaten();
  });
  afterEach(() => nodes.stop());

  const node = (): KubeObject => nodes.api.get('nodes', nodes.nodeName)!;
  const condition = (type: string): unknown =>
    arrayAt(node(), 'status', 'conditions').find((one) => at(one, 'type') === type);
  const ready = (): string[] =>
    ['status', 'reason', 'lastTransitionTime', 'lastHeartbeatTime'].map(
      (field) => stringAt(condition('Ready'), field) ?? '',
    );
  const renewed = (): string | undefined =>
    stringAt(nodes.api.get('leases', `kube-node-lease/${nodes.nodeName}`), 'spec', 'renewTime');
  const at0 = '2023-11-14T22:13:20Z';

  /** Waits until the beat is over and the next one is set. */
  async function beaten(): Promise<void> {
    for (let turn = 0; turn < 100 && clock.waiting === 0; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    assert.equal(clock.waiting, 1);
  }

  async function pass(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; passed += 10) {
      clock.advance(10 * secondMs);
      await beaten();
    }
  }

  it('is renewed by the lease every ten seconds, and posted again after five minutes alone', async () => {
    const before = node().metadata.resourceVersion;
    await pass(290);
    assert.equal(renewed(), '2023-11-14T22:18:10.000000Z');
    assert.equal(node().metadata.resourceVersion, before);
    await pass(10);
    assert.deepEqual(ready(), ['True', 'KubeletReady', at0, '2023-11-14T22:18:20Z']);
  });

  it('is posted again once somebody else wrote another one', async () => {
    await pass(20);
    const conditions = arrayAt(node(), 'status', 'conditions').map((one) =>
      at(one, 'type') === 'Ready'
        ? {
            ...(one as object),
            status: 'Unknown',
            reason: 'NodeStatusUnknown',
            lastTransitionTime: '2023-11-14T22:13:45Z',
          }
        : one,
    );
    await nodes.api.client().json({
      path: `/api/v1/nodes/${nodes.nodeName}/status`,
      method: 'PATCH',
      body: { status: { conditions } },
      signal: new AbortController().signal,
    });
    assert.equal(ready()[0], 'Unknown');
    await pass(10);
    assert.deepEqual(ready(), ['True', 'KubeletReady', '2023-11-14T22:13:50Z', '2023-11-14T22:13:50Z']);
    assert.equal(
      stringAt(condition('DiskPressure'), 'lastTransitionTime'),
      at0,
      'a condition that stood stays as old as it was',
    );
  });

  it('goes on after a beat that failed', async () => {
    const lost = node();
    nodes.api.remove('nodes', nodes.nodeName);
    await pass(10);
    assert.equal(nodes.api.get('nodes', nodes.nodeName), undefined, 'a kubelet registers once');
    nodes.api.put(Nodes.plural, { ...lost, status: { conditions: [] } });
    await pass(10);
    assert.equal(ready()[0], 'True');
  });
});

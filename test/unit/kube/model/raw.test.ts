import assert from 'node:assert/strict';
import { arrayAt, at, numberAt, stringAt, stringMapAt } from '../../../../src/base/json.ts';
import type { Deployment, Pod } from '../../../../src/kube/model/kinds.ts';
import type { KubeObject } from '../../../../src/kube/model/types.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: 'b' }, creationTimestamp: '2026-01-02T03:04:05Z' },
  spec: { nodeName: 'n', priority: 7, containers: [{ name: 'c', image: 'i' }] },
};

/** What a server may send under a type that promises something else. */
const odd: KubeObject = { ...pod, spec: { nodeName: 3, priority: 'x', containers: { name: 'c' } }, status: null };

describe('reads by path', () => {
  it('take what a type promises', () => {
    assert.equal(stringAt(pod, 'spec', 'nodeName'), 'n');
    assert.equal(numberAt(pod, 'spec', 'priority'), 7);
    assert.equal(stringAt(pod, 'metadata', 'creationTimestamp'), '2026-01-02T03:04:05Z');
    assert.deepEqual(stringMapAt(pod, 'metadata', 'labels'), { a: 'b' });
    assert.equal(stringAt(arrayAt(pod, 'spec', 'containers')[0], 'image'), 'i');
    assert.equal(at(pod, 'status', 'phase'), undefined);
  });

  it('believe nothing of it', () => {
    const sent: Pod = odd;
    assert.equal(stringAt(sent, 'spec', 'nodeName'), undefined);
    assert.equal(numberAt(sent, 'spec', 'priority'), undefined);
    assert.deepEqual(arrayAt(sent, 'spec', 'containers'), []);
    assert.equal(stringAt(sent, 'status', 'phase'), undefined);
  });

  it('are open where nothing is known', () => {
    const text = 'node';
    const unknown: unknown = odd;
    assert.equal(numberAt(unknown, 'spec', `${text}Name`), 3);
    assert.equal(stringAt(odd, 'spec', 'containers', 'name'), 'c');
  });

  it('are refused by the compiler where a type has no such path, or another value at its end', () => {
    // @ts-expect-error: no such field
    assert.equal(stringAt(pod, 'spec', 'nodeNames'), undefined);
    // @ts-expect-error: no such field on the way
    assert.equal(stringAt(pod, 'spce', 'nodeName'), undefined);
    // @ts-expect-error: a number
    assert.equal(stringAt(pod, 'spec', 'priority'), undefined);
    // @ts-expect-error: a text
    assert.equal(numberAt(pod, 'spec', 'nodeName'), undefined);
    // @ts-expect-error: an object
    assert.deepEqual(arrayAt(pod, 'spec'), []);
    // @ts-expect-error: no map of texts
    assert.deepEqual(stringMapAt(pod, 'metadata'), { name: 'p', creationTimestamp: '2026-01-02T03:04:05Z' });
    for (const container of arrayAt(pod, 'spec', 'containers')) {
      // @ts-expect-error: no such field of an item
      assert.equal(stringAt(container, 'images'), undefined);
    }
    const name: string = 'nodeName';
    // @ts-expect-error: any key is none of the type's
    assert.equal(stringAt(pod, 'spec', name), 'n');
  });

  it('know an IntOrString as both', () => {
    const deployment: Deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd' },
      spec: { strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: 1 } } },
    };
    assert.equal(stringAt(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxSurge'), '25%');
    assert.equal(numberAt(deployment, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable'), 1);
  });
});

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { jsonPatch, mergePatch, strategicMerge, type Json } from '../../../src/demo/api/schema/index.ts';
import { configMaps, deployments, pods } from './schemas.ts';

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('x', 'y'),
    fc.boolean(),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('value'), { noNullPrototype: true }),
    fc.array(tie('value'), { maxLength: 2 }),
  ),
}));
const documents = fc.dictionary(fc.constantFrom('a', 'b', 'c'), json.value, {
  noNullPrototype: true,
}) as fc.Arbitrary<Json>;

describe('merge patch', () => {
  it('null removes, objects merge, lists are replaced', () => {
    assert.deepEqual(mergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1, 2] }, { a: null, b: { d: null, f: 3 }, e: [3] }), {
      b: { c: 1, f: 3 },
      e: [3],
    });
  });

  it('laws: a document patches itself to itself, the empty patch changes nothing, a patch applied twice is applied once', () => {
    fc.assert(
      fc.property(documents, documents, (document, patch) => {
        assert.deepEqual(mergePatch(document, document), document);
        assert.deepEqual(mergePatch(document, {}), document);
        const once = mergePatch(document, patch);
        assert.deepEqual(mergePatch(once, patch), once);
      }),
    );
  });

  it('does not change its arguments', () => {
    const document = { a: { b: 1 } };
    mergePatch(document, { a: { c: 2 } });
    assert.deepEqual(document, { a: { b: 1 } });
  });

  it('refuses what is no object', () => {
    assert.throws(
      () => mergePatch({}, [1]),
      (error) => isWorkbenchError(error, 'bad-usage'),
    );
  });
});

describe('JSON patch', () => {
  const document = { metadata: { labels: { 'a/b': '1' } }, list: [1, 2, 3] };

  it('adds, removes, replaces, moves, copies and tests', () => {
    assert.deepEqual(
      jsonPatch(document, [
        { op: 'test', path: '/metadata/labels/a~1b', value: '1' },
        { op: 'replace', path: '/metadata/labels/a~1b', value: '2' },
        { op: 'add', path: '/list/-', value: 4 },
        { op: 'add', path: '/list/0', value: 0 },
        { op: 'remove', path: '/list/1' },
        { op: 'copy', from: '/list/0', path: '/first' },
        { op: 'move', from: '/list/3', path: '/last' },
      ]),
      { metadata: { labels: { 'a/b': '2' } }, list: [0, 2, 3], first: 0, last: 4 },
    );
  });

  for (const [what, operation, code] of [
    ['a failing test', { op: 'test', path: '/list/0', value: 9 }, 'invalid'],
    ['a missing path', { op: 'remove', path: '/nothing' }, 'invalid'],
    ['an index beyond the end', { op: 'add', path: '/list/9', value: 1 }, 'invalid'],
    ['a negative index', { op: 'replace', path: '/list/-1', value: 1 }, 'invalid'],
    ['an unknown operation', { op: 'explode', path: '/list' }, 'invalid'],
    ['a missing value', { op: 'add', path: '/list/0' }, 'bad-usage'],
    ['no pointer', { op: 'add', path: 'list', value: 1 }, 'bad-usage'],
  ] as const) {
    it(`refuses ${what} as ${code}`, () => {
      assert.throws(
        () => jsonPatch(document, [operation]),
        (error) => isWorkbenchError(error, code),
      );
    });
  }

  it('replaces, one by one, what makes one document another', () => {
    fc.assert(
      fc.property(documents, documents, (from, to) => {
        const operations = [
          ...Object.keys(from)
            .filter((key) => !Object.hasOwn(to, key))
            .map((key) => ({ op: 'remove', path: `/${key}` })),
          ...Object.entries(to).map(([key, value]) => ({ op: 'add', path: `/${key}`, value })),
        ];
        assert.deepEqual(jsonPatch(from, operations), to);
      }),
    );
  });
});

describe('strategic merge patch', () => {
  const deployment = {
    metadata: { name: 'd', finalizers: ['a', 'b'] },
    spec: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      template: {
        spec: {
          containers: [
            { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
            { name: 'b', image: 'b:1' },
          ],
          tolerations: [{ key: 'k' }],
          volumes: [{ name: 'v', emptyDir: {} }],
        },
      },
    },
  };
  const containersOf = (object: Json): unknown[] =>
    ((object['spec'] as Json)['template'] as { spec: { containers: unknown[] } }).spec.containers;
  const patched = (containers: unknown): unknown[] =>
    containersOf(strategicMerge(deployments, deployment, { spec: { template: { spec: { containers } } } }));

  it('merges items by their key, adds new ones, keeps the rest', () => {
    assert.deepEqual(
      patched([
        { name: 'b', image: 'b:2' },
        { name: 'c', image: 'c:1' },
      ]),
      [
        { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
        { name: 'b', image: 'b:2' },
        { name: 'c', image: 'c:1' },
      ],
    );
  });

  it('deletes an item, replaces a list, replaces an item', () => {
    assert.deepEqual(patched([{ name: 'a', $patch: 'delete' }]), [{ name: 'b', image: 'b:1' }]);
    assert.deepEqual(patched([{ $patch: 'replace' }, { name: 'z', image: 'z' }]), [{ name: 'z', image: 'z' }]);
  });

  it('follows $setElementOrder', () => {
    const merged = strategicMerge(deployments, deployment, {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }],
            containers: [{ name: 'c', image: 'c' }],
          },
        },
      },
    });
    assert.deepEqual(
      containersOf(merged).map((one) => (one as Json)['name']),
      ['c', 'a', 'b'],
    );
  });

  it('adds to and deletes from lists of primitives', () => {
    const merged = strategicMerge(deployments, deployment, {
      metadata: { finalizers: ['c'], '$deleteFromPrimitiveList/finalizers': ['a'] },
    });
    assert.deepEqual((merged['metadata'] as Json)['finalizers'], ['c', 'b']);
  });

  it('keeps only $retainKeys', () => {
    const merged = strategicMerge(deployments, deployment, {
      spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    });
    assert.deepEqual((merged['spec'] as Json)['strategy'], { type: 'Recreate' });
  });

  it('replaces a list without a merge key, as merge patch does', () => {
    const merged = strategicMerge(
      pods,
      { spec: { tolerations: [{ key: 'a' }] } },
      { spec: { tolerations: [{ key: 'b' }] } },
    );
    assert.deepEqual(merged, { spec: { tolerations: [{ key: 'b' }] } });
  });

  it('null removes, $patch replace replaces a map', () => {
    assert.deepEqual(strategicMerge(configMaps, { data: { a: '1', b: '2' } }, { data: { a: null } }), {
      data: { b: '2' },
    });
    assert.deepEqual(
      strategicMerge(configMaps, { data: { a: '1', b: '2' } }, { data: { $patch: 'replace', c: '3' } }),
      { data: { c: '3' } },
    );
  });

  it('refuses an item without its key, and a wrong directive', () => {
    assert.throws(
      () => patched([{ image: 'x' }]),
      (error) => isWorkbenchError(error, 'internal'),
    );
    assert.throws(
      () => strategicMerge(configMaps, {}, { data: { $patch: 'explode' } }),
      (error) => isWorkbenchError(error, 'internal'),
    );
  });
});

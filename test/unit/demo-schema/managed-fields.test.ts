import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  applyDefaults,
  applyServerSide,
  conflictMessage,
  trackUpdate,
  type Json,
  type ObjectSchema,
} from '../../../src/demo/api/schema/index.ts';
import { fromFieldsV1, toFieldsV1, treeOf, MEMBER, type FieldTree } from '../../../src/demo/api/schema/field-tree.ts';
import { configMaps, deployments, leaderWorkerSets, pods, services } from './schemas.ts';

const TIME = '2026-01-02T03:04:05Z';

function apply(schema: ObjectSchema, live: Json | undefined, applied: Json, manager: string, force = false): Json {
  const result = applyServerSide({ schema, live, applied, manager, force, time: TIME });
  assert.ok('object' in result, 'conflicts' in result ? conflictMessage(result.conflicts) : '');
  return applyDefaults(schema, result.object);
}

function conflictsOf(schema: ObjectSchema, live: Json, applied: Json, manager: string): string {
  const result = applyServerSide({ schema, live, applied, manager, force: false, time: TIME });
  assert.ok('conflicts' in result, 'expected conflicts');
  return conflictMessage(result.conflicts);
}

function entriesOf(object: Json): Json[] {
  return (object['metadata'] as Json)['managedFields'] as Json[];
}

function fieldsOf(object: Json, manager: string): unknown {
  return entriesOf(object).find((entry) => entry['manager'] === manager)?.['fieldsV1'];
}

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80 }] }] },
    },
  },
};

describe('managed fields of an update', () => {
  it('a created deployment is owned as kubectl create leaves it on a real server', () => {
    const created = trackUpdate({
      schema: deployments,
      before: undefined,
      after: applyDefaults(deployments, deployment),
      manager: 'kubectl-create',
      time: TIME,
    });
    assert.deepEqual(entriesOf(created), [
      {
        manager: 'kubectl-create',
        operation: 'Update',
        apiVersion: 'apps/v1',
        time: TIME,
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:progressDeadlineSeconds': {},
            'f:replicas': {},
            'f:revisionHistoryLimit': {},
            'f:selector': {},
            'f:strategy': { 'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} }, 'f:type': {} },
            'f:template': {
              'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"web"}': {
                    '.': {},
                    'f:image': {},
                    'f:imagePullPolicy': {},
                    'f:name': {},
                    'f:ports': {
                      '.': {},
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                    },
                    'f:resources': {},
                    'f:terminationMessagePath': {},
                    'f:terminationMessagePolicy': {},
                  },
                },
                'f:dnsPolicy': {},
                'f:restartPolicy': {},
                'f:schedulerName': {},
                'f:securityContext': {},
                'f:terminationGracePeriodSeconds': {},
              },
            },
          },
        },
      },
    ]);
  });

  it('the status belongs to its endpoint', () => {
    const created = trackUpdate({
      schema: deployments,
      before: undefined,
      after: applyDefaults(deployments, deployment),
      manager: 'kubectl-create',
      time: TIME,
    });
    const after = { ...created, status: { replicas: 1, conditions: [{ type: 'Available', status: 'True' }] } };
    const updated = trackUpdate({
      schema: deployments,
      before: created,
      after,
      manager: 'kube-controller-manager',
      subresource: 'status',
      time: TIME,
    });
    assert.deepEqual(
      entriesOf(updated).map((entry) => [entry['manager'], entry['subresource']]),
      [
        ['kube-controller-manager', 'status'],
        ['kubectl-create', undefined],
      ],
    );
    assert.deepEqual(fieldsOf(updated, 'kube-controller-manager'), {
      'f:status': {
        'f:conditions': { '.': {}, 'k:{"type":"Available"}': { '.': {}, 'f:status': {}, 'f:type': {} } },
        'f:replicas': {},
      },
    });
    const ignored = trackUpdate({ schema: deployments, before: created, after, manager: 'someone', time: TIME });
    assert.equal(fieldsOf(ignored, 'someone'), undefined);
  });

  it('a write that changes nothing keeps time and owners', () => {
    const created = trackUpdate({
      schema: deployments,
      before: undefined,
      after: applyDefaults(deployments, deployment),
      manager: 'kubectl-create',
      time: TIME,
    });
    const again = trackUpdate({
      schema: deployments,
      before: created,
      after: created,
      manager: 'kubectl-create',
      time: '2027-01-01T00:00:00Z',
    });
    assert.deepEqual(again, created);
    const other = trackUpdate({
      schema: deployments,
      before: created,
      after: created,
      manager: 'kubectl-edit',
      time: '2027-01-01T00:00:00Z',
    });
    assert.deepEqual(other, created);
  });

  it('an empty list of managers forgets the history', () => {
    const created = trackUpdate({
      schema: configMaps,
      before: undefined,
      after: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a' }, data: { x: '1' } },
      manager: 'one',
      time: TIME,
    });
    const reset = trackUpdate({
      schema: configMaps,
      before: created,
      after: { ...created, metadata: { name: 'a', managedFields: [{}] } },
      manager: 'two',
      time: TIME,
    });
    assert.equal((reset['metadata'] as Json)['managedFields'], undefined);
  });
});

describe('server-side apply', () => {
  it('owns exactly what was applied, not what was defaulted', () => {
    const applied = apply(deployments, undefined, deployment, 'me');
    assert.deepEqual(fieldsOf(applied, 'me'), {
      'f:metadata': { 'f:labels': { 'f:app': {} } },
      'f:spec': {
        'f:selector': {},
        'f:template': {
          'f:metadata': { 'f:labels': { 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"web"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    });
  });

  it('removes a field that is applied no more, and leaves what others own', () => {
    const first = apply(
      configMaps,
      undefined,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1', b: '2' } },
      'me',
    );
    const shared = apply(
      configMaps,
      first,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { b: '2' } },
      'you',
    );
    const dropped = apply(
      configMaps,
      shared,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: {} },
      'me',
    );
    assert.deepEqual(dropped['data'], { b: '2' });
    assert.deepEqual(fieldsOf(dropped, 'you'), { 'f:data': { 'f:b': {} } });
  });

  it('removes one environment variable and one port of a container', () => {
    const base = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } };
    const full = {
      ...base,
      spec: {
        containers: [
          {
            name: 'a',
            image: 'x',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
            ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }],
          },
        ],
      },
    };
    const less = {
      ...base,
      spec: {
        containers: [
          { name: 'a', image: 'x', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 80, protocol: 'UDP' }] },
        ],
      },
    };
    const after = apply(pods, apply(pods, undefined, full, 'me'), less, 'me');
    const [container] = (after['spec'] as { containers: Json[] }).containers;
    assert.deepEqual(container?.['env'], [{ name: 'B', value: '2' }]);
    assert.deepEqual(container?.['ports'], [{ containerPort: 80, protocol: 'UDP' }]);
  });

  it('tells a conflict in the words of the server, and force takes the field over', () => {
    const created = trackUpdate({
      schema: deployments,
      before: undefined,
      after: applyDefaults(deployments, deployment),
      manager: 'kubectl-create',
      time: TIME,
    });
    const scaled = { ...deployment, spec: { ...deployment.spec, replicas: 3 } };
    assert.equal(
      conflictsOf(deployments, created, scaled, 'me'),
      'Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas',
    );
    const forced = apply(deployments, created, scaled, 'me', true);
    assert.equal((forced['spec'] as Json)['replicas'], 3);
    assert.equal(((fieldsOf(forced, 'kubectl-create') as Json)['f:spec'] as Json)['f:replicas'], undefined);
  });

  it('tells several conflicts by manager, with the paths of list items', () => {
    const applied = apply(deployments, undefined, { ...deployment, spec: { ...deployment.spec, replicas: 2 } }, 'one');
    const other = {
      ...deployment,
      spec: {
        ...deployment.spec,
        replicas: 3,
        template: { ...deployment.spec.template, spec: { containers: [{ name: 'web', image: 'other' }] } },
      },
    };
    assert.equal(
      conflictsOf(deployments, applied, other, 'two'),
      'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image',
    );
  });

  it('the same value by two managers is shared, no conflict', () => {
    const one = apply(deployments, undefined, deployment, 'one');
    const two = apply(deployments, one, deployment, 'two');
    assert.deepEqual(fieldsOf(two, 'one'), fieldsOf(two, 'two'));
    const left = apply(deployments, two, { ...deployment, metadata: { name: 'web', namespace: 'default' } }, 'one');
    assert.deepEqual((left['metadata'] as Json)['labels'], { app: 'web' });
  });

  it('merges containers by name and keeps the order of the live ones', () => {
    const container = (name: string): Json => ({ name, image: name });
    const podWith = (...names: string[]): Json => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: names.map(container) },
    });
    const live = apply(pods, undefined, podWith('a', 'b'), 'one');
    const merged = apply(pods, live, podWith('c', 'b'), 'two');
    const names = (merged['spec'] as { containers: Json[] }).containers.map((one) => one['name']);
    assert.deepEqual(names, ['a', 'c', 'b']);
  });

  it('a list of ports by number and protocol: the default counts as a key', () => {
    const service = (ports: Json[]): Json => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports },
    });
    const live = apply(services, undefined, service([{ name: 'a', port: 80 }]), 'one');
    const merged = apply(
      services,
      live,
      service([
        { name: 'a', port: 80, protocol: 'TCP' },
        { name: 'b', port: 80, protocol: 'UDP' },
      ]),
      'two',
    );
    assert.deepEqual(
      (merged['spec'] as { ports: Json[] }).ports.map((port) => [port['name'], port['protocol']]),
      [
        ['a', 'TCP'],
        ['b', 'UDP'],
      ],
    );
  });

  it('finalizers are a set', () => {
    const map = (...finalizers: string[]): Json => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', finalizers },
    });
    const live = apply(configMaps, apply(configMaps, undefined, map('x/a'), 'one'), map('x/b'), 'two');
    assert.deepEqual((live['metadata'] as Json)['finalizers'], ['x/a', 'x/b']);
    assert.deepEqual(fieldsOf(live, 'two'), { 'f:metadata': { 'f:finalizers': { 'v:"x/b"': {} } } });
    const gone = apply(configMaps, live, map(), 'one');
    assert.deepEqual((gone['metadata'] as Json)['finalizers'], ['x/b']);
  });

  it('a custom resource created by an update owns its whole spec', () => {
    const set = {
      apiVersion: 'leaderworkerset.x-k8s.io/v1',
      kind: 'LeaderWorkerSet',
      metadata: { name: 'l' },
      spec: {
        replicas: 2,
        leaderWorkerTemplate: { workerTemplate: { spec: { containers: [{ name: 'a', image: 'x' }] } } },
      },
    };
    const created = trackUpdate({ schema: leaderWorkerSets, before: undefined, after: set, manager: 'm', time: TIME });
    assert.deepEqual(fieldsOf(created, 'm'), {
      'f:spec': {
        '.': {},
        'f:leaderWorkerTemplate': {
          '.': {},
          'f:workerTemplate': {
            '.': {},
            'f:spec': {
              '.': {},
              'f:containers': { '.': {}, 'k:{"name":"a"}': { '.': {}, 'f:image': {}, 'f:name': {} } },
            },
          },
        },
        'f:replicas': {},
      },
    });
  });

  it('the status of the main endpoint is ignored', () => {
    const applied = apply(deployments, undefined, { ...deployment, status: { replicas: 9 } }, 'me');
    assert.equal((applied['status'] as Json)['replicas'], undefined);
  });
});

const words = fc.constantFrom('a', 'b', 'c', 'd');
const dataMaps = fc.dictionary(words, fc.constantFrom('1', '2'), { maxKeys: 4 });
const environments = fc.uniqueArray(fc.record({ name: words, value: fc.constantFrom('1', '2') }), {
  selector: (item) => item.name,
  maxLength: 4,
});

function podOf(labels: Json, env: readonly Json[]): Json {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels },
    spec: { containers: [{ name: 'main', image: 'x', env }] },
  };
}
const podConfigurations = fc.tuple(dataMaps, environments).map(([labels, env]) => podOf(labels, env));

function envOf(object: Json): Map<string, unknown> {
  const [container] = (object['spec'] as { containers: Json[] }).containers;
  return new Map(((container?.['env'] ?? []) as Json[]).map((item) => [String(item['name']), item['value']]));
}
function labelsOf(object: Json): Map<string, unknown> {
  return new Map(Object.entries(((object['metadata'] as Json)['labels'] ?? {}) as Json));
}

describe('laws of server-side apply', () => {
  it('applying the same again changes nothing, the time included', () => {
    fc.assert(
      fc.property(podConfigurations, podConfigurations, (first, second) => {
        const live = apply(pods, apply(pods, undefined, first, 'one'), second, 'two', true);
        const result = applyServerSide({
          schema: pods,
          live,
          applied: second,
          manager: 'two',
          force: false,
          time: '2027-01-01T00:00:00Z',
        });
        assert.ok('object' in result);
        assert.deepEqual(result.object, live);
      }),
    );
  });

  it('a single manager gets exactly what it last applied', () => {
    fc.assert(
      fc.property(fc.array(podConfigurations, { minLength: 1, maxLength: 4 }), (configurations) => {
        const live =
          configurations.reduce<Json | undefined>(
            (object, configuration) => apply(pods, object, configuration, 'one'),
            undefined,
          ) ?? {};
        const last = configurations.at(-1) ?? {};
        assert.deepEqual(envOf(live), envOf(last));
        assert.deepEqual(labelsOf(live), labelsOf(last));
      }),
    );
  });

  it('two managers get the union, the forced second wins; the first leaving leaves the second whole', () => {
    fc.assert(
      fc.property(podConfigurations, podConfigurations, (first, second) => {
        const live = apply(pods, apply(pods, undefined, first, 'one'), second, 'two', true);
        assert.deepEqual(envOf(live), new Map([...envOf(first), ...envOf(second)]));
        const bare = { ...podOf({}, []), spec: { containers: [{ name: 'main', image: 'x' }] } };
        const left = apply(pods, live, bare, 'one');
        assert.deepEqual(envOf(left), envOf(second));
        assert.deepEqual(labelsOf(left), labelsOf(second));
      }),
    );
  });

  it('applying what is the union of two configurations conflicts with neither', () => {
    fc.assert(
      fc.property(dataMaps, dataMaps, (first, second) => {
        const configMap = (data: Json): Json => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'c' },
          data,
        });
        const both = { ...first, ...second };
        const live = apply(
          configMaps,
          apply(configMaps, undefined, configMap(first), 'one'),
          configMap(second),
          'two',
          true,
        );
        const result = applyServerSide({
          schema: configMaps,
          live,
          applied: configMap(both),
          manager: 'three',
          force: false,
          time: TIME,
        });
        assert.ok('object' in result);
        assert.deepEqual(result.object['data'] ?? {}, both);
      }),
    );
  });
});

const elements = fc.oneof(
  words.map((word) => `f:${word}`),
  words.map((word) => `k:{"name":"${word}"}`),
  words.map((word) => `v:"${word}"`),
);
const trees: fc.Arbitrary<FieldTree> = fc.letrec<{ tree: FieldTree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constant(MEMBER),
    fc
      .tuple(
        fc.boolean(),
        fc.uniqueArray(fc.tuple(elements, tie('tree')), { selector: ([element]) => element, maxLength: 3 }),
      )
      .map(([member, children]) => (children.length === 0 ? MEMBER : treeOf(member, children))),
  ),
})).tree;

describe('fieldsV1', () => {
  it('writes and reads back every set', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(elements, trees), { maxLength: 3 }), (children) => {
        const tree = treeOf(false, new Map(children));
        assert.deepEqual(fromFieldsV1(JSON.parse(JSON.stringify(toFieldsV1(tree)))), tree);
      }),
    );
  });
});

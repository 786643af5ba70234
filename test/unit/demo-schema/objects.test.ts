import assert from 'node:assert/strict';
import {
  applyDefaults,
  decodeError,
  duplicateFields,
  invalidMessage,
  prune,
  unknownFields,
  validateCreate,
  validateUpdate,
  type Json,
  type ObjectSchema,
} from '../../../src/demo/api/schema/index.ts';
import { configMaps, deployments, leaderWorkerSets, pods, schemaOf, schemas, services } from './schemas.ts';

const jobs = schemaOf('batch', 'v1', 'Job');
const statefulSets = schemaOf('apps', 'v1', 'StatefulSet');
const secrets = schemaOf('', 'v1', 'Secret');
const pools = schemaOf('inference.networking.k8s.io', 'v1', 'InferencePool');

function pod(spec: Json, metadata: Json = { name: 'p' }): Json {
  return applyDefaults(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
}
function deployment(spec: Json = {}): Json {
  return applyDefaults(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      ...spec,
    },
  });
}
function lws(spec: Json): Json {
  return applyDefaults(leaderWorkerSets, {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name: 'l' },
    spec: { leaderWorkerTemplate: { workerTemplate: { spec: { containers: [{ name: 'c', image: 'i' }] } } }, ...spec },
  });
}
function messages(schema: ObjectSchema, object: Json): string[] {
  return validateCreate(schema, object).map(({ path, message }) => `${path}: ${message}`);
}

describe('defaults', () => {
  it('a pod gets what a real server gives it', () => {
    const filled = pod({
      containers: [
        {
          name: 'c',
          image: 'nginx',
          ports: [{ containerPort: 80 }],
          readinessProbe: { httpGet: { port: 80 } },
          resources: { limits: { cpu: '1000m', 'nvidia.com/gpu': 8 } },
        },
      ],
      volumes: [{ name: 'v' }, { name: 's', secret: { secretName: 'x' } }],
    });
    assert.deepEqual(filled, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      status: {},
      spec: {
        containers: [
          {
            name: 'c',
            image: 'nginx',
            imagePullPolicy: 'Always',
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            ports: [{ containerPort: 80, protocol: 'TCP' }],
            readinessProbe: {
              httpGet: { port: 80, path: '/', scheme: 'HTTP' },
              timeoutSeconds: 1,
              periodSeconds: 10,
              successThreshold: 1,
              failureThreshold: 3,
            },
            resources: { limits: { cpu: '1', 'nvidia.com/gpu': '8' }, requests: { cpu: '1', 'nvidia.com/gpu': '8' } },
          },
        ],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 's', secret: { secretName: 'x', defaultMode: 420 } },
        ],
        dnsPolicy: 'ClusterFirst',
        enableServiceLinks: true,
        restartPolicy: 'Always',
        schedulerName: 'default-scheduler',
        securityContext: {},
        terminationGracePeriodSeconds: 30,
      },
    });
  });

  it('workloads', () => {
    const spec = deployment()['spec'] as Json;
    assert.equal(spec['replicas'], 1);
    assert.deepEqual(spec['strategy'], {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
    });
    const job = applyDefaults(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j' },
      spec: { completions: 4, completionMode: 'Indexed', template: {} },
    })['spec'] as Json;
    assert.deepEqual([job['parallelism'], job['backoffLimit'], job['completions']], [1, 6, 4]);
    const set = applyDefaults(statefulSets, {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 's' },
      spec: {},
    })['spec'] as Json;
    assert.deepEqual(set['updateStrategy'], {
      type: 'RollingUpdate',
      rollingUpdate: { partition: 0, maxUnavailable: 1 },
    });
  });

  it('a LeaderWorkerSet: by its schema alone', () => {
    const spec = lws({})['spec'] as Json;
    assert.equal(spec['replicas'], 1);
    assert.equal(spec['startupPolicy'], 'LeaderCreated');
  });

  it('are idempotent', () => {
    for (const [schema, object] of [
      [deployments, deployment()],
      [leaderWorkerSets, lws({})],
      [pods, pod({ containers: [{ name: 'c', image: 'x@sha256:0' }] })],
    ] as const) {
      assert.deepEqual(applyDefaults(schema, object), object);
    }
  });

  it('a secret keeps text as base64 only', () => {
    const secret = applyDefaults(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's' },
      stringData: { token: 'hi' },
    });
    assert.deepEqual([secret['data'], secret['stringData'], secret['type']], [{ token: 'aGk=' }, undefined, 'Opaque']);
  });

  it('a job that has its uid finds its pods by it', () => {
    const job = applyDefaults(jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'j', uid: 'u' },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
    });
    assert.deepEqual((job['spec'] as Json)['selector'], { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
    assert.deepEqual(messages(jobs, job), []);
  });
});

describe('decoding', () => {
  it('a wrong type in a native kind is a bad request, in the words of the decoder', () => {
    assert.equal(
      decodeError(deployments, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'd' },
        spec: { replicas: 'two' },
      }),
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
    assert.match(
      decodeError(pods, { metadata: { labels: { a: 1 } } }) ?? '',
      /cannot unmarshal number into Go struct field ObjectMeta.metadata.labels.a of type string$/,
    );
    assert.match(
      decodeError(leaderWorkerSets, { metadata: { labels: { a: 1 } }, spec: { replicas: 'two' } }) ?? '',
      /cannot unmarshal number .* of type string$/,
    );
    assert.equal(decodeError(leaderWorkerSets, { metadata: {}, spec: { replicas: 'two' } }), undefined);
    assert.match(decodeError(secrets, { data: { a: 'not base64!' } }) ?? '', /^illegal base64 data at input byte 3$/);
    assert.equal(decodeError(secrets, { data: { a: '', b: 'YQ==', c: 'YW\nJj' } }), undefined);
    assert.match(
      decodeError(pods, { spec: { containers: [{ resources: { limits: { cpu: 'lots' } } }] } }) ?? '',
      /quantities must match the regular expression/,
    );
    assert.equal(decodeError(deployments, deployment()), undefined);
  });

  it('names unknown fields and drops them', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', foo: 1 },
      spec: { containers: [{ name: 'c', imagee: 'x' }], nodeSelector: { any: 'key' } },
    };
    assert.deepEqual(unknownFields(pods, object), ['metadata.foo', 'spec.containers[0].imagee']);
    assert.deepEqual(prune(pods, object), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c' }], nodeSelector: { any: 'key' } },
    });
  });

  it('names keys that occur twice', () => {
    assert.deepEqual(duplicateFields('{"a":{"b":1,"b":2},"c":[{"d":"x,{","d":1}],"a":0}'), ['a.b', 'c[0].d', 'a']);
    assert.deepEqual(duplicateFields('{"a":{"b":1},"b":[1,2,{"a":"\\"b\\""}]}'), []);
  });
});

describe('validation', () => {
  it('accepts good objects', () => {
    assert.deepEqual(messages(deployments, deployment()), []);
    assert.deepEqual(messages(leaderWorkerSets, lws({ replicas: 2 })), []);
    assert.deepEqual(
      messages(
        pods,
        pod({
          containers: [
            { name: 'c', image: 'x', env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] },
          ],
        }),
      ),
      [],
    );
  });

  for (const [what, schema, object, expected] of [
    [
      'a name in capitals',
      configMaps,
      { metadata: { name: 'Bad' } },
      `metadata.name: Invalid value: "Bad": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ],
    ['no name', configMaps, { metadata: {} }, 'metadata.name: Required value: name or generateName is required'],
    [
      'a long label',
      configMaps,
      { metadata: { name: 'c', labels: { a: 'x'.repeat(64) } } },
      `metadata.labels: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`,
    ],
    ['no container name', pods, pod({ containers: [{ image: 'x' }] }), 'spec.containers[0].name: Required value'],
    ['no containers', pods, pod({}), 'spec.containers: Required value'],
    [
      'no image',
      deployments,
      deployment({ template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c' }] } } }),
      'spec.template.spec.containers[0].image: Required value',
    ],
    [
      'two containers of one name',
      pods,
      pod({
        containers: [
          { name: 'c', image: 'x' },
          { name: 'c', image: 'x' },
        ],
      }),
      'spec.containers[1].name: Duplicate value: "c"',
    ],
    [
      'an unknown policy',
      pods,
      pod({ restartPolicy: 'Sometimes', containers: [{ name: 'c', image: 'x' }] }),
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"',
    ],
    [
      'a mount without a volume',
      pods,
      pod({ containers: [{ name: 'c', image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }),
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      'requests above limits',
      pods,
      pod({ containers: [{ name: 'c', image: 'x', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }] }),
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      'devices shared out',
      pods,
      pod({
        containers: [
          { name: 'c', image: 'x', resources: { requests: { 'nvidia.com/gpu': 1 }, limits: { 'nvidia.com/gpu': 2 } } },
        ],
      }),
      'spec.containers[0].resources.requests: Invalid value: "1": must be equal to nvidia.com/gpu limit of 2',
    ],
    [
      'a selector that misses the template',
      deployments,
      deployment({ selector: { matchLabels: { app: 'b' } } }),
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'negative replicas',
      deployments,
      deployment({ replicas: -1 }),
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'a job that restarts always',
      jobs,
      applyDefaults(jobs, {
        metadata: { name: 'j' },
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'x' }] } },
        },
      }),
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'a service without ports',
      services,
      applyDefaults(services, { metadata: { name: 's' }, spec: {} }),
      'spec.ports: Required value',
    ],
    [
      'a wrong type in a custom resource',
      leaderWorkerSets,
      lws({ replicas: 'two' }),
      'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
    ],
    [
      'an unknown policy in a custom resource',
      leaderWorkerSets,
      lws({ startupPolicy: 'Whenever' }),
      'spec.startupPolicy: Unsupported value: "Whenever": supported values: "LeaderCreated", "LeaderReady"',
    ],
    [
      'a missing field in a custom resource',
      leaderWorkerSets,
      applyDefaults(leaderWorkerSets, { metadata: { name: 'l' }, spec: {} }),
      'spec.leaderWorkerTemplate: Required value',
    ],
    [
      'too many ports of a pool',
      pools,
      {
        metadata: { name: 'p' },
        spec: {
          endpointPickerRef: { name: 'e' },
          selector: { matchLabels: { a: 'b' } },
          targetPorts: Array.from({ length: 9 }, (_, index) => ({ number: index + 1 })),
        },
      },
      'spec.targetPorts: Too many: 9: must have at most 8 items',
    ],
    [
      'a port out of range in a pool',
      pools,
      {
        metadata: { name: 'p' },
        spec: { endpointPickerRef: { name: 'e' }, selector: { matchLabels: { a: 'b' } }, targetPorts: [{ number: 0 }] },
      },
      'spec.targetPorts[0].number: Invalid value: 0: spec.targetPorts[0].number in body should be greater than or equal to 1',
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      const found = messages(schema, object);
      assert.ok(found.includes(expected), `got ${JSON.stringify(found, null, 1)}`);
    });
  }

  it('words the whole as the server does', () => {
    const violations = validateCreate(deployments, deployment({ replicas: -1 }));
    assert.equal(
      invalidMessage(deployments, 'd', violations),
      'Deployment.apps "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
    assert.equal(violations[0]?.reason, 'FieldValueInvalid');
  });

  it('refuses changes of what cannot change', () => {
    const changed = (schema: ObjectSchema, object: Json, old: Json): string[] =>
      validateUpdate(schema, object, old).map(({ path, message }) => `${path}: ${message}`);
    const other = deployment({
      selector: { matchLabels: { app: 'b' } },
      template: { metadata: { labels: { app: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    });
    assert.deepEqual(changed(deployments, other, deployment()), [
      'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ]);
    const before = pod({ containers: [{ name: 'c', image: 'x' }] });
    assert.deepEqual(changed(pods, pod({ containers: [{ name: 'c', image: 'y' }] }), before), []);
    assert.match(
      changed(pods, pod({ hostNetwork: true, containers: [{ name: 'c', image: 'x' }] }), before).join(),
      /^spec: Forbidden: pod updates may not change fields other than/,
    );
    const service = (clusterIP: string): Json =>
      applyDefaults(services, { metadata: { name: 's' }, spec: { clusterIP, ports: [{ port: 1 }] } });
    assert.deepEqual(changed(services, service('10.0.0.2'), service('10.0.0.1')), [
      'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
    ]);
  });
});

describe('schemas of definitions at run time', () => {
  it('validates, prunes and defaults by a CRD, and forgets it', () => {
    const schema = schemas.define('example.com', 'v1', 'Thing', {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          required: ['size'],
          properties: {
            size: { type: 'integer', minimum: 1 },
            mode: { type: 'string', default: 'fast' },
            port: { 'x-kubernetes-int-or-string': true },
            free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            template: {
              type: 'object',
              'x-kubernetes-embedded-resource': true,
              'x-kubernetes-preserve-unknown-fields': true,
            },
          },
        },
      },
    });
    const object = applyDefaults(
      schema,
      prune(schema, {
        apiVersion: 'example.com/v1',
        kind: 'Thing',
        metadata: { name: 't' },
        spec: { size: 0, port: true, free: { any: { thing: 1 } }, gone: 1 },
      }),
    );
    assert.deepEqual(object['spec'], { size: 0, mode: 'fast', port: true, free: { any: { thing: 1 } } });
    assert.deepEqual(messages(schema, object), [
      'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
      'spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1',
    ]);
    schemas.remove('example.com', 'v1', 'Thing');
    assert.equal(schemas.forKind('example.com', 'v1', 'Thing'), undefined);
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, timeLimit } from '../../../src/base/clock.ts';
import { isWorkbenchError, type WorkbenchError } from '../../../src/base/errors.ts';
import { annotations, labels } from '../../../src/base/labels.ts';
import { createDeploymentService, type DeploymentDependencies } from '../../../src/deployment/service.ts';
import type { DeploymentService, DeployPlan, DeployRequest, LongCall } from '../../../src/deployment/types.ts';
import type { GpuReport } from '../../../src/inventory/types.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/model/types.ts';
import { ConfigMaps, Deployments, Gateways, LeaderWorkerSets, Services } from '../../../src/kube/resources.ts';
import type { Command } from '../../../src/kube/tools/types.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { refuse } from '../../support/fault-proxy/faults.ts';
import { method } from '../../support/fault-proxy/matchers.ts';
import { marks, namespace, TestServer, token } from './test-server.ts';

const root = join(import.meta.dirname, '../../..');
const rendered = (name: string): string => readFileSync(join(root, 'test/fixtures/manifests', name), 'utf8');
const { signal } = new AbortController();

/** The objects of the guide, in the order in which they are applied. */
const OBJECTS = [
  'ServiceAccount web',
  'Gateway web-inference-gateway',
  'LeaderWorkerSet web-decode',
  'LeaderWorkerSet web-prefill',
  'ServiceAccount web-epp',
  'ConfigMap web-epp',
  'Role web-epp',
  'RoleBinding web-epp',
  'Service web-epp',
  'Deployment web-epp',
  'HTTPRoute web',
  'InferencePool web',
];

function call(): LongCall {
  return { signal: timeLimit(20_000, 'deploy'), progress: () => undefined };
}

describe('deploying what a guide renders', () => {
  let server: TestServer;
  let client: KubeClient;
  let manifests: { servers: string; routing: string };
  let ran: Command<unknown>[];
  let gpus: GpuReport | undefined;

  beforeEach(async () => {
    server = await TestServer.start();
    ({ client } = server);
    manifests = { servers: rendered('servers.yaml'), routing: rendered('routing.yaml') };
    ran = [];
    gpus = undefined;
  });
  afterEach(() => server.stop());

  /** The service of a person on whose machine kubectl and helm render what `manifests` holds. */
  function deployments(owner = 'bob'): DeploymentService {
    return createDeploymentService({
      contexts: { client: () => Promise.resolve(client) },
      runner: {
        run: <T>(command: Command<T>) => {
          ran.push(command);
          return Promise.resolve(command.parse(command.tool === 'helm' ? manifests.routing : manifests.servers));
        },
      },
      manifests: join(root, 'manifests'),
      owner: () => owner,
      gpus: () => Promise.resolve(gpus),
      clock: systemClock,
    } as unknown as DeploymentDependencies);
  }

  function plan(request: Partial<DeployRequest> = {}, owner = 'bob'): Promise<DeployPlan> {
    const { cluster } = server;
    return deployments(owner).plan(
      { cluster, guide: 'wide-ep', variant: 'coreweave', name: 'web', values: {}, ...request },
      signal,
    );
  }

  async function deploy(request: Partial<DeployRequest> = {}): Promise<void> {
    await deployments().apply(await plan(request), call());
  }

  const actions = ({ objects }: DeployPlan): readonly string[] =>
    objects.map(({ action, object }) => `${action} ${object.kind} ${object.metadata.name}`);
  const get = (resource: ResourceType, name: string): Promise<KubeObject> =>
    client.get(resource, namespace, name, signal);

  /** The one error, which names where it happened. */
  async function failure(work: Promise<unknown>): Promise<WorkbenchError> {
    const error: unknown = await work.then(
      () => assert.fail('it went well'),
      (reason: unknown) => reason,
    );
    assert.ok(isWorkbenchError(error), String(error));
    assert.match(error.message, /demo\/default/);
    return error;
  }

  it('is planned by a dry run that makes nothing, and applied marked with owner, deployment, guide, variant and model', async () => {
    const first = await plan({ variant: 'gke', values: { MODEL: 'org/model' } });
    assert.deepEqual(
      actions(first),
      OBJECTS.map((object) => `create ${object}`),
    );
    assert.ok(first.objects.every(({ dryRun, live }) => dryRun?.metadata.uid !== undefined && live === undefined));
    assert.deepEqual(await server.names(LeaderWorkerSets), []);
    assert.match(ran[0]?.args.join(' ') ?? '', /^kustomize .*\/overlays\/gke$/);

    await deployments().apply(first, call());
    const decode = await get(LeaderWorkerSets, 'web-decode');
    const { [labels.role]: role, ...rest } = decode.metadata.labels ?? {};
    assert.equal(role, 'decode');
    for (const [label, value] of Object.entries(marks('bob'))) assert.equal(rest[label], value);
    assert.deepEqual(decode.metadata.annotations, {
      [annotations.guide]: 'wide-ep',
      [annotations.variant]: 'gke',
      [annotations.model]: 'org/model',
    });
    const [listed] = await deployments().list(server.cluster, signal);
    assert.deepEqual(
      [listed?.name, listed?.guide, listed?.model, listed?.gateway, listed?.endpoint],
      [
        'web',
        'wide-ep',
        'org/model',
        'web-inference-gateway',
        'http://web-inference-gateway-istio.default.svc.cluster.local',
      ],
    );
  });

  it('changes nothing the second time, and else only what differs, which is all that is applied then', async () => {
    await deploy();
    const again = await plan();
    assert.deepEqual(
      actions(again),
      OBJECTS.map((object) => `unchanged ${object}`),
    );
    manifests.servers = manifests.servers.replaceAll('v0.5.0', 'v0.6.0');
    const other = await plan();
    const changed = actions(other).filter((action) => !action.startsWith('unchanged'));
    assert.deepEqual(changed, ['change LeaderWorkerSet web-decode', 'change LeaderWorkerSet web-prefill']);
    // Its difference is shown before it is applied.
    const decode = other.objects.find(({ object }) => object.metadata.name === 'web-decode');
    assert.match(JSON.stringify(decode?.live), /llm-d-cuda:v0\.5\.0/);
    assert.match(JSON.stringify(decode?.dryRun), /llm-d-cuda:v0\.6\.0/);
    const asked = server.proxy.asked.length;
    await deployments().apply(other, call());
    const written = server.proxy.asked.slice(asked).filter(({ method: verb }) => verb === 'PATCH');
    assert.deepEqual(
      written.map(({ path }) => path.split('/').at(-1)),
      ['web-decode', 'web-prefill'],
    );
    assert.match(JSON.stringify(await get(LeaderWorkerSets, 'web-decode')), /llm-d-cuda:v0\.6\.0/);
  });

  it("takes nothing that is another's: it is shown as a conflict, and nothing at all is applied", async () => {
    await server.make(ConfigMaps, 'web-epp', { labels: marks('alice') });
    await server.make(Services, 'web-epp', { labels: marks('alice') });
    const planned = await plan();
    const conflicts = planned.objects.filter(({ action }) => action === 'conflict');
    assert.deepEqual(
      conflicts.map(({ object, conflict }) => [object.kind, conflict]),
      [
        ['ConfigMap', 'belongs to alice'],
        ['Service', 'belongs to alice'],
      ],
    );
    const [finding] = planned.findings;
    assert.deepEqual([finding?.severity, finding?.code], ['error', 'not-yours']);
    assert.equal(finding?.message, 'ConfigMap web-epp (and 1 more) in demo/default belongs to alice.');
    assert.equal((await failure(deployments().apply(planned, call()))).code, 'not-yours');
    assert.deepEqual(await server.names(LeaderWorkerSets), []);
  });

  it('is not applied where one of its objects became somebody else’s since it was planned', async () => {
    const planned = await plan();
    await server.make(ConfigMaps, 'web-epp', { labels: marks('alice') });
    assert.equal((await failure(deployments().apply(planned, call()))).code, 'not-yours');
    assert.deepEqual(await server.names(LeaderWorkerSets), []);
  });

  it('shows who else manages a field of an object of mine', async () => {
    await deploy();
    const scaled = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web-epp', namespace },
      spec: { replicas: 0 },
    };
    await client.apply(scaled, { fieldManager: 'autoscaler', force: true, signal });
    const planned = await plan();
    const conflicts = planned.objects.filter(({ action }) => action === 'conflict');
    assert.deepEqual(
      conflicts.map(({ object, conflict }) => [object.kind, conflict]),
      [['Deployment', 'fields of it belong to autoscaler']],
    );
    const error = await failure(deployments().apply(planned, call()));
    assert.equal(error.code, 'conflict');
    assert.match(error.message, /Deployment web-epp .* autoscaler/);
  });

  it('has no plan when the server refuses one of its objects', async () => {
    server.proxy.when(method('PATCH', /leaderworkersets/), refuse(422, 'Invalid'));
    await assert.rejects(plan(), (error) => isWorkbenchError(error, 'invalid'));
  });

  it('is not planned further when something is in its way, and cannot be applied then', async () => {
    const before = server.proxy.count(method('PATCH'));
    const cluster = { ...server.cluster, namespace: 'nowhere' };
    client = server.clientOf(token, cluster);
    const planned = await plan({ cluster });
    assert.deepEqual(
      planned.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code),
      ['namespace-missing'],
    );
    assert.equal(server.proxy.count(method('PATCH')), before, 'no dry run');
    assert.equal(planned.objects.length, OBJECTS.length);
    await assert.rejects(deployments().apply(planned, call()), (error) => isWorkbenchError(error, 'deployment-failed'));
    assert.equal(server.proxy.count(method('PATCH')), before);
  });

  it('tells what was applied when an object is refused on the way', async () => {
    const planned = await plan();
    server.proxy.when(method('PATCH', /leaderworkersets/), refuse(500, 'InternalError'));
    const error = await failure(deployments().apply(planned, call()));
    assert.match(error.message, /^applying LeaderWorkerSet web-decode in demo\/default failed: /);
    assert.match(error.hint ?? '', /Already applied: ServiceAccount web, Gateway web-inference-gateway; deploy again/);
  });

  it('needs fewer free GPUs when it is there already', async () => {
    // All 24 that it wants are its own.
    gpus = { nodes: [], totals: {}, warnings: [] };
    const codes = async (): Promise<readonly string[]> => (await plan()).findings.map(({ code }) => code);
    assert.ok((await codes()).includes('capacity-missing'));
    await deploy();
    assert.ok(!(await codes()).includes('capacity-missing'));
  });

  it('is not there under a name that is too long for its pods', async () => {
    const name = 'a'.repeat(31);
    await assert.rejects(
      plan({ name }),
      (error) => isWorkbenchError(error, 'bad-usage') && error.message.includes(name),
    );
    assert.deepEqual(ran, []);
    await assert.rejects(plan({ variant: 'none' }), (error) => isWorkbenchError(error, 'bad-usage'));
    await assert.rejects(plan({ guide: 'none' }), (error) => isWorkbenchError(error, 'guide-invalid'));
  });

  it('is gone without a rest when it is stopped, and nothing else is', async () => {
    await deploy();
    await server.make(ConfigMaps, 'web-notes');
    const told: string[] = [];
    await deployments().stop(server.cluster, 'web', { ...call(), progress: ({ message }) => void told.push(message) });
    assert.deepEqual(told.toSorted(), [...OBJECTS.map((object) => `deleting ${object}`), 'stopped'].toSorted());
    assert.deepEqual(
      actions(await plan()),
      OBJECTS.map((object) => `create ${object}`),
    );
    assert.ok((await server.names(ConfigMaps)).includes('web-notes'));
  });

  describe('and its routing again', () => {
    const template = (object: KubeObject): KubeObject['metadata'] =>
      (object['spec'] as { template: { metadata: KubeObject['metadata'] } }).template.metadata;

    beforeEach(() => deploy({ variant: 'gke', values: { MODEL: 'org/model', DECODE_SIZE: '2' } }));

    it('applies what changed, starts the picker anew, and keeps variant and model of the deployment', async () => {
      const before = await get(Deployments, 'web-epp');
      assert.equal(template(before).annotations, undefined);
      const untouched = await Promise.all([
        get(LeaderWorkerSets, 'web-decode'),
        get(Gateways, 'web-inference-gateway'),
      ]);
      manifests.routing = manifests.routing.replaceAll('threshold: 0', 'threshold: 512');
      ran = [];
      await deployments().redeployRouting(server.cluster, 'web', call());
      assert.deepEqual(
        ran.map(({ tool }) => tool),
        ['helm'],
      );
      const picker = await get(Deployments, 'web-epp');
      const at = Date.parse(template(picker).annotations?.[annotations.restartedAt] ?? '');
      assert.ok(Math.abs(Date.now() - at) < 60_000, 'it says when it was started anew');
      assert.deepEqual(template(picker).labels, template(before).labels);
      assert.match(JSON.stringify(await get(ConfigMaps, 'web-epp')), /threshold: 512/);
      for (const object of [picker, await get(ConfigMaps, 'web-epp')]) {
        assert.deepEqual(object.metadata.annotations, {
          [annotations.guide]: 'wide-ep',
          [annotations.variant]: 'gke',
          [annotations.model]: 'org/model',
        });
      }
      assert.deepEqual(
        await Promise.all([get(LeaderWorkerSets, 'web-decode'), get(Gateways, 'web-inference-gateway')]),
        untouched,
      );
    });

    it('starts the picker anew each time, also where nothing else changed', async () => {
      await deployments().redeployRouting(server.cluster, 'web', call());
      const once = template(await get(Deployments, 'web-epp')).annotations;
      await deployments().redeployRouting(server.cluster, 'web', call());
      const twice = template(await get(Deployments, 'web-epp')).annotations;
      assert.notDeepEqual(twice, once);
    });

    it("is refused for another's deployment, and for a guide that is not there any more", async () => {
      assert.equal(
        (await failure(deployments('alice').redeployRouting(server.cluster, 'web', call()))).code,
        'not-yours',
      );
      // What it was made from is read from the first of its objects.
      const route = await client.resourceOf('gateway.networking.k8s.io/v1', 'HTTPRoute', signal);
      assert.ok(route);
      const renamed = { metadata: { annotations: { [annotations.guide]: 'a-guide-of-last-year' } } };
      await client.patch(route, namespace, 'web', renamed, signal);
      const before = server.proxy.count(method('PATCH'));
      await assert.rejects(
        deployments().redeployRouting(server.cluster, 'web', call()),
        (error) => isWorkbenchError(error, 'guide-invalid') && error.message.includes('a-guide-of-last-year'),
      );
      assert.equal(server.proxy.count(method('PATCH')), before);
    });
  });
});

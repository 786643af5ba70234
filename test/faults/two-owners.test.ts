import assert from 'node:assert/strict';
import { stringAt } from '../../src/base/json.ts';
import { annotations, labels, manager } from '../../src/base/labels.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import type { DeployPlan, DeployRequest } from '../../src/deployment/types.ts';
import { ConfigMaps, Pods, Secrets, Services } from '../../src/kube/resources.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { assertTells, call, failure, Lab, namespace, patience, until } from '../support/faults-lab.ts';

const place = `${demoContext}/${namespace}`;

describe('two people in one namespace', () => {
  let lab: Lab;
  let alice: Workbench;
  let bob: Workbench;
  let client: KubeClient;

  before(async () => {
    lab = await Lab.start();
    alice = lab.window({ settings: { owner: 'alice' } });
    bob = lab.window({ settings: { owner: 'bob' } });
    client = await alice.contexts.client(lab.ref);
    await lab.deployReady(alice);
  });
  after(() => lab.stop());

  /** Everything of the namespace that a deployment may be made of, as it is: its uid, labels and spec. */
  async function standing(): Promise<ReadonlyMap<string, string>> {
    const objects = await alice.deployments.stopTargets(lab.ref, 'wide-ep', patience());
    const pods = await client.list(Pods, {
      namespace,
      labelSelector: `${labels.deployment}=wide-ep`,
      signal: patience(),
    });
    const state = ({ metadata, spec }: KubeObject): string => JSON.stringify([metadata.uid, metadata.labels, spec]);
    return new Map([...objects, ...pods].map((object) => [`${object.kind} ${object.metadata.name}`, state(object)]));
  }

  function generic(name: string): DeployRequest {
    return { cluster: lab.ref, guide: 'wide-ep', variant: 'generic', name, values: {} };
  }

  /** What a plan would not simply create, and why. */
  function inTheWay({ objects }: DeployPlan): readonly unknown[] {
    return objects
      .filter(({ action }) => action !== 'create')
      .map(({ action, object, conflict }) => [action, object.kind, conflict]);
  }

  async function secretData(name: string): Promise<unknown> {
    return (await client.get(Secrets, namespace, name, patience()))['data'];
  }

  /** Nothing that stands is touched by what is refused. */
  async function leavesAllAsItIs(work: () => Promise<unknown>): Promise<void> {
    const before = await standing();
    assert.ok(before.size > 12);
    await work();
    assert.deepEqual(await standing(), before);
  }

  it('shows whose the default name is before anything is applied, and applies nothing', async () => {
    await leavesAllAsItIs(async () => {
      const plan = await lab.plan(bob);
      assert.deepEqual(
        new Set(plan.objects.map(({ action, conflict }) => `${action}: ${conflict}`)),
        new Set(['conflict: belongs to alice']),
      );
      const [finding, ...more] = plan.findings.filter(({ code }) => code === 'not-yours');
      assert.ok(finding?.severity === 'error' && more.length === 0);
      assertTells(finding.message, finding.hint, [place, 'belongs to alice', `and ${plan.objects.length - 1} more`]);
      assert.match(finding.hint, /another name/);
      await failure(bob.deployments.apply(plan, call()), 'not-yours', place, 'belongs to alice');
    });
  });

  it("refuses to stop, restart, reroute or wait for what is another's, with whose it is", async () => {
    await leavesAllAsItIs(async () => {
      assert.deepEqual(await bob.deployments.list(lab.ref, patience()), []);
      for (const work of [
        () => bob.deployments.stop(lab.ref, 'wide-ep', call()),
        () => bob.deployments.stop(lab.ref, 'wide-ep', { ...call(), force: true }),
        () => bob.deployments.restart(lab.ref, 'wide-ep', call()),
        () => bob.deployments.redeployRouting(lab.ref, 'wide-ep', call()),
        () => bob.deployments.waitReady(lab.ref, 'wide-ep', call()),
      ]) {
        await failure(work(), 'not-yours', 'deployment wide-ep', place, 'belongs to alice');
      }
    });
  });

  it('still tells a name that nobody has from one that is taken', async () => {
    await failure(bob.deployments.stop(lab.ref, 'nobody-has-it', call()), 'not-found', 'bob', 'nobody-has-it', place);
  });

  it("refuses at the moment of applying what became another's after the plan", async () => {
    const name = 'raced';
    const late = await bob.deployments.plan(generic(name), patience());
    assert.deepEqual(new Set(late.objects.map(({ action }) => action)), new Set(['create']));
    await alice.deployments.apply(await alice.deployments.plan(generic(name), patience()), call());
    await failure(bob.deployments.apply(late, call()), 'not-yours', place, 'belongs to alice');
    const whose = (await alice.deployments.stopTargets(lab.ref, name, patience())).map(
      ({ metadata }) => metadata.labels?.[labels.owner],
    );
    assert.deepEqual(new Set(whose), new Set(['alice']));
    await alice.deployments.stop(lab.ref, name, { ...call(), force: true });
    // Once she has stopped it the name is free, and the plan from before is as good as then.
    await bob.deployments.apply(late, call());
    assert.deepEqual(
      (await bob.deployments.list(lab.ref, patience())).map((each) => [each.name, each.owner]),
      [[name, 'bob']],
    );
    await bob.deployments.stop(lab.ref, name, { ...call(), force: true });
  });

  it("applies nothing of a deployment of which one object is in another's hands", async () => {
    const helmMade: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data: { 'plugins.yaml': 'theirs' },
      metadata: {
        name: 'mixed-epp',
        namespace,
        labels: { [labels.managedBy]: 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'mixed', 'meta.helm.sh/release-namespace': namespace },
      },
    };
    const request = generic('mixed');
    const early = await bob.deployments.plan(request, patience());
    await client.create(ConfigMaps, helmMade, patience());
    const plan = await bob.deployments.plan(request, patience());
    assert.deepEqual(inTheWay(plan), [['conflict', 'ConfigMap', 'is managed by the Helm release mixed']]);
    for (const each of [plan, early])
      await failure(
        bob.deployments.apply(each, call()),
        'not-yours',
        'ConfigMap mixed-epp',
        place,
        'the Helm release mixed',
      );
    assert.deepEqual(await bob.deployments.list(lab.ref, patience()), []);
    assert.deepEqual((await client.get(ConfigMaps, namespace, 'mixed-epp', patience()))['data'], helmMade['data']);
  });

  it('takes nothing from another deployment of the same person', async () => {
    // The endpoint picker's service account of one is the model servers' of the other.
    const plan = await alice.deployments.plan(generic('wide-ep-epp'), patience());
    assert.deepEqual(inTheWay(plan), [['conflict', 'ServiceAccount', 'belongs to your deployment wide-ep']]);
    await failure(
      alice.deployments.apply(plan, call()),
      'not-yours',
      'ServiceAccount wide-ep-epp',
      'your deployment wide-ep',
    );
  });

  it('deploys beside the other under another name, and each stops only their own', async () => {
    const request = generic('mine');
    await leavesAllAsItIs(async () => {
      await bob.deployments.apply(await bob.deployments.plan(request, patience()), call());
      assert.deepEqual(
        (await bob.deployments.list(lab.ref, patience())).map(({ name }) => name),
        ['mine'],
      );
      await bob.deployments.redeployRouting(lab.ref, 'mine', call());
      const picker = (await bob.deployments.stopTargets(lab.ref, 'mine', patience())).find(
        ({ kind }) => kind === 'Deployment',
      );
      assert.equal(picker?.metadata.annotations?.[annotations.variant], 'generic');
      await bob.deployments.stop(lab.ref, 'mine', { ...call(), force: true });
      assert.deepEqual(await bob.deployments.list(lab.ref, patience()), []);
    });
  });

  it("writes no secret where one of them is another's", async () => {
    await lab.file('workspace/.env', 'HF_TOKEN=hf_of_alice\n');
    await alice.deployments.createSecrets(lab.ref, patience());
    await lab.file('workspace/.env', 'HF_TOKEN=hf_of_bob\nGH_TOKEN=gh_of_bob\n');
    const error = await failure(
      bob.deployments.createSecrets(lab.ref, patience()),
      'not-yours',
      'Secret llm-d-hf-token',
      place,
      'belongs to alice',
    );
    assert.doesNotMatch(`${error.message} ${error.hint}`, /_of_/);
    const kept = await client.get(Secrets, namespace, 'llm-d-hf-token', patience());
    assert.deepEqual(kept['data'], { HF_TOKEN: Buffer.from('hf_of_alice').toString('base64') });
    assert.equal(kept.metadata.labels?.[labels.owner], 'alice');
    assert.equal(kept.metadata.labels?.[labels.managedBy], manager);
    await failure(client.get(Secrets, namespace, 'gh-token-secret', patience()), 'not-found', 'gh-token-secret');
    // Her own she may change, whoever edited it since.
    await client.patch(Secrets, namespace, 'llm-d-hf-token', { data: { HF_TOKEN: '' } }, patience());
    await lab.file('workspace/.env', 'HF_TOKEN=hf_new\n');
    await alice.deployments.createSecrets(lab.ref, patience());
    assert.deepEqual(await secretData('llm-d-hf-token'), { HF_TOKEN: Buffer.from('hf_new').toString('base64') });
  });

  it('writes no secret over one that kubectl made', async () => {
    const data = { GH_TOKEN: Buffer.from('gh_of_the_team').toString('base64') };
    await client.create(
      Secrets,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'gh-token-secret', namespace }, data },
      patience(),
    );
    await lab.file('workspace/.env', 'HF_TOKEN=hf_newer\nGH_TOKEN=gh_of_alice\n');
    await failure(
      alice.deployments.createSecrets(lab.ref, patience()),
      'not-yours',
      'Secret gh-token-secret',
      place,
      'is managed by',
    );
    assert.deepEqual(await secretData('gh-token-secret'), data);
    assert.deepEqual(await secretData('llm-d-hf-token'), { HF_TOKEN: Buffer.from('hf_new').toString('base64') });
  });

  it('starts, enters and stops no poker pod that somebody else made under the name', async () => {
    const made = await client.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'poker-bob', namespace, labels: { app: 'poker', [labels.owner]: 'alice' } },
        spec: {
          containers: [
            { name: 'poker', image: 'quay.io/tms/poker:0.0.15', command: ['/bin/sh', '-c', 'sleep infinity'] },
          ],
        },
      },
      patience(),
    );
    await until('the pod to run', async () =>
      stringAt(await client.get(Pods, namespace, 'poker-bob', patience()), 'status', 'phase') === 'Running'
        ? true
        : undefined,
    );
    for (const work of [
      () => bob.poker.status(lab.ref, patience()),
      () => bob.poker.start(lab.ref, call()),
      () => bob.poker.stop(lab.ref, call()),
      () => bob.poker.shell(lab.ref, undefined, patience()),
    ]) {
      await failure(work(), 'not-yours', 'Pod poker-bob', place, 'belongs to alice');
    }
    const left = await client.get(Pods, namespace, 'poker-bob', patience());
    assert.deepEqual(
      [left.metadata.uid, left.metadata.labels?.[labels.managedBy], left.metadata.deletionTimestamp],
      [made.metadata.uid, undefined, undefined],
    );
    const written = await client.execOutput({
      namespace,
      pod: 'poker-bob',
      command: ['sh', '-c', 'ls /app'],
      signal: patience(),
    });
    assert.doesNotMatch(written.stdout.toString(), /Justfile/);
  });

  it("counts only its own decode pods as the endpoint's", async () => {
    await client.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'decoy', namespace, labels: { [labels.deployment]: 'wide-ep', [labels.role]: 'decode' } },
        spec: { containers: [{ name: 'decoy', image: 'busybox', command: ['sleep', 'infinity'] }] },
      },
      patience(),
    );
    await until('the decoy to have an address', async () =>
      stringAt(await client.get(Pods, namespace, 'decoy', patience()), 'status', 'podIP'),
    );
    const { decodePods } = await alice.poker.endpoint(lab.ref, 'wide-ep', patience());
    assert.deepEqual(
      decodePods.map(({ name }) => name),
      ['wide-ep-decode-0', 'wide-ep-decode-0-1'],
    );
  });

  it("stops no Service that the gateway's controller made with copied labels, which goes with its gateway", async () => {
    const services = await client.list(Services, {
      namespace,
      labelSelector: `${labels.deployment}=wide-ep`,
      signal: patience(),
    });
    const copied = services.filter(({ metadata }) => (metadata.ownerReferences ?? []).length > 0);
    assert.ok(copied.length > 0, 'the gateway has no Service of its own');
    const targets = (await alice.deployments.stopTargets(lab.ref, 'wide-ep', patience())).map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    );
    for (const { metadata } of copied) assert.ok(!targets.includes(`Service ${metadata.name}`));
  });
});

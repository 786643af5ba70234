import assert from 'node:assert/strict';
import { arrayAt } from '../../src/base/json.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { ACCESS_NEEDS, accessNote, deniedCommands, GUARDED_COMMANDS, requireAccess } from '../../src/host/commands/access.ts';
import { describeNeed } from '../../src/kube/access.ts';
import { Secrets } from '../../src/kube/resources.ts';
import type { AccessNeed, KubeClient, ResourceType } from '../../src/kube/types.ts';
import { assertTells, call, failure, Lab, namespace, patience } from '../support/faults-lab.ts';

const rbac = 'rbac.authorization.k8s.io';

describe('namespaces and permissions', () => {
  let lab: Lab;
  let admin: Workbench;

  before(async () => {
    lab = await Lab.start();
    admin = lab.window();
  });
  after(() => lab.stop());

  it('stops a deployment into a namespace that is not there before anything is made', async () => {
    const cluster = { ...lab.ref, namespace: 'nowhere' };
    const plan = await lab.plan(admin, {}, cluster);
    const finding = plan.findings.find((each) => each.code === 'namespace-missing');
    assert.ok(finding?.severity === 'error');
    assertTells(finding.message, finding.hint, [demoContext, 'nowhere']);
    await failure(admin.deployments.apply(plan, call()), 'deployment-failed', demoContext, 'nowhere');
  });

  it('names a namespace that is not there to whoever asks for something in it', async () => {
    const cluster = { ...lab.ref, namespace: 'nowhere' };
    await lab.file('workspace/.env', 'HF_TOKEN=hf_example\n');
    await failure(admin.deployments.createSecrets(cluster, patience()), 'namespace-missing', demoContext, 'nowhere', 'secrets');
    await failure(admin.poker.start(cluster, call()), 'namespace-missing', demoContext, 'nowhere', 'poker-lab');
    await failure(admin.poker.endpoint(cluster, undefined, patience()), 'not-ready', demoContext, 'nowhere');
  });

  describe('someone who may only look', () => {
    let viewer: Workbench;

    before(async () => {
      viewer = lab.window({ kubeconfig: await restrictedUser(lab, await admin.contexts.client(lab.ref)) });
    });

    it('sees the pods of his namespace, and is told what is kept from him', async () => {
      const snapshot = await viewer.inventory.whenComplete(patience());
      assert.equal(snapshot.podScope, 'namespace');
      assert.equal(snapshot.states.pods.kind, 'live');
      assert.ok(snapshot.states.nodes.kind === 'denied');
      const { code, message, hint } = snapshot.states.nodes.error;
      assert.equal(code, 'forbidden');
      assertTells(message, hint, ['nodes', demoContext]);
    });

    it('is told before a deployment which verbs he lacks', async () => {
      const plan = await lab.plan(viewer);
      const denied = plan.findings.filter((finding) => finding.code === 'forbidden');
      assert.ok(denied.some((finding) => finding.message.includes('leaderworkersets.leaderworkerset.x-k8s.io')), denied.map((finding) => finding.message).join('\n'));
      for (const { severity, message, hint } of denied) {
        assert.equal(severity, 'error');
        assertTells(message, hint, [demoContext, namespace]);
      }
    });

    it('has every action hidden that he may not do, and no other', async () => {
      const client = await viewer.contexts.client(lab.ref);
      const denied = await deniedCommands(client, namespace, patience());
      // `view` may read pods and their logs, and knows nothing of LeaderWorkerSets, secrets, exec and port-forward.
      assert.deepEqual(GUARDED_COMMANDS.filter((id) => !denied.has(id)), ['llmd.showLogs']);
      const note = accessNote(denied, lab.ref) ?? '';
      for (const missing of ['leaderworkersets.leaderworkerset.x-k8s.io', 'pods/exec', 'pods/portforward', 'secrets', demoContext, namespace]) assert.ok(note.includes(missing), note);
      assert.equal((await deniedCommands(await admin.contexts.client(lab.ref), namespace, patience())).size, 0);
    });

    for (const id of GUARDED_COMMANDS.filter((each) => each !== 'llmd.showLogs')) {
      it(`is told what ${id} lacks when it is called all the same`, async () => {
        const client = await viewer.contexts.client(lab.ref);
        const missing = await client.missing(ACCESS_NEEDS[id], namespace, patience());
        assert.ok(missing.length > 0);
        const error = await failure(requireAccess(id, 'do it', client, namespace, patience()), 'forbidden', 'do it', demoContext, namespace, ...missing.map(describeNeed));
        assert.match(error.hint ?? '', /administrator/);
        // The answer is the server's own: each of the verbs, asked singly, is refused.
        for (const need of missing) assert.equal(await mayI(client, need), false, describeNeed(need));
      });
    }

    it('reads logs, as his role says', async () => {
      await requireAccess('llmd.showLogs', 'show the log', await viewer.contexts.client(lab.ref), namespace, patience());
    });

    it('sees hidden actions again once his role has grown', async () => {
      const client = await viewer.contexts.client(lab.ref);
      await bind(await admin.contexts.client(lab.ref), 'edit');
      // Refused once more, the client knows that what it remembers may be old.
      await assert.rejects(client.list(Secrets, { namespace: 'default', signal: patience() }));
      const denied = await deniedCommands(client, namespace, patience());
      assert.ok(!denied.has('llmd.runBenchmark') && !denied.has('llmd.copyTraces'));
      assert.ok(denied.has('llmd.deploy'), 'the role edit does not hold LeaderWorkerSets');
      await (await admin.contexts.client(lab.ref)).delete(RoleBindings, namespace, 'edit', { signal: patience() });
      await assert.rejects(client.list(Secrets, { namespace: 'default', signal: patience() }));
    });

    it('is told which verb on what he lacks when he does it all the same', async () => {
      const error = await failure(viewer.poker.start(lab.ref, call()), 'forbidden', 'poker-lab', demoContext, namespace);
      assert.match(error.hint ?? '', /patch/);
    });
  });

  it('says that a token is not good any longer', async () => {
    const stranger = lab.window({ kubeconfig: await kubeconfigFor(lab, 'stranger', 'an-expired-token') });
    const client = await stranger.contexts.client(lab.ref);
    await failure(client.get({ group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true }, namespace, 'any', patience()), 'unauthorized', demoContext, namespace);
  });
});

const RoleBindings: ResourceType = { group: rbac, version: 'v1', plural: 'rolebindings', kind: 'RoleBinding', namespaced: true };

async function mayI(client: KubeClient, need: AccessNeed): Promise<boolean> {
  const answer = await client.json<{ status: { allowed: boolean } }>({
    method: 'POST', path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', signal: patience(),
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { ...need, namespace } } },
  });
  return answer.status.allowed;
}

async function bind(client: KubeClient, role: string): Promise<void> {
  await client.create(RoleBindings, {
    apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name: role, namespace },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role }, subjects: [{ kind: 'ServiceAccount', name: 'viewer', namespace }],
  }, patience());
}

/** A service account that may view the namespace, and a kubeconfig with the token that the server issued to it. */
async function restrictedUser(lab: Lab, client: KubeClient): Promise<string> {
  const signal = patience();
  await client.json({ method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'viewer' } }, signal });
  await bind(client, 'view');
  const issued = await client.json<{ status: { token: string } }>({
    method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts/viewer/token`, signal,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  });
  return kubeconfigFor(lab, 'viewer', issued.status.token);
}

async function kubeconfigFor(lab: Lab, name: string, token: string): Promise<string> {
  const config = JSON.parse(await lab.kubeconfig()) as Record<string, unknown>;
  assert.equal(arrayAt(config, 'users').length, 1);
  return lab.file(name, JSON.stringify({ ...config, users: [{ name: demoContext, user: { token } }] }));
}

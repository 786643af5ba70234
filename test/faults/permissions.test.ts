import assert from 'node:assert/strict';
import { arrayAt } from '../../src/base/json.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import type { KubeClient } from '../../src/kube/types.ts';
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

/** A service account that may view the namespace, and a kubeconfig with the token that the server issued to it. */
async function restrictedUser(lab: Lab, client: KubeClient): Promise<string> {
  const signal = patience();
  await client.json({ method: 'POST', path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'viewer' } }, signal });
  await client.json({
    method: 'POST', path: `/apis/${rbac}/v1/namespaces/${namespace}/rolebindings`, signal,
    body: {
      apiVersion: `${rbac}/v1`, kind: 'RoleBinding', metadata: { name: 'viewer' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'ServiceAccount', name: 'viewer', namespace }],
    },
  });
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

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { arrayAt } from '../../src/base/json.ts';
import { parse } from 'yaml';
import type { Io } from '../../src/cli/io.ts';
import { main } from '../../src/cli/main.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { accessOf, deniedCommands, GUARDED_COMMANDS, requireAccess } from '../../src/host/commands/access.ts';
import type { CommandId } from '../../src/host/commands/table.ts';
import { accessRow } from '../../src/host/trees/access-row.ts';
import { clusterRows, gpuHeadline } from '../../src/host/trees/cluster-rows.ts';
import { stateRows } from '../../src/host/trees/freshness.ts';
import { modelServerRows } from '../../src/host/trees/model-server-rows.ts';
import type { Row } from '../../src/host/trees/row.ts';
import { gpuReport } from '../../src/inventory/gpus.ts';
import { podsReport } from '../../src/inventory/pods.ts';
import { describeNeed, describeNeeds } from '../../src/kube/access/access.ts';
import { Pods, Secrets } from '../../src/kube/resources.ts';
import type { AccessNeed } from '../../src/kube/access/types.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../src/kube/model/types.ts';
import { assertTells, call, failure, Lab, namespace, patience, until } from '../support/faults-lab.ts';

const rbac = 'rbac.authorization.k8s.io';
/** Of the guarded commands those that the role `view` is enough for. */
const VIEWERS_MAY: ReadonlySet<CommandId> = new Set(['llmd.showLogs', 'llmd.writeDecodePods']);

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
    await failure(
      admin.deployments.createSecrets(cluster, patience()),
      'namespace-missing',
      demoContext,
      'nowhere',
      'secrets',
    );
    await failure(admin.poker.start(cluster, call()), 'namespace-missing', demoContext, 'nowhere', 'poker-lab');
    await failure(admin.poker.endpoint(cluster, undefined, patience()), 'not-ready', demoContext, 'nowhere');
  });

  describe('someone who may only look', () => {
    let viewer: Workbench;

    before(async () => {
      const client = await admin.contexts.client(lab.ref);
      viewer = lab.window({ kubeconfig: await person(lab, client, 'viewer') });
      await bind(client, 'viewer', 'ClusterRole', 'view');
    });

    it('sees the pods of his namespace, and is told what is kept from him', async () => {
      const lease = viewer.inventory.lease();
      // Complete when it is listed; live when the watch behind the list has been accepted, too.
      const snapshot = await until('all is listed, and the pods are live', () => {
        const { snapshot: now } = viewer.inventory;
        return now?.complete === true && now.states.pods.kind === 'live' ? now : undefined;
      });
      lease.dispose();
      assert.equal(snapshot.podScope, 'namespace');
      assert.ok(snapshot.states.nodes.kind === 'denied');
      const { code, message, hint } = snapshot.states.nodes.error;
      assert.equal(code, 'forbidden');
      assertTells(message, hint, ['nodes', demoContext]);
    });

    it('is told before a deployment which verbs he lacks', async () => {
      const plan = await lab.plan(viewer);
      const denied = plan.findings.filter((finding) => finding.code === 'forbidden');
      assert.ok(
        denied.some((finding) => finding.message.includes('leaderworkersets.leaderworkerset.x-k8s.io')),
        denied.map((finding) => finding.message).join('\n'),
      );
      for (const { severity, message, hint } of denied) {
        assert.equal(severity, 'error');
        assertTells(message, hint, [demoContext, namespace]);
      }
    });

    it('has every action hidden that he may not do, and no other', async () => {
      const client = await viewer.contexts.client(lab.ref);
      const denied = await deniedCommands(client, namespace, patience());
      // `view` may read pods and their logs, and knows nothing of LeaderWorkerSets, secrets, exec and port-forward.
      assert.deepEqual(new Set(GUARDED_COMMANDS.filter((id) => !denied.has(id))), VIEWERS_MAY);
      const note = accessRow([...denied.values()].flat(), lab.ref)?.spoken ?? '';
      for (const missing of [
        'leaderworkersets.leaderworkerset.x-k8s.io',
        'pods/exec',
        'pods/portforward',
        'secrets',
        namespace,
      ])
        assert.ok(note.includes(missing), note);
      assert.equal((await deniedCommands(await admin.contexts.client(lab.ref), namespace, patience())).size, 0);
    });

    for (const id of GUARDED_COMMANDS.filter((each) => !VIEWERS_MAY.has(each))) {
      it(`is told what ${id} lacks when it is called all the same`, async () => {
        const client = await viewer.contexts.client(lab.ref);
        const missing = await client.missing(accessOf(id), namespace, patience());
        assert.ok(missing.length > 0);
        const error = await failure(
          requireAccess(id, 'do it', client, namespace, patience()),
          'forbidden',
          'do it',
          demoContext,
          namespace,
          ...describeNeeds(missing),
        );
        assert.match(error.hint ?? '', /administrator/);
        // The answer is the server's own: each of the verbs, asked singly, is refused.
        for (const need of missing) assert.equal(await mayI(client, need), false, describeNeed(need));
      });
    }

    it('reads logs, as his role says', async () => {
      await requireAccess(
        'llmd.showLogs',
        'show the log',
        await viewer.contexts.client(lab.ref),
        namespace,
        patience(),
      );
    });

    it('sees hidden actions again once his role has grown', async () => {
      const client = await viewer.contexts.client(lab.ref);
      await bind(await admin.contexts.client(lab.ref), 'viewer', 'ClusterRole', 'edit');
      // Refused once more, the client knows that what it remembers may be old.
      await assert.rejects(client.list(Secrets, { namespace: 'default', signal: patience() }));
      const denied = await deniedCommands(client, namespace, patience());
      assert.ok(!denied.has('llmd.runBenchmark') && !denied.has('llmd.copyTraces'));
      assert.ok(denied.has('llmd.deploy'), 'the role edit does not hold LeaderWorkerSets');
      await (
        await admin.contexts.client(lab.ref)
      ).delete(RoleBindings, namespace, 'viewer-edit', { signal: patience() });
      await assert.rejects(client.list(Secrets, { namespace: 'default', signal: patience() }));
    });

    it('is told which verb on what he lacks when he does it all the same', async () => {
      const error = await failure(
        viewer.poker.start(lab.ref, call()),
        'forbidden',
        'poker-lab',
        demoContext,
        namespace,
      );
      assert.match(error.hint ?? '', /patch/);
    });
  });

  describe('someone with the role of docs/permissions.md in one namespace, and nothing outside of it', () => {
    let engineer: Workbench;

    before(async () => {
      const client = await admin.contexts.client(lab.ref);
      const page = await readFile(new URL('../../docs/permissions.md', import.meta.url), 'utf8');
      const role = parse(/```yaml\n([^`]*)```/.exec(page)?.[1] ?? '') as KubeObject;
      await client.create(Roles, { ...role, metadata: { ...role.metadata, namespace } }, patience());
      engineer = lab.window({ kubeconfig: await person(lab, client, 'engineer') });
      await bind(client, 'engineer', 'Role', role.metadata.name);
    });

    it('has no action hidden, and no finding against a deployment', async () => {
      assert.equal((await deniedCommands(await engineer.contexts.client(lab.ref), namespace, patience())).size, 0);
      assert.deepEqual(
        (await lab.plan(engineer)).findings.filter(({ code }) => code === 'forbidden'),
        [],
      );
    });

    it('deploys, and sees in the trees what the pods tell of GPUs, with a plain note of what they cannot', async () => {
      await lab.deploy(engineer);
      const signal = patience();
      const lease = engineer.inventory.lease();
      const snapshot = await until('every model server to be bound', async () => {
        const now = await engineer.inventory.whenComplete(signal);
        return [...now.pods.values()].filter((pod) => pod.node !== undefined && Object.keys(pod.gpus).length > 0)
          .length === 3
          ? now
          : undefined;
      });
      lease.dispose();
      assert.equal(snapshot.podScope, 'namespace');
      const report = gpuReport(snapshot);
      const cluster = told([
        ...stateRows('nodes', snapshot.states.nodes),
        ...stateRows('pods', snapshot.states.pods),
        ...clusterRows(report, snapshot, engineer.owner),
      ]);
      assert.match(cluster, /^nodes: not allowed cannot list nodes/m);
      for (const pod of ['wide-ep-decode-0', 'wide-ep-decode-0-1', 'wide-ep-prefill-0'])
        assert.match(cluster, new RegExp(`^${pod} 8 GPUs`, 'm'));
      assert.match(gpuHeadline(report, snapshot), /24 GPUs held/);
      // Of nodes that he may not list nothing is free or taken as far as he knows: no figure is made up.
      assert.doesNotMatch(cluster, /[ :]\d+ free/);
      assert.deepEqual(
        report.warnings.map(({ code }) => code).filter((code) => code.startsWith('nodes') || code.startsWith('pods')),
        ['nodes-denied', 'pods-of-one-namespace'],
      );
      const servers = podsReport(snapshot, engineer.owner);
      assert.match(told(modelServerRows(servers)), /^wide-ep /m);
      assert.deepEqual(
        servers.warnings.map(({ code }) => code),
        ['pods-of-one-namespace'],
      );
    });

    it('reads a log, forwards a port and runs a command: what is not hidden works', async () => {
      const client = await engineer.contexts.client(lab.ref);
      const signal = patience();
      const pod = 'wide-ep-prefill-0';
      await until('the pod to run', async () =>
        ((await client.get(Pods, namespace, pod, signal))['status'] as { phase?: string }).phase === 'Running'
          ? true
          : undefined,
      );
      const output = await client.execOutput({ namespace, pod, container: 'vllm', command: ['echo', 'hello'], signal });
      assert.equal(output.stdout.toString(), 'hello\n');
      const forward = await client.portForward(namespace, pod, 8000, signal);
      assert.equal(forward.state.kind, 'open');
      forward.dispose();
      for await (const line of client.logs({ namespace, pod, container: 'vllm', tailLines: 1, signal }))
        assert.equal(line.gap, undefined);
    });

    it('waits until it is ready, works in the poker pod, and stops what he made', async () => {
      const readiness = await engineer.deployments.waitReady(lab.ref, 'wide-ep', call());
      assert.equal(readiness.readyPods, readiness.pods);
      await engineer.poker.start(lab.ref, call());
      await engineer.poker.stop(lab.ref, call());
      await lab.file('workspace/.env', 'HF_TOKEN=hf_example\n');
      await engineer.deployments.createSecrets(lab.ref, patience());
      const known = await admin.contexts.client(lab.ref);
      assert.deepEqual((await known.get(Secrets, namespace, 'llm-d-hf-token', patience()))['data'], {
        HF_TOKEN: Buffer.from('hf_example').toString('base64'),
      });
      const before = await podsByUse(lab);
      await engineer.deployments.restart(lab.ref, 'wide-ep', call());
      const restarted = await until('the model servers to be others, and no other pod', async () =>
        changed(before, await podsByUse(lab), 'servers'),
      );
      await engineer.deployments.redeployRouting(lab.ref, 'wide-ep', call());
      await until('the endpoint picker to be another, and no other pod', async () =>
        changed(restarted, await podsByUse(lab), 'routing'),
      );
      await engineer.deployments.stop(lab.ref, 'wide-ep', call());
      assert.deepEqual(await engineer.deployments.list(lab.ref, patience()), []);
    });
  });

  describe('someone who may do nothing', () => {
    it('is told by the command line what is missing, instead of seeing an empty table', async () => {
      const kubeconfig = await person(lab, await admin.contexts.client(lab.ref), 'nobody');
      const nodesAndPods = ['list nodes; list pods', demoContext, namespace];
      for (const [command, names] of [
        ['pods', ['list pods', demoContext, namespace]],
        ['gpus', nodesAndPods],
        ['nodes', nodesAndPods],
      ] as const) {
        const { code, out, err } = await llmdw([command, '--kubeconfig', kubeconfig]);
        assert.equal(code, 1);
        assert.equal(out, '');
        const [message = '', hint = ''] = err.split('\n');
        assertTells(message, hint, names);
        assert.match(hint, /administrator/);
      }
    });

    it('is told by the command line with a warning what a table leaves out', async () => {
      const { code, out, err } = await llmdw([
        'gpus',
        '--kubeconfig',
        await lab.file('engineer-again', await readFile(join(dirname(lab.workspace), 'engineer'), 'utf8')),
      ]);
      assert.equal(code, 0);
      assert.match(out, /^NODE/);
      assert.match(err, /^warning: no permission to list nodes/m);
    });
  });

  it('says that a token is not good any longer', async () => {
    const stranger = lab.window({ kubeconfig: await kubeconfigFor(lab, 'stranger', 'an-expired-token') });
    const client = await stranger.contexts.client(lab.ref);
    await failure(
      client.get(
        { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true },
        namespace,
        'any',
        patience(),
      ),
      'unauthorized',
      demoContext,
      namespace,
    );
  });
});

/** The uids of a deployment's pods, by what they are there for. */
interface PodsByUse {
  readonly servers: readonly string[];
  readonly routing: readonly string[];
}

async function podsByUse(lab: Lab): Promise<PodsByUse> {
  const uids = async (selector: string): Promise<readonly string[]> => {
    const pods = await lab.pods(`workbench.llm-d.ai/deployment=wide-ep,${selector}`);
    return pods.map(({ metadata }) => metadata.uid ?? '');
  };
  return { servers: await uids('llm-d.ai/inference-serving=true'), routing: await uids('llm-d.ai/role=routing') };
}

/** Undefined until as many pods of this use are there as before, each of them another; those of the other use have to be the same. */
function changed(before: PodsByUse, now: PodsByUse, use: keyof PodsByUse): PodsByUse | undefined {
  const other = use === 'servers' ? 'routing' : 'servers';
  assert.deepEqual(now[other], before[other]);
  assert.ok(before[use].length > 0);
  return now[use].length === before[use].length && now[use].every((uid) => !before[use].includes(uid))
    ? now
    : undefined;
}

/** Runs the command line in this process. */
async function llmdw(
  args: readonly string[],
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' };
  const io: Io = {
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    env: { PATH: process.env['PATH'] },
    cwd: tmpdir(),
    signal: patience(),
  };
  return { code: await main(args, io), ...said };
}

const Roles: ResourceType = { group: rbac, version: 'v1', plural: 'roles', kind: 'Role', namespaced: true };
const RoleBindings: ResourceType = {
  group: rbac,
  version: 'v1',
  plural: 'rolebindings',
  kind: 'RoleBinding',
  namespaced: true,
};

async function mayI(client: KubeClient, need: AccessNeed): Promise<boolean> {
  const answer = await client.json<{ status: { allowed: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    signal: patience(),
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { ...need, namespace } },
    },
  });
  return answer.status.allowed;
}

async function bind(client: KubeClient, name: string, kind: 'ClusterRole' | 'Role', role: string): Promise<void> {
  await client.create(
    RoleBindings,
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: `${name}-${role}`, namespace },
      roleRef: { apiGroup: rbac, kind, name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    patience(),
  );
}

/** What a tree shows, a line a row. */
function told(rows: readonly Row[]): string {
  return rows
    .map(({ label, description, children }) => [`${label} ${description ?? ''}`, told(children ?? [])].join('\n'))
    .join('\n');
}

/** A service account, and a kubeconfig with the token that the server issued to it. */
async function person(lab: Lab, client: KubeClient, name: string): Promise<string> {
  const signal = patience();
  await client.json({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
    signal,
  });
  const issued = await client.json<{ status: { token: string } }>({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    signal,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } },
  });
  return kubeconfigFor(lab, name, issued.status.token);
}

async function kubeconfigFor(lab: Lab, name: string, token: string): Promise<string> {
  const config = JSON.parse(await lab.kubeconfig()) as Record<string, unknown>;
  assert.equal(arrayAt(config, 'users').length, 1);
  return lab.file(name, JSON.stringify({ ...config, users: [{ name: demoContext, user: { token } }] }));
}

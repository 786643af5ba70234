import assert from 'node:assert/strict';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { Secrets } from '../../src/kube/resources.ts';
import { assertTells, call, failure, Lab, namespace, patience, until } from '../support/faults-lab.ts';

const definitions = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

describe('what a deployment needs', () => {
  let lab: Lab;
  let window: Workbench;

  beforeEach(async () => {
    lab = await Lab.start();
    window = lab.window();
  });
  afterEach(() => lab.stop());

  it('says that LeaderWorkerSet is not installed, and how to install it', async () => {
    const client = await window.contexts.client(lab.ref);
    assert.ok(
      await client.delete(definitions, undefined, 'leaderworkersets.leaderworkerset.x-k8s.io', { signal: patience() }),
    );
    await until('the definition is gone', async () =>
      (await lab
        .window()
        .contexts.client(lab.ref)
        .then((fresh) => fresh.resourceOf('leaderworkerset.x-k8s.io/v1', 'LeaderWorkerSet', patience()))) === undefined
        ? true
        : undefined,
    );
    const plan = await lab.plan(window);
    const finding = plan.findings.find((each) => each.code === 'resource-absent');
    assert.ok(finding?.severity === 'error');
    assertTells(finding.message, finding.hint, ['LeaderWorkerSet', demoContext]);
    await failure(window.deployments.apply(plan, call()), 'deployment-failed', 'LeaderWorkerSet', demoContext);
    assert.deepEqual(await window.deployments.list(lab.ref, patience()), []);
  });

  for (const tool of ['kubectl', 'helm'] as const) {
    it(`says where ${tool} was looked for, and that it is missing`, async () => {
      const path = `${lab.workspace}/no-such-${tool}`;
      await failure(lab.plan(lab.window({ settings: { [`${tool}Path`]: path } })), 'tool-missing', tool, path);
    });

    it(`names the version of ${tool} that is too old, and the oldest that will do`, async () => {
      const script =
        tool === 'kubectl'
          ? '#!/bin/sh\necho \'{"clientVersion": {"gitVersion": "v1.21.3"}}\'\n'
          : '#!/bin/sh\necho v3.2.1\n';
      const path = await lab.file(`old-${tool}`, script);
      const error = await failure(
        lab.plan(lab.window({ settings: { [`${tool}Path`]: path } })),
        'tool-too-old',
        tool,
        path,
      );
      assert.match(error.message, /1\.21\.3|3\.2\.1/);
    });
  }

  it('asks for a .env, keeps what is in the cluster when it is half filled, and tells no secret', async () => {
    await failure(window.deployments.createSecrets(lab.ref, patience()), 'env-missing', `${lab.workspace}/.env`);
    await lab.file('workspace/.env', 'HF_TOKEN=hf_first\n');
    const names = await window.deployments.createSecrets(lab.ref, patience());
    assert.deepEqual(names, ['llm-d-hf-token', 'hf-secret']);
    await lab.file('workspace/.env', 'HF_TOKEN=\nGH_TOKEN=ghp_example\n');
    const error = await failure(
      window.deployments.createSecrets(lab.ref, patience()),
      'env-incomplete',
      `${lab.workspace}/.env`,
      'HF_TOKEN',
    );
    assert.doesNotMatch(`${error.message} ${error.hint}`, /ghp_example/);
    const client = await window.contexts.client(lab.ref);
    const kept = await client.get(Secrets, namespace, 'llm-d-hf-token', patience());
    assert.deepEqual(kept['data'], { HF_TOKEN: Buffer.from('hf_first').toString('base64') });
    await failure(client.get(Secrets, namespace, 'gh-token-secret', patience()), 'not-found', 'gh-token-secret');
  });

  it('warns that a secret is missing', async () => {
    const finding = (await lab.plan(window)).findings.find((each) => each.code === 'secret-missing');
    assert.ok(finding?.severity === 'warning');
    assertTells(finding.message, finding.hint, ['llm-d-hf-token', demoContext, namespace]);
  });

  it('counts the GPUs that are missing, and tells while waiting which pod waits and why', async () => {
    const values = { DECODE_GROUPS: '2' };
    const plan = await lab.plan(window, values);
    const finding = plan.findings.find((each) => each.code === 'capacity-missing');
    assert.ok(finding?.severity === 'warning');
    assertTells(finding.message, finding.hint, ['40 nvidia.com/gpu', '24 are free', demoContext]);
    await window.deployments.apply(plan, call());
    const stop = new AbortController();
    const told = new Promise<string>((resolve) => {
      const progress = ({ message }: { readonly message: string }): void => {
        if (message.includes('Insufficient nvidia.com/gpu')) resolve(message);
      };
      window.deployments.waitReady(lab.ref, 'wide-ep', { signal: stop.signal, progress }).catch(() => undefined);
    });
    assert.match(await told, /wide-ep-decode-\S+ waits for a node: 0\/4 nodes are available/);
    stop.abort();
  });
});

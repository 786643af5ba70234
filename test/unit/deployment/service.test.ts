import assert from 'node:assert/strict';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError, type ErrorCode } from '../../../src/base/errors.ts';
import { annotations, labels, manager } from '../../../src/base/labels.ts';
import { createDeploymentService, type DeploymentDependencies } from '../../../src/deployment/service.ts';
import type { DeploymentService, LongCall } from '../../../src/deployment/types.ts';
import { ConfigMaps, Pods, Secrets, Services } from '../../../src/kube/resources.ts';
import type { ClusterRef, KubeClient } from '../../../src/kube/types.ts';
import type { WatchOptions } from '../../../src/kube/watch/types.ts';
import { marks, namespace, TestServer } from './test-server.ts';

const { signal } = new AbortController();
const serving = { 'llm-d.ai/inference-serving': 'true' };

function call(): LongCall {
  return { signal: AbortSignal.timeout(20_000), progress: () => undefined };
}

interface Person {
  readonly owner?: string;
  readonly beforeDelete?: () => Promise<void>;
  readonly env?: Record<string, string>;
}

function failsWith(code: ErrorCode, words = ''): (error: unknown) => boolean {
  return (error) => isWorkbenchError(error, code) && error.message.includes(words);
}

describe('what stop, restart and the list of deployments take for mine', () => {
  let server: TestServer;
  let client: KubeClient;
  let cluster: ClusterRef;

  beforeEach(async () => {
    server = await TestServer.start();
    ({ client, cluster } = server);
  });
  afterEach(() => server.stop());

  /** The service of a person; `beforeDelete` is what happens between the look and the first delete. */
  function deployments({
    owner = 'bob',
    beforeDelete = () => Promise.resolve(),
    env = {},
  }: Person = {}): DeploymentService {
    let meanwhile: (() => Promise<void>) | undefined = beforeDelete;
    const used = {
      cluster,
      get: (...given: Parameters<KubeClient['get']>) => client.get(...given),
      list: (...given: Parameters<KubeClient['list']>) => client.list(...given),
      apply: (...given: Parameters<KubeClient['apply']>) => client.apply(...given),
      watch: <T>(options: WatchOptions<T>) => client.watch(options),
      resourceOf: (...given: Parameters<KubeClient['resourceOf']>) => client.resourceOf(...given),
      delete: async (...given: Parameters<KubeClient['delete']>) => {
        const now = meanwhile;
        meanwhile = undefined;
        await now?.();
        return client.delete(...given);
      },
    };
    return createDeploymentService({
      contexts: { client: () => Promise.resolve(used) },
      manifests: join(import.meta.dirname, '../../../manifests'),
      owner: () => owner,
      workspaceEnv: () => Promise.resolve({ path: '.env', found: true, values: env }),
      clock: systemClock,
    } as unknown as DeploymentDependencies);
  }

  it("stop deletes what I deployed, and neither what a controller made of it nor what is another's", async () => {
    await server.make(ConfigMaps, 'web-mine', { labels: marks('bob') });
    const hers = await server.make(ConfigMaps, 'web-hers', { labels: marks('alice') });
    await server.make(ConfigMaps, 'web-other', { labels: marks('bob', 'other') });
    await server.make(ConfigMaps, 'web-plain', {});
    // As a gateway's controller makes Services, with the gateway's labels.
    const maker = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'web-hers',
      uid: hers.metadata.uid ?? '',
      controller: true,
    };
    await server.make(Services, 'web-made', { labels: marks('bob'), ownerReferences: [maker] });
    assert.deepEqual(
      (await deployments().stopTargets(cluster, 'web', signal)).map(({ metadata }) => metadata.name),
      ['web-mine'],
    );
    await deployments().stop(cluster, 'web', call());
    assert.deepEqual(
      (await server.names(ConfigMaps)).filter((name) => name.startsWith('web-')),
      ['web-hers', 'web-other', 'web-plain'],
    );
    assert.ok((await server.names(Services)).includes('web-made'));
  });

  it('stop leaves an object that was made anew since it looked', async () => {
    await server.make(ConfigMaps, 'web-mine', { labels: marks('bob') });
    const anew = async (): Promise<void> => {
      await client.delete(ConfigMaps, namespace, 'web-mine', { signal });
      await server.make(ConfigMaps, 'web-mine', { labels: marks('alice') });
    };
    await assert.rejects(deployments({ beforeDelete: anew }).stop(cluster, 'web', call()), failsWith('conflict'));
    assert.equal(
      (await client.get(ConfigMaps, namespace, 'web-mine', signal)).metadata.labels?.[labels.owner],
      'alice',
    );
  });

  it('restart deletes my model servers, and no pod of routing or of another', async () => {
    await server.make(ConfigMaps, 'web-mine', { labels: marks('bob') });
    await server.make(Pods, 'web-decode-0', { labels: { ...marks('bob'), ...serving } });
    await server.make(Pods, 'web-epp', { labels: marks('bob') });
    await server.make(Pods, 'web-hers', { labels: { ...marks('alice'), ...serving } });
    await server.make(Pods, 'web-unmanaged', {
      labels: { [labels.owner]: 'bob', [labels.deployment]: 'web', ...serving },
    });
    await deployments().restart(cluster, 'web', call());
    assert.deepEqual(await server.names(Pods), ['web-epp', 'web-hers', 'web-unmanaged']);
  });

  it('restart leaves a pod that was made anew since it looked', async () => {
    await server.make(ConfigMaps, 'web-mine', { labels: marks('bob') });
    await server.make(Pods, 'web-decode-0', { labels: { ...marks('bob'), ...serving } });
    const anew = async (): Promise<void> => {
      await client.delete(Pods, namespace, 'web-decode-0', { gracePeriodSeconds: 0, signal });
      await server.make(Pods, 'web-decode-0', { labels: { ...marks('bob'), ...serving } });
    };
    await assert.rejects(deployments({ beforeDelete: anew }).restart(cluster, 'web', call()), failsWith('conflict'));
    assert.deepEqual(await server.names(Pods), ['web-decode-0']);
  });

  it('a deployment of a guide that is not there any more is listed with the others, and can be stopped', async () => {
    const notes = { [annotations.guide]: 'a-guide-of-last-year', [annotations.model]: 'org/model' };
    await server.make(ConfigMaps, 'old-map', { labels: marks('bob', 'old'), annotations: notes });
    await server.make(ConfigMaps, 'web-map', { labels: marks('bob'), annotations: { [annotations.guide]: 'wide-ep' } });
    const listed = await deployments().list(cluster, signal);
    const told = listed.map(({ name, guide, model, endpoint }) => [name, guide, model, endpoint]);
    assert.deepEqual(told, [
      ['old', undefined, 'org/model', undefined],
      ['web', 'wide-ep', '', undefined],
    ]);
    await deployments().stop(cluster, 'old', call());
    assert.deepEqual(
      (await deployments().list(cluster, signal)).map(({ name }) => name),
      ['web'],
    );
    await assert.rejects(
      deployments().waitReady(cluster, 'web', call()),
      failsWith('deployment-failed', 'has no Gateway'),
    );
  });

  it("the name of another's deployment is told from one that is not there", async () => {
    await server.make(ConfigMaps, 'web-hers', { labels: marks('alice') });
    await assert.rejects(
      deployments().stop(cluster, 'web', call()),
      failsWith('not-yours', 'deployment web in demo/default belongs to alice'),
    );
    await assert.rejects(deployments().stop(cluster, 'nothing', call()), failsWith('not-found'));
    await deployments({ owner: 'alice' }).stop(cluster, 'web', call());
  });

  it('a secret says whose it is', async () => {
    assert.deepEqual(await deployments({ env: { HF_TOKEN: 'hf_of_bob' } }).createSecrets(cluster, signal), [
      'llm-d-hf-token',
      'hf-secret',
    ]);
    for (const name of ['llm-d-hf-token', 'hf-secret']) {
      assert.deepEqual((await client.get(Secrets, namespace, name, signal)).metadata.labels, {
        [labels.managedBy]: manager,
        [labels.owner]: 'bob',
      });
    }
    await assert.rejects(
      deployments({ owner: 'alice', env: { HF_TOKEN: 'hf_of_alice' } }).createSecrets(cluster, signal),
      failsWith('not-yours'),
    );
  });
});

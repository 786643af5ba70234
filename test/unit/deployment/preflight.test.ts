import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { readGuides, type GuideFile } from '../../../src/deployment/guides.ts';
import { preflight } from '../../../src/deployment/preflight.ts';
import type { Finding } from '../../../src/deployment/types.ts';
import type { GpuNode, GpuReport } from '../../../src/inventory/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { Secrets } from '../../../src/kube/resources.ts';
import { refuse } from '../../support/fault-proxy/faults.ts';
import { method } from '../../support/fault-proxy/matchers.ts';
import { namespace, strangersToken, TestServer, token } from './test-server.ts';

const root = join(import.meta.dirname, '../../..');
const { signal } = new AbortController();
const gpu = 'nvidia.com/gpu';

/** Two LeaderWorkerSets that want 16 and 8 GPUs, with what belongs to them. */
const objects = ['servers.yaml', 'routing.yaml'].flatMap((name) =>
  parseAllDocuments(readFileSync(join(root, 'test/fixtures/manifests', name), 'utf8')).map(
    (document) => document.toJS() as KubeObject,
  ),
);

interface Looked {
  readonly client?: TestServer['client'];
  readonly guide?: Partial<GuideFile>;
  readonly wanted?: readonly KubeObject[];
  readonly present?: readonly KubeObject[];
  readonly gpus?: GpuReport;
}

describe('what a preflight finds', () => {
  let server: TestServer;
  let wideEp: GuideFile;

  before(async () => {
    server = await TestServer.start();
    const guide = (await readGuides(join(root, 'manifests'))).find(({ id }) => id === 'wide-ep');
    assert.ok(guide);
    wideEp = { ...guide, secrets: [] };
  });
  after(() => server.stop());
  afterEach(() => server.proxy.behave());

  function look({ client = server.client, guide = {}, wanted = objects, present = [], gpus }: Looked = {}): Promise<
    readonly Finding[]
  > {
    return preflight(client, { ...wideEp, ...guide }, wanted, present, gpus, signal);
  }

  const messages = (findings: readonly Finding[]): readonly string[] => findings.map(({ message }) => message);

  it('nothing, where all is well', async () => {
    assert.deepEqual(await look(), []);
  });

  it('each kind that is not served, with how to come by it', async () => {
    const absent = { apiVersion: 'training.example/v1', kind: 'Wizard', hint: 'Install the wizards.' };
    const findings = await look({ guide: { requires: [...wideEp.requires, absent] } });
    assert.deepEqual(findings, [
      {
        severity: 'error',
        code: 'resource-absent',
        message: 'Context demo does not serve Wizard (training.example/v1).',
        hint: 'Install the wizards.',
      },
    ]);
  });

  it('a namespace that is not there, with the command that makes it', async () => {
    const client = server.clientOf(token, { ...server.cluster, namespace: 'nowhere' });
    const [finding, ...others] = await look({ client });
    assert.deepEqual(others, []);
    assert.deepEqual([finding?.severity, finding?.code], ['error', 'namespace-missing']);
    assert.match(finding?.message ?? '', /nowhere .*context demo/);
    assert.match(finding?.hint ?? '', /kubectl --context demo create namespace nowhere/);
  });

  it('a secret that is not there or lacks its key, and none that is whole or may not be read', async () => {
    await server.make(Secrets, 'whole', {}, { data: { TOKEN: 'eA==' } });
    await server.make(Secrets, 'half', {}, { data: { OTHER: 'eA==' } });
    server.proxy.when(method('GET', /\/secrets\/hidden$/), refuse(403, 'Forbidden'));
    const secrets = ['whole', 'half', 'absent', 'hidden'].map((name) => ({ name, key: 'TOKEN' }));
    const findings = await look({ guide: { secrets } });
    assert.deepEqual(messages(findings), [
      'Secret half with key TOKEN is not there in demo/default: a gated model will not load.',
      'Secret absent with key TOKEN is not there in demo/default: a gated model will not load.',
    ]);
    assert.ok(findings.every(({ severity, code }) => severity === 'warning' && code === 'secret-missing'));
  });

  describe('for somebody who is granted little', () => {
    const denied = async (present: readonly KubeObject[] = []): Promise<readonly Finding[]> =>
      (await look({ client: server.clientOf(strangersToken), present })).filter(({ code }) => code === 'forbidden');

    it('each verb that applying will need, by kind: to create only what is not there', async () => {
      const all = await denied();
      assert.deepEqual(
        messages(all).find((message) => message.includes('leaderworkersets')),
        'You may not get and create and patch leaderworkersets.leaderworkerset.x-k8s.io in demo/default.',
      );
      // As many as there are kinds, though some kinds have several objects.
      assert.equal(all.length, new Set(objects.map(({ kind }) => kind)).size);
      assert.ok(all.every(({ severity, hint }) => severity === 'error' && hint.includes('administrator')));
      const again = await denied(objects);
      assert.deepEqual(
        messages(again).find((message) => message.includes('leaderworkersets')),
        'You may not get and patch leaderworkersets.leaderworkerset.x-k8s.io in demo/default.',
      );
    });
  });

  describe('of GPUs', () => {
    function report(free: number, holders: GpuNode['holders'] = []): GpuReport {
      const count = { allocatable: 32, requested: 32 - free, free };
      const node = {
        name: 'node-0',
        ready: true,
        schedulable: true,
        product: 'H200',
        resources: { [gpu]: count },
        topology: {},
      };
      return {
        nodes: [{ ...node, holders }],
        totals: { [gpu]: { ...count, unusable: 0, tainted: 0, pending: 0 } },
        warnings: [],
      };
    }
    const holder = (owner: string, count: number) => ({ namespace, pod: `${owner}-0`, owner, count });

    /** A LeaderWorkerSet or Deployment whose pods limit themselves to so many GPUs. */
    function workload(spec: object, kind = 'LeaderWorkerSet'): KubeObject {
      return {
        apiVersion: kind === 'Deployment' ? 'apps/v1' : 'leaderworkerset.x-k8s.io/v1',
        kind,
        metadata: { name: 'web', namespace },
        spec,
      };
    }
    const template = (count: number, resource = gpu): object => ({
      spec: {
        containers: [{ name: 'a', resources: { limits: { [resource]: String(count), cpu: '8' } } }, { name: 'b' }],
      },
    });

    async function wants(...wanted: readonly KubeObject[]): Promise<string | undefined> {
      const findings = await look({ wanted, gpus: report(0) });
      return /wants (.*?),/.exec(messages(findings).join())?.[1];
    }

    it('no lack while as many are free as it wants, and one as soon as one is not', async () => {
      assert.deepEqual(await look({ gpus: report(24) }), []);
      const [finding, ...others] = await look({ gpus: report(23) });
      assert.deepEqual(others, []);
      assert.deepEqual([finding?.severity, finding?.code], ['warning', 'capacity-missing']);
      assert.equal(
        finding?.message,
        'The deployment wants 24 nvidia.com/gpu, 23 are free in context demo: pods will wait.',
      );
    });

    it('no lack that is not known', async () => {
      assert.deepEqual(await look(), []);
    });

    it('none free of a kind that no node has', async () => {
      const [finding] = await look({ gpus: { nodes: [], totals: {}, warnings: [] } });
      assert.match(finding?.message ?? '', /wants 24 nvidia.com\/gpu, 0 are free/);
    });

    it('not those that an earlier deploy of the same name holds already', async () => {
      const [decode] = objects.filter(({ metadata }) => metadata.name === 'web-decode');
      assert.ok(decode);
      assert.deepEqual(await look({ present: [decode], gpus: report(8) }), []);
      assert.equal(
        (await look({ present: [decode], gpus: report(7) }))[0]?.message,
        'The deployment wants 8 more nvidia.com/gpu, 7 are free in context demo: pods will wait.',
      );
      assert.deepEqual(await look({ present: objects, gpus: report(0) }), []);
    });

    it('who holds them, the three who hold most', async () => {
      const holders = [holder('ann', 2), holder('bob', 8), holder('cat', 1), holder('dan', 3), holder('ann', 4)];
      const [finding] = await look({ gpus: report(4, holders) });
      assert.match(finding?.message ?? '', /context demo \(bob holds 8, ann holds 6, dan holds 3\): pods will wait/);
    });

    it('as many as groups, their sizes and their templates ask for', async () => {
      const group = { size: 4, workerTemplate: template(8) };
      assert.equal(await wants(workload({ leaderWorkerTemplate: { workerTemplate: template(8) } })), `8 ${gpu}`);
      assert.equal(await wants(workload({ leaderWorkerTemplate: group })), `32 ${gpu}`);
      assert.equal(await wants(workload({ replicas: 3, leaderWorkerTemplate: group })), `96 ${gpu}`);
      assert.equal(
        await wants(workload({ replicas: 2, leaderWorkerTemplate: { ...group, leaderTemplate: template(1) } })),
        `50 ${gpu}`,
      );
      assert.equal(await wants(workload({ replicas: 2, template: template(4) }, 'Deployment')), `8 ${gpu}`);
      assert.equal(
        await wants(
          workload({ leaderWorkerTemplate: group }),
          workload({ replicas: 2, template: template(4) }, 'Deployment'),
        ),
        `40 ${gpu}`,
      );
      assert.equal(await wants(workload({ replicas: 0, leaderWorkerTemplate: group })), undefined);
    });

    it('of every maker, each kind for itself, and nothing that is no GPU', async () => {
      const other = workload({ leaderWorkerTemplate: { size: 2, workerTemplate: template(4, 'amd.com/gpu') } });
      const findings = await look({ wanted: [...objects, other], gpus: report(0) });
      assert.deepEqual(
        messages(findings).map((message) => /wants (.*?),/.exec(message)?.[1]),
        ['24 nvidia.com/gpu', '8 amd.com/gpu'],
      );
      assert.equal(await wants(workload({ template: template(2, 'rdma/ib') }, 'Deployment')), undefined);
    });
  });
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { execa } from 'execa';
import { isObject } from '../../src/base/json.ts';
import { both, type Loose, type Server } from './support/both.ts';
import { root, sitDown } from './support/desk.ts';
import { idlePod, runningPod } from './support/objects.ts';

const patienceMs = 240_000;
const hostname = 'kubernetes.io/hostname';
const sets = 'leaderworkerset.x-k8s.io/v1';
const fieldManager = 'case';
const gpu = 'nvidia.com/gpu';
const gpus = (count: number): Record<string, unknown> => ({
  containers: [
    {
      name: 'main',
      image: 'registry.example/shell:1',
      command: ['sleep', 'infinity'],
      resources: { limits: { [gpu]: count } },
    },
  ],
});

/** The JSON of the built command line, without addresses; times and uids go when it is written down. */
async function llmdw(server: Server, ...args: string[]): Promise<Loose> {
  const { stdout } = await execa(
    process.execPath,
    [join(root, 'dist', 'llmdw.mjs'), ...args, '--json', '--namespace', server.namespace],
    {
      env: { KUBECONFIG: server.target.kubeconfigPath, LOGNAME: 'somebody', USER: 'somebody' },
      timeout: 60_000,
    },
  );
  return JSON.parse(stdout, (key, value: unknown) => (key === 'ip' && typeof value === 'string' ? '<ip>' : value));
}

/** The set with each pod of its group on a node of its own, so that no scheduler has a choice. */
function pinned(set: Loose, nodes: readonly string[]): Loose {
  const { leaderWorkerTemplate } = set.spec;
  const on = (template: Loose, node: string | undefined): Loose => ({
    ...template,
    spec: { ...template.spec, nodeSelector: { ...template.spec.nodeSelector, [hostname]: node } },
  });
  const leaderTemplate = on(leaderWorkerTemplate.leaderTemplate ?? leaderWorkerTemplate.workerTemplate, nodes[0]);
  return {
    ...set,
    spec: {
      ...set.spec,
      leaderWorkerTemplate: {
        ...leaderWorkerTemplate,
        leaderTemplate,
        workerTemplate: on(leaderWorkerTemplate.workerTemplate, nodes[1]),
      },
    },
  };
}

/** Pods of earlier cases that still end would hold GPUs. */
async function alone(server: Server): Promise<void> {
  await server.until('/api/v1/pods', ({ items }) =>
    items?.every(
      (pod: Loose) =>
        pod.metadata.namespace === server.namespace ||
        pod.spec.containers.every(({ resources }: Loose) => resources?.limits?.[gpu] === undefined),
    ),
  );
}

async function deploy(server: Server, nodes: readonly string[]): Promise<readonly string[]> {
  const desk = await sitDown(server);
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const { objects } = await desk.workbench.deployments.plan(
      { cluster: desk.cluster, guide: 'wide-ep', variant: 'coreweave', name: 'wide-ep', values: {} },
      signal,
    );
    const free = [...nodes];
    const names: string[] = [];
    for (const { object } of objects) {
      if (object.kind === 'ServiceAccount') await server.target.admin.apply(object, { fieldManager, signal });
      if (object.kind !== 'LeaderWorkerSet') continue;
      const { size = 1, workerTemplate } = (object as Loose).spec.leaderWorkerTemplate;
      assert.ok(isObject(workerTemplate));
      await server.target.admin.apply(pinned(object, free.splice(0, size)), { fieldManager, signal });
      names.push(object.metadata.name);
    }
    return names;
  } finally {
    await desk.close();
  }
}

describe('the command line on both servers', () => {
  both('reports the same nodes, GPUs and model servers', async (server) => {
    await alone(server);
    const { json } = await server.ask('GET', '/api/v1/nodes');
    const usable = json.items
      .filter(({ spec }: Loose) => spec.unschedulable !== true)
      .map(({ metadata }: Loose): string => metadata.labels[hostname]);
    server.note('an empty cluster', await llmdw(server, 'gpus'));
    for (const name of await deploy(server, usable))
      await server.until(server.path(`leaderworkersets/${name}`, sets), ({ status }) =>
        status?.conditions?.some((each: Loose) => each.type === 'Available' && each.status === 'True'),
      );
    await server.ask('POST', server.path('pods'), { body: idlePod('waits', gpus(4)) });
    await server.ask('POST', server.path('pods'), {
      body: runningPod(
        'ended',
        {
          restartPolicy: 'Never',
          nodeSelector: { [hostname]: usable[0] },
          containers: [{ name: 'main', image: 'registry.example/shell:1', command: ['false'] }],
        },
        { labels: { 'llm-d.ai/role': 'decode', 'llm-d.ai/inferenceServing': 'true', 'llm-d.ai/owner': 'another' } },
      ),
    });
    await server.until(server.path('pods/ended'), ({ status }) => status?.phase === 'Failed');
    await server.until(
      server.path('pods'),
      ({ items }) =>
        items?.filter(({ status }: Loose) =>
          status.conditions?.some((each: Loose) => each.type === 'Ready' && each.status === 'True'),
        ).length === usable.length,
    );
    const report = await llmdw(server, 'gpus');
    assert.equal(
      report.nodes.flatMap(({ holders }: Loose) => holders).length,
      usable.length,
      'every usable node is held by one pod',
    );
    server.note('gpus', report);
    const pods = await llmdw(server, 'pods');
    assert.ok(pods.deployments.length > 0);
    server.note('pods', pods);
    server.note('nodes', await llmdw(server, 'nodes'));
  }).timeout(patienceMs);
});

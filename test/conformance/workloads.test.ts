import { both, type Loose, type Server } from './support/both.ts';
import { deployment, idlePod, leaderWorkerSet, mergePatch, runningPod } from './support/objects.ts';

async function podUntil(server: Server, name: string, holds: (pod: Loose) => boolean): Promise<Loose> {
  return server.until(server.path(`pods/${name}`), (pod, status) => status === 200 && holds(pod));
}

async function text(
  server: Server,
  name: string,
  query: Record<string, string | number | boolean> = {},
): Promise<unknown> {
  const { status, json } = await server.ask('GET', server.path(`pods/${name}/log`), { query });
  return [status, json];
}

describe('workloads on both servers', () => {
  both('scale', async (server) => {
    const path = server.path('deployments/web', 'apps/v1');
    await server.ask('POST', server.path('deployments', 'apps/v1'), { body: deployment('web', { replicas: 0 }) });
    await server.until(path, (object) => object.status?.observedGeneration === 1);
    await server.send('GET', `${path}/scale`);
    const { status, json } = await server.ask('PATCH', `${path}/scale`, {
      contentType: mergePatch,
      body: { spec: { replicas: 1 } },
    });
    server.note('scaled', [status, json.kind, json.spec]);
    const negative = await server.ask('PATCH', `${path}/scale`, {
      contentType: mergePatch,
      body: { spec: { replicas: -1 } },
    });
    server.note('to less than nothing', negative);
    await server.send('GET', server.path('deployments/none/scale', 'apps/v1'));
    await server.until(server.path('pods'), (list) => list.items?.length === 1);
    const sets = server.path('leaderworkersets', 'leaderworkerset.x-k8s.io/v1');
    await server.ask('POST', sets, { body: leaderWorkerSet('lws', { replicas: 0 }) });
    const scale = await server.ask('PATCH', `${sets}/lws/scale`, {
      contentType: mergePatch,
      body: { spec: { replicas: 0 } },
    });
    server.note('the scale of a set', [scale.status, scale.json.apiVersion, scale.json.kind, scale.json.spec]);
  });

  both('run a pod to its end', async (server) => {
    await server.ask('POST', server.path('pods'), {
      body: runningPod('task', {
        restartPolicy: 'Never',
        containers: [
          { name: 'main', image: 'registry.example/shell:1', command: ['sh', '-c', 'echo one; echo two >&2; exit 3'] },
        ],
      }),
    });
    const pod = await podUntil(server, 'task', ({ status }) => status?.phase === 'Failed');
    const { conditions, containerStatuses, phase, qosClass } = pod.status;
    server.note('its end', {
      phase,
      qosClass,
      conditions: conditions.map((each: Loose) => [each.type, each.status, each.reason]).toSorted(),
      state: containerStatuses[0].state.terminated.exitCode,
      reason: containerStatuses[0].state.terminated.reason,
      restarts: containerStatuses[0].restartCount,
    });
  });

  both('log', async (server) => {
    await server.ask('POST', server.path('pods'), {
      body: runningPod('two', {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'a',
            image: 'registry.example/shell:1',
            command: ['sh', '-c', 'for i in 1 2 3; do echo line $i; done'],
          },
          { name: 'b', image: 'registry.example/shell:1', command: ['echo', 'from b'] },
        ],
      }),
    });
    await podUntil(server, 'two', ({ status }) => status?.phase === 'Succeeded');
    server.note('of a container', await text(server, 'two', { container: 'a' }));
    server.note('its tail', await text(server, 'two', { container: 'a', tailLines: 1 }));
    server.note('a few bytes', await text(server, 'two', { container: 'a', limitBytes: 8 }));
    server.note('with times', await text(server, 'two', { container: 'b', timestamps: true }));
    server.note('followed', await text(server, 'two', { container: 'b', follow: true }));
    server.note('of which container', await text(server, 'two'));
    server.note('of no container', await text(server, 'two', { container: 'none' }));
    server.note('of before', await text(server, 'two', { container: 'a', previous: true }));
    server.note('of no pod', await text(server, 'none'));
    server.note('a negative tail', await text(server, 'two', { container: 'a', tailLines: -1 }));
    server.note(
      'two beginnings',
      await text(server, 'two', { container: 'a', sinceSeconds: 5, sinceTime: '2026-01-01T00:00:00Z' }),
    );
    await server.ask('POST', server.path('pods'), { body: idlePod('waiting') });
    server.note('of a pod that waits', await text(server, 'waiting'));
  });

  both('log what was before, since a time, and to the end', async (server) => {
    const crashing =
      'if [ -f /data/seen ]; then echo second; until [ -f /data/go ]; do sleep 0.05; done; echo last; exit 0; else touch /data/seen; echo first; exit 2; fi';
    await server.ask('POST', server.path('pods'), {
      body: runningPod('again', {
        restartPolicy: 'OnFailure',
        volumes: [{ name: 'data', emptyDir: {} }],
        containers: [
          {
            name: 'main',
            image: 'registry.example/shell:1',
            command: ['sh', '-c', crashing],
            volumeMounts: [{ name: 'data', mountPath: '/data' }],
          },
        ],
      }),
    });
    await podUntil(
      server,
      'again',
      ({ status }) =>
        status?.containerStatuses?.[0].restartCount === 1 && status.containerStatuses[0].state.running !== undefined,
    );
    await server.until(server.path('pods/again/log'), (json) => json === 'second\n');
    server.note('of now', await text(server, 'again'));
    server.note('of before', await text(server, 'again', { previous: true }));
    const [, stamped] = (await text(server, 'again', { timestamps: true })) as [number, string];
    const time = stamped.split(' ')[0] ?? '';
    server.note('since its time', await text(server, 'again', { sinceTime: `${time.slice(0, 19)}Z` }));
    server.note('since later', await text(server, 'again', { sinceTime: '2100-01-01T00:00:00Z' }));
    server.note('since no time', await text(server, 'again', { sinceTime: 'yesterday' }));
    server.note('of an hour', await text(server, 'again', { sinceSeconds: 3600 }));
    server.note('of no seconds', await text(server, 'again', { sinceSeconds: 0 }));
    server.note('no lines', await text(server, 'again', { tailLines: 0 }));
    server.note('no bytes', await text(server, 'again', { limitBytes: 0 }));
    server.note('a wrong number', await text(server, 'again', { tailLines: 'x' }));
    server.note('a stream alone', await text(server, 'again', { stream: 'Stderr' }));
    server.note('a stream that is none', await text(server, 'again', { stream: 'Stdin' }));
    const followed = text(server, 'again', { follow: true });
    await server.target.admin.execOutput({
      namespace: server.namespace,
      pod: 'again',
      command: ['touch', '/data/go'],
      signal: AbortSignal.timeout(20_000),
    });
    server.note('followed to its end', await followed);
    await podUntil(server, 'again', ({ status }) => status?.phase === 'Succeeded');
    server.note('after its end', await text(server, 'again', { follow: true, tailLines: 1 }));
  });

  both('run commands and say how they ended', async (server) => {
    await server.ask('POST', server.path('pods'), { body: runningPod('shell') });
    await podUntil(server, 'shell', ({ status }) => status?.phase === 'Running');
    const run = async (...command: string[]): Promise<void> => {
      const { exitCode, stdout, stderr } = await server.target.admin.execOutput({
        namespace: server.namespace,
        pod: 'shell',
        command,
        signal: AbortSignal.timeout(20_000),
      });
      server.note(command.join(' '), [exitCode, stdout.toString(), stderr]);
    };
    await run('echo', 'hello');
    await run('sh', '-c', 'echo out; echo err >&2; exit 7');
    await server.send('GET', server.path('pods/shell/exec'), { query: { command: 'true', stdout: true } });
    await server.send('GET', server.path('pods/none/exec'), { query: { command: 'true', stdout: true } });
    await server.send('GET', server.path('pods/shell/exec'), {
      query: { command: 'true', stdout: true, container: 'none' },
    });
  });

  both('run jobs', async (server) => {
    const path = server.path('jobs/bench', 'batch/v1');
    const job = (name: string, command: string[], extra: Record<string, unknown> = {}): unknown => ({
      metadata: { name },
      spec: {
        backoffLimit: 0,
        template: {
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example/shell:1', command }] },
        },
        ...extra,
      },
    });
    await server.ask('POST', server.path('jobs', 'batch/v1'), { body: job('bench', ['true']) });
    const done = await server.until(path, ({ status }) =>
      status?.conditions?.some((each: Loose) => each.type === 'Complete' && each.status === 'True'),
    );
    server.note('its end', {
      succeeded: done.status.succeeded,
      conditions: done.status.conditions.map((each: Loose) => [each.type, each.status, each.reason]).toSorted(),
      selector: done.spec.selector,
      labels: done.spec.template.metadata.labels,
    });
    await server.ask('POST', server.path('jobs', 'batch/v1'), { body: job('broken', ['false']) });
    const failed = await server.until(server.path('jobs/broken', 'batch/v1'), ({ status }) =>
      status?.conditions?.some((each: Loose) => each.type === 'Failed'),
    );
    server.note('a failure', {
      failed: failed.status.failed,
      conditions: failed.status.conditions
        .map((each: Loose) => [each.type, each.status, each.reason, each.message])
        .toSorted(),
    });
    const { json: pods } = await server.ask('GET', server.path('pods'), {
      query: { labelSelector: 'batch.kubernetes.io/job-name=bench' },
    });
    server.note(
      'its pods',
      pods.items.map((pod: Loose) => ({
        labels: pod.metadata.labels,
        finalizers: pod.metadata.finalizers,
        owner: pod.metadata.ownerReferences,
      })),
    );
  });

  both('roll out deployments', async (server) => {
    const path = server.path('deployments/web', 'apps/v1');
    const sleeping = { image: 'registry.example/shell:1', command: ['sleep', 'infinity'] };
    const body = deployment('web', {}, sleeping) as Loose;
    delete body.spec.template.spec.schedulerName;
    body.spec.template.spec.terminationGracePeriodSeconds = 1;
    await server.ask('POST', server.path('deployments', 'apps/v1'), { body });
    const status = (object: Loose): unknown => {
      // How many still end is a matter of the moment.
      const { conditions, terminatingReplicas: _ending, ...counts } = object.status;
      return {
        ...counts,
        conditions: conditions.map((each: Loose) => [each.type, each.status, each.reason]).toSorted(),
      };
    };
    const rolled = ({ status: now, metadata }: Loose): boolean =>
      now?.observedGeneration === metadata?.generation &&
      now?.updatedReplicas === 2 &&
      now?.readyReplicas === 2 &&
      now?.replicas === 2 &&
      now.conditions.some((each: Loose) => each.reason === 'NewReplicaSetAvailable');
    server.note('available', status(await server.until(path, rolled)));
    await server.ask('PATCH', path, {
      contentType: 'application/strategic-merge-patch+json',
      body: { spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: '1' }] }] } } } },
    });
    server.note('rolled', status(await server.until(path, rolled)));
    const { json: sets } = await server.ask('GET', server.path('replicasets', 'apps/v1'));
    server.note(
      'its sets',
      sets.items
        .map((set: Loose) => ({
          revision: set.metadata.annotations['deployment.kubernetes.io/revision'],
          desired: set.metadata.annotations['deployment.kubernetes.io/desired-replicas'],
          replicas: set.spec.replicas,
        }))
        .toSorted((a: Loose, b: Loose) => a.revision - b.revision),
    );
  });
});

import assert from 'node:assert/strict';
import { at, stringAt } from '../../../src/base/json.ts';
import type { ContainerProgram } from '../../../src/demo/nodes/types.ts';
import { execWebSocket, exitCode } from '../../support/remote-command.ts';
import { conditionOf, containerOf, isReady, NodesUnderTest, phaseIs } from '../../support/demo-nodes.ts';

const forever = { image: 'poker:1', command: ['sleep', 'infinity'] };

describe('pod lifecycle on a node', () => {
  let nodes: NodesUnderTest;
  before(async () => {
    nodes = await NodesUnderTest.start();
  });
  after(() => nodes.stop());

  it('registers the node with GPUs, addresses, conditions and a lease', async () => {
    const node = nodes.api.get('nodes', nodes.nodeName)!;
    assert.equal(at(node, 'status', 'allocatable', 'nvidia.com/gpu'), '8');
    assert.equal(node.metadata.labels!['gpu.nvidia.com/model'], 'H200');
    assert.equal(conditionOf(node, 'Ready'), 'True');
    assert.ok(nodes.api.get('leases', `kube-node-lease/${nodes.nodeName}`));
    assert.equal(await (await fetch(`http://${nodes.kubelet}/healthz`)).text(), 'ok');
  });

  it('brings a pod to Ready with the events of a kubelet', async () => {
    nodes.run('plain', { containers: [{ name: 'main', ...forever }] });
    const pod = await nodes.until('plain', isReady);
    assert.equal(stringAt(pod, 'status', 'phase'), 'Running');
    assert.match(stringAt(pod, 'status', 'podIP') ?? '', /^10\.244\.1\.\d+$/);
    for (const type of ['PodReadyToStartContainers', 'Initialized', 'ContainersReady', 'PodScheduled'])
      assert.equal(conditionOf(pod, type), 'True', type);
    assert.equal(at(containerOf(pod), 'ready'), true);
    assert.equal(at(containerOf(pod), 'started'), true);
    assert.match(stringAt(containerOf(pod), 'imageID') ?? '', /^poker@sha256:[0-9a-f]{64}$/);
    assert.match(stringAt(containerOf(pod), 'containerID') ?? '', /^containerd:\/\/[0-9a-f]{64}$/);
    await nodes.until('plain', () => nodes.events('plain').length === 4);
    assert.deepEqual(
      nodes.events('plain').map((event) => event.replace(/ in .*/, '')),
      [
        'Pulling: Pulling image "poker:1"',
        'Pulled: Successfully pulled image "poker:1"',
        'Created: Created container: main',
        'Started: Started container main',
      ],
    );
  });

  it('runs init containers in order, then sidecars, before the main containers', async () => {
    nodes.run('init', {
      volumes: [{ name: 'work', emptyDir: {} }],
      initContainers: [
        {
          name: 'first',
          image: 'poker:1',
          command: ['sh', '-c', 'echo first >> /work/order'],
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        },
        {
          name: 'proxy',
          image: 'poker:1',
          command: ['sh', '-c', 'echo proxy >> /work/order; sleep infinity'],
          restartPolicy: 'Always',
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        },
        {
          name: 'second',
          image: 'poker:1',
          command: ['sh', '-c', 'sleep 0.05; echo second >> /work/order'],
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        },
      ],
      containers: [
        {
          name: 'main',
          image: 'poker:1',
          command: ['sh', '-c', 'cat /work/order; sleep infinity'],
          volumeMounts: [{ name: 'work', mountPath: '/work' }],
        },
      ],
    });
    const pod = await nodes.until('init', isReady);
    assert.deepEqual((await nodes.logs('init')).text.split('\n'), ['first', 'proxy', 'second', '']);
    assert.equal(at(containerOf(pod, 'first'), 'state', 'terminated', 'reason'), 'Completed');
    assert.ok(at(containerOf(pod, 'proxy'), 'state', 'running'));
  });

  it('ends a pod that is not restarted as Succeeded or Failed', async () => {
    nodes.run('good', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'poker:1', command: ['sh', '-c', 'echo done'] }],
    });
    nodes.run('bad', {
      restartPolicy: 'Never',
      containers: [{ name: 'main', image: 'poker:1', command: ['sh', '-c', 'exit 3'] }],
    });
    const good = await nodes.until('good', phaseIs('Succeeded'));
    assert.equal(at(containerOf(good), 'state', 'terminated', 'exitCode'), 0);
    assert.equal(conditionOf(good, 'Ready'), 'False');
    const bad = await nodes.until('bad', phaseIs('Failed'));
    assert.equal(at(containerOf(bad), 'state', 'terminated', 'exitCode'), 3);
    assert.equal(at(containerOf(bad), 'state', 'terminated', 'reason'), 'Error');
  });

  it('restarts with back-off and keeps the log before', async () => {
    nodes.run('crash', {
      containers: [{ name: 'main', image: 'poker:1', command: ['sh', '-c', 'echo run $RANDOM; exit 1'] }],
    });
    const pod = await nodes.until(
      'crash',
      (now) =>
        at(containerOf(now), 'state', 'waiting', 'reason') === 'CrashLoopBackOff' &&
        Number(at(containerOf(now), 'restartCount')) >= 1,
    );
    assert.match(
      stringAt(containerOf(pod), 'state', 'waiting', 'message') ?? '',
      /^back-off \d+m?\d*s? restarting failed container=main pod=crash_lab\(.+\)$/,
    );
    assert.equal(at(containerOf(pod), 'lastState', 'terminated', 'exitCode'), 1);
    assert.match((await nodes.logs('crash', 'previous=true')).text, /^run \d+\n$/);
    assert.ok(
      nodes.events('crash').some((event) => event.startsWith('BackOff: Back-off restarting failed container main')),
    );
  });

  it('waits for a missing secret with the words of a kubelet, and goes on when it is there', async () => {
    nodes.run('needs', {
      containers: [
        {
          name: 'main',
          ...forever,
          env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'hf', key: 'HF_TOKEN' } } }],
        },
      ],
    });
    const waiting = await nodes.until(
      'needs',
      (pod) => at(containerOf(pod), 'state', 'waiting', 'reason') === 'CreateContainerConfigError',
    );
    assert.equal(at(containerOf(waiting), 'state', 'waiting', 'message'), 'secret "hf" not found');
    nodes.api.put('secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hf', namespace: 'lab' },
      data: { HF_TOKEN: Buffer.from('abc').toString('base64') },
    });
    await nodes.until('needs', isReady);
  });

  it('gives containers their environment, files and downward fields', async () => {
    nodes.api.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'conf', namespace: 'lab' },
      data: { 'a.yaml': 'a: 1\n', MODE: 'fast' },
    });
    nodes.run('env', {
      volumes: [{ name: 'conf', configMap: { name: 'conf' } }],
      containers: [
        {
          name: 'main',
          image: 'poker:1',
          command: ['sh', '-c', 'echo "$POD $IP $ALL $CPUS $MODE"; cat /conf/a.yaml; echo $(NAME); sleep infinity'],
          env: [
            { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'NAME', value: 'expanded' },
            { name: 'ALL', value: '$(POD)-$(NAME)-$$(NAME)' },
            { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
          ],
          envFrom: [{ configMapRef: { name: 'conf' } }],
          resources: { limits: { cpu: '3500m' } },
          volumeMounts: [{ name: 'conf', mountPath: '/conf' }],
        },
      ],
    });
    const pod = await nodes.until('env', isReady);
    assert.deepEqual((await nodes.logs('env')).text.split('\n'), [
      `env ${stringAt(pod, 'status', 'podIP')} env-expanded-$(NAME) 4 fast`,
      'a: 1',
      'expanded',
      '',
    ]);
  });

  it('probes over the pod network before it calls a container ready', async () => {
    nodes.run('web', {
      containers: [
        {
          name: 'main',
          image: 'nginx:1',
          ports: [{ name: 'http', containerPort: 8080 }],
          startupProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
          readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
        },
      ],
    });
    await nodes.until('web', isReady);
    nodes.run('deaf', {
      containers: [
        { name: 'main', ...forever, readinessProbe: { httpGet: { path: '/health', port: 8000 }, periodSeconds: 1 } },
      ],
    });
    const ip = (): string => stringAt(nodes.api.get('pods', 'lab/deaf'), 'status', 'podIP') ?? '';
    await nodes.until('deaf', () =>
      nodes
        .events('deaf')
        .some(
          (event) =>
            event ===
            `Unhealthy: Readiness probe failed: Get "http://${ip()}:8000/health": dial tcp ${ip()}:8000: connect: connection refused`,
        ),
    );
    assert.equal(conditionOf(nodes.api.get('pods', 'lab/deaf')!, 'Ready'), 'False');
  });

  it('restarts a container whose liveness probe fails', async () => {
    nodes.run('sick', {
      containers: [
        {
          name: 'main',
          ...forever,
          livenessProbe: { exec: { command: ['test', '-f', '/alive'] }, periodSeconds: 1, failureThreshold: 2 },
        },
      ],
    });
    await nodes.until('sick', (pod) => Number(at(containerOf(pod), 'restartCount')) > 0);
    assert.ok(nodes.events('sick').includes('Killing: Container main failed liveness probe, will be restarted'));
  });

  it('ends a deleted pod gracefully, hook first, and takes it out of the API', async () => {
    nodes.run('leave', {
      volumes: [{ name: 'host', hostPath: { path: '/mnt/local' } }],
      containers: [
        {
          name: 'main',
          ...forever,
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
          lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo bye > /host/bye'] } } },
        },
      ],
    });
    await nodes.until('leave', isReady);
    nodes.api.deletePod('lab', 'leave');
    await nodes.untilGone('leave');
    assert.ok(nodes.events('leave').includes('Killing: Stopping container main'));
    nodes.run('after', {
      restartPolicy: 'Never',
      volumes: [{ name: 'host', hostPath: { path: '/mnt/local' } }],
      containers: [
        {
          name: 'main',
          image: 'poker:1',
          command: ['cat', '/host/bye'],
          volumeMounts: [{ name: 'host', mountPath: '/host' }],
        },
      ],
    });
    await nodes.until('after', phaseIs('Succeeded'));
    assert.equal((await nodes.logs('after')).text, 'bye\n');
  });

  it('kills what ignores its termination when the grace period is over', async () => {
    const stubborn: ContainerProgram = {
      name: 'stubborn',
      matches: ({ image }) => image === 'stubborn',
      run: () => new Promise(() => {}),
    };
    const other = await NodesUnderTest.start({ programs: () => [stubborn] });
    try {
      other.run('deaf', { containers: [{ name: 'main', image: 'stubborn' }] });
      await other.until('deaf', isReady);
      other.api.deletePod('lab', 'deaf', 0.05);
      await other.untilGone('deaf');
      const last = other.api.statuses.at(-1);
      assert.equal(at((at(last, 'containerStatuses') as unknown[])[0], 'state', 'terminated', 'exitCode'), 137);
    } finally {
      other.stop();
    }
  });
});

describe('faults', () => {
  const start = async (fault: string): Promise<NodesUnderTest> => {
    const nodes = await NodesUnderTest.start();
    nodes.run('pod', { containers: [{ name: 'main', ...forever }] }, { annotations: { 'demo.llm-d/fault': fault } });
    return nodes;
  };

  it('image-pull: ErrImagePull, then ImagePullBackOff', async () => {
    const nodes = await start('image-pull');
    try {
      await nodes.until('pod', (pod) => at(containerOf(pod), 'state', 'waiting', 'reason') === 'ErrImagePull');
      await nodes.until('pod', (pod) => at(containerOf(pod), 'state', 'waiting', 'reason') === 'ImagePullBackOff');
      assert.ok(nodes.events('pod').includes('Failed: Error: ErrImagePull'));
    } finally {
      nodes.stop();
    }
  });

  it('crash-oom: OOMKilled', async () => {
    const nodes = await start('crash-oom');
    try {
      const pod = await nodes.until(
        'pod',
        (now) => at(containerOf(now), 'lastState', 'terminated', 'reason') === 'OOMKilled',
      );
      assert.equal(at(containerOf(pod), 'lastState', 'terminated', 'exitCode'), 137);
    } finally {
      nodes.stop();
    }
  });

  it('crash-once: one restart, then it runs', async () => {
    const nodes = await start('crash-once');
    try {
      const pod = await nodes.until('pod', (now) => isReady(now) && at(containerOf(now), 'restartCount') === 1);
      assert.equal(at(containerOf(pod), 'lastState', 'terminated', 'exitCode'), 1);
    } finally {
      nodes.stop();
    }
  });

  it('evict: Failed with the reason Evicted', async () => {
    const nodes = await start('evict');
    try {
      const pod = await nodes.until('pod', phaseIs('Failed'));
      assert.equal(stringAt(pod, 'status', 'reason'), 'Evicted');
    } finally {
      nodes.stop();
    }
  });

  it('act on a pod that runs when they are annotated', async () => {
    const nodes = await NodesUnderTest.start();
    try {
      for (const name of ['oom', 'evicted']) nodes.run(name, { containers: [{ name: 'main', ...forever }] });
      for (const [name, fault] of [
        ['oom', 'crash-oom'],
        ['evicted', 'evict'],
      ] as const) {
        const pod = await nodes.until(name, isReady);
        nodes.api.put('pods', { ...pod, metadata: { ...pod.metadata, annotations: { 'demo.llm-d/fault': fault } } });
      }
      await nodes.until('oom', (pod) => at(containerOf(pod), 'lastState', 'terminated', 'reason') === 'OOMKilled');
      await nodes.until('evicted', (pod) => stringAt(pod, 'status', 'reason') === 'Evicted');
    } finally {
      nodes.stop();
    }
  });

  it('exec-cut: the connection breaks in the middle, without a status', async () => {
    const nodes = await start('exec-cut');
    try {
      await nodes.until('pod', isReady);
      const cut = await execWebSocket(nodes.kubelet, 'pod', ['head', '-c', '1000000', '/dev/zero']);
      assert.equal(cut.status, undefined);
      assert.equal(cut.closeCode, 1006);
      assert.ok(cut.stdout.length <= 65_536);
      assert.equal(exitCode(await execWebSocket(nodes.kubelet, 'pod', ['echo', 'short'])), 0);
    } finally {
      nodes.stop();
    }
  });

  it('given at the start, apply to pods with GPUs only', async () => {
    const nodes = await NodesUnderTest.start({ faults: ['crash-once'] });
    try {
      nodes.run('gpu', {
        containers: [{ name: 'main', ...forever, resources: { limits: { 'nvidia.com/gpu': '8' } } }],
      });
      nodes.run('cpu', { containers: [{ name: 'main', ...forever }] });
      await nodes.until('gpu', (pod) => isReady(pod) && at(containerOf(pod), 'restartCount') === 1);
      const cpu = await nodes.until('cpu', isReady);
      assert.equal(at(containerOf(cpu), 'restartCount'), 0);
    } finally {
      nodes.stop();
    }
  });
});

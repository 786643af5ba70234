import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { poll, sleep, systemClock } from '../../../../src/base/clock.ts';
import type { Disposable } from '../../../../src/base/disposables.ts';
import { arrayAt, stringAt } from '../../../../src/base/json.ts';
import { labels } from '../../../../src/base/labels.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { MemoryStore } from '../../../../src/base/store.ts';
import { startDemoCluster, type DemoCluster } from '../../../../src/demo/cluster.ts';
import { createInventory } from '../../../../src/inventory/inventory.ts';
import { LiveBook, type RankColumn } from '../../../../src/inventory/live/book.ts';
import { chartOf } from '../../../../src/inventory/live/chart.ts';
import { createLiveFigures } from '../../../../src/inventory/live/live-figures.ts';
import { readMetrics } from '../../../../src/inventory/live/prometheus-text.ts';
import { ApiProxyRoute, PortForwardRoute } from '../../../../src/inventory/live/routes.ts';
import { Scraper } from '../../../../src/inventory/live/scraper.ts';
import { metricsTargets } from '../../../../src/inventory/live/targets.ts';
import { totalsOf } from '../../../../src/inventory/live/totals.ts';
import type { LiveFigures, LiveSnapshot, RankFigures } from '../../../../src/inventory/live/types.ts';
import type { Inventory } from '../../../../src/inventory/types.ts';
import { createContexts } from '../../../../src/kube/login/contexts.ts';
import { podHttp } from '../../../../src/kube/streams/pod-http.ts';
import { Pods } from '../../../../src/kube/resources.ts';
import type { ClusterRef, KubeClient } from '../../../../src/kube/types.ts';
import type { Contexts } from '../../../../src/kube/login/types.ts';
import type { KubeObject } from '../../../../src/kube/model/types.ts';

const MODEL = 'Qwen/Qwen3-0.6B';
const POD = 'ms-demo-decode-0';
const PORT = 8000;
const GENERATED = 'vllm:generation_tokens_total';

/** Real engines of the demo, asked over a real API server: what is shown is what the servers counted. */
describe('live figures of a demo engine under load', () => {
  const ending = new AbortController();
  const { signal } = ending;
  const store = new MemoryStore();
  let folder: string;
  let demo: DemoCluster;
  let contexts: Contexts;
  let cluster: ClusterRef;
  let client: KubeClient;
  let inventory: Inventory;
  let live: LiveFigures;
  let enabled = false;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-live-'));
    const kubeconfigPath = join(folder, 'kubeconfig');
    demo = await startDemoCluster({ port: 0, kubeconfigPath, speed: 50, faults: [], logger: silentLogger, signal });
    contexts = createContexts({
      env: { KUBECONFIG: kubeconfigPath },
      home: folder,
      folder: () => folder,
      store,
      clock: systemClock,
      logger: silentLogger,
    });
    const current = await contexts.current();
    assert.ok(current);
    cluster = current;
    client = await contexts.client(cluster);
    inventory = createInventory({ contexts, clock: systemClock, logger: silentLogger });
    live = createLiveFigures({
      inventory,
      contexts,
      owner: 'lab',
      settings: () => ({ enabled, intervalMs: 200 }),
      store,
      clock: systemClock,
      logger: silentLogger,
    });
    await client.create(Pods, serverPod(cluster.namespace), signal);
    await poll(systemClock, 50, signal, async () => {
      const pod = await client.get(Pods, cluster.namespace, POD, signal);
      return (
        arrayAt(pod, 'status', 'conditions').some(
          (condition) => stringAt(condition, 'type') === 'Ready' && stringAt(condition, 'status') === 'True',
        ) || undefined
      );
    });
  });

  after(async () => {
    ending.abort();
    live.dispose();
    inventory.dispose();
    contexts.dispose();
    await demo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** What the server itself has counted, over its engines. */
  async function counted(name: string): Promise<number> {
    const { body } = await podHttp(client, {
      namespace: cluster.namespace,
      pod: POD,
      port: PORT,
      path: '/metrics',
      timeoutMs: 5000,
      signal,
    });
    return readMetrics(body, (found) => found === name).samples.reduce((sum, { value }) => sum + value, 0);
  }

  async function complete(prompt: string, maxTokens: number): Promise<void> {
    const forward = await client.portForward(cluster.namespace, POD, PORT, signal);
    try {
      const outgoing = request({
        createConnection: () => forward.connect(),
        host: POD,
        path: '/v1/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        signal,
      });
      outgoing.end(JSON.stringify({ model: MODEL, prompt, max_tokens: maxTokens, ignore_eos: true }));
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      assert.equal(response.statusCode, 200, await text(response));
    } finally {
      forward.dispose();
    }
  }

  /** A kubeconfig of a service account with these rights in the namespace. */
  async function restricted(name: string, rules: readonly object[]): Promise<string> {
    const { namespace } = cluster;
    const make = (path: string, kind: string, apiVersion: string, rest: object): Promise<unknown> =>
      client.json({
        method: 'POST',
        path: `${path}/namespaces/${namespace}/${kind.toLowerCase()}s`,
        body: { apiVersion, kind, metadata: { name, namespace }, ...rest },
        signal,
      });
    const rbac = ['/apis/rbac.authorization.k8s.io/v1', 'rbac.authorization.k8s.io/v1'] as const;
    await make('/api/v1', 'ServiceAccount', 'v1', {});
    await make(rbac[0], 'Role', rbac[1], { rules });
    await make(rbac[0], 'RoleBinding', rbac[1], {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    });
    const issued = await client.json<{ readonly status: { readonly token: string } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
      signal,
    });
    const config = JSON.parse(await readFile(demo.kubeconfigPath, 'utf8')) as {
      users: readonly { readonly name: string }[];
    };
    const path = join(folder, `${name}.kubeconfig`);
    await writeFile(
      path,
      JSON.stringify({
        ...config,
        users: config.users.map((user) => ({ ...user, user: { token: issued.status.token } })),
      }),
    );
    return path;
  }

  function until(holds: (snapshot: LiveSnapshot) => boolean): Promise<LiveSnapshot> {
    return poll(systemClock, 20, signal, () => Promise.resolve(holds(live.snapshot) ? live.snapshot : undefined));
  }

  function ranksOf(snapshot: LiveSnapshot): readonly RankFigures[] {
    return snapshot.pods.get(`${cluster.namespace}/${POD}`)?.ranks ?? [];
  }

  it('asks nothing while it is switched off, whoever looks', async () => {
    const lease = live.lease();
    await inventory.whenComplete(signal);
    assert.equal(live.snapshot.state.kind, 'off');
    lease.dispose();
  });

  for (const way of [ApiProxyRoute, PortForwardRoute]) {
    it(`adds up to the very tokens that the server counted, by ${way.name}`, async () => {
      const route = new way(client);
      const scraper = new Scraper({
        routes: [route],
        remembered: undefined,
        remember: () => undefined,
        intervalMs: 5000,
        timeoutMs: 10_000,
        clock: systemClock,
      });
      const book = new LiveBook(5000);
      const targets = metricsTargets(await inventory.whenComplete(signal), 'lab');
      const round = async (): Promise<void> => {
        await sleep(systemClock, 100, signal);
        book.enter(await scraper.round(targets, signal), Date.now());
      };
      try {
        await round();
        const before = await counted(GENERATED);
        const load = Promise.all(
          Array.from({ length: 8 }, (_, index) => complete(`load number ${index} `.repeat(20), 200)),
        ).then(() => true);
        let during = 0;
        while ((await Promise.race([load, round()])) !== true) during += 1;
        await round();
        const tokens = (await counted(GENERATED)) - before;
        assert.equal(tokens, 8 * 200);
        assert.ok(during > 0, 'rounds in the middle of the load');
        const total = (column: RankColumn): number =>
          book.rankLines.reduce((sum, { id }) => sum + book.ranks.sum(id, column, -Infinity), 0);
        assert.equal(total('generated'), tokens);
        const { lines, times } = chartOf(book, 'role');
        assert.deepEqual(
          lines.map(({ label }) => label),
          ['decode'],
        );
        assert.equal(lines[0]?.figures.generationRate.length, times.length);
        // Each engine is asked at the same moments, so the sum of their rates is the tokens over that time.
        const seconds = total('seconds') / book.rankLines.length;
        const shown = totalsOf(book.pods.get(`${cluster.namespace}/${POD}`)?.ranks ?? []).generationRate ?? NaN;
        assert.ok(
          Math.abs(shown - tokens / seconds) < 1e-6 * shown,
          `${shown} tok/s, ${tokens / seconds} by the server's own count`,
        );
      } finally {
        scraper.dispose();
      }
    });
  }

  it('goes through port-forwards where the role has no right to the proxy, and says what is missing where it has neither', async () => {
    const own = new MemoryStore();
    const looker = await restricted('looker', [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    ]);
    const forwarder = await restricted('forwarder', [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
    ]);
    const states: string[] = [];
    for (const user of [looker, forwarder]) {
      const theirs = createContexts({
        env: { KUBECONFIG: user },
        home: folder,
        folder: () => folder,
        store: new MemoryStore(),
        clock: systemClock,
        logger: silentLogger,
      });
      const seen = createInventory({ contexts: theirs, clock: systemClock, logger: silentLogger });
      const figures = createLiveFigures({
        inventory: seen,
        contexts: theirs,
        owner: 'lab',
        settings: () => ({ enabled: true, intervalMs: 200 }),
        store: own,
        clock: systemClock,
        logger: silentLogger,
      });
      const lease = figures.lease();
      const state = await poll(systemClock, 20, signal, () =>
        Promise.resolve(figures.snapshot.state.kind === 'starting' ? undefined : figures.snapshot.state),
      );
      states.push(
        state.kind === 'failed'
          ? `${state.error.code}: ${state.error.hint ?? ''}`
          : `${state.kind} ${figures.snapshot.pods.get(`${cluster.namespace}/${POD}`)?.route ?? ''}`,
      );
      lease.dispose();
      figures.dispose();
      seen.dispose();
      theirs.dispose();
    }
    assert.deepEqual(states, [
      "forbidden: Ask the cluster's administrator for get on pods/proxy or get and create on pods/portforward.",
      'running port-forward',
    ]);
    assert.equal(own.get(`liveFigures.route/${cluster.server}`), 'port-forward');
  });

  describe('switched on', () => {
    let lease: Disposable;

    before(() => {
      enabled = true;
      live.reconfigure();
      lease = live.lease();
    });
    after(() => lease.dispose());

    it('finds both engines behind the one API server, and remembers the way', async () => {
      const snapshot = await until((found) => ranksOf(found).length === 2);
      assert.deepEqual(
        ranksOf(snapshot).map(({ engine, running, waiting, kvCacheUse }) => ({ engine, running, waiting, kvCacheUse })),
        [
          { engine: '0', running: 0, waiting: 0, kvCacheUse: 0 },
          { engine: '1', running: 0, waiting: 0, kvCacheUse: 0 },
        ],
      );
      assert.equal(store.get(`liveFigures.route/${cluster.server}`), 'api-proxy');
    });

    it('tells running requests and cache while they run, and prefix hits of a repeated prompt', async () => {
      const prompt = 'the same long prompt again and again '.repeat(60);
      await complete(prompt, 1);
      const long = complete(prompt, 1500);
      const busy = await until(
        (found) => (totalsOf(ranksOf(found)).running ?? 0) > 0 && (totalsOf(ranksOf(found)).kvCachePeak ?? 0) > 0,
      );
      assert.equal(totalsOf(ranksOf(busy)).running, 1);
      await long;
      for (let again = 0; again < 6; again += 1) await complete(prompt, 1);
      const idle = await until(
        (found) => totalsOf(ranksOf(found)).running === 0 && (totalsOf(ranksOf(found)).prefixHitRate ?? 0) > 0,
      );
      const share = totalsOf(ranksOf(idle)).prefixHitRate ?? 0;
      assert.ok(share > 0.5 && share < 1, `hit rate ${share}`);
    });

    it('says idle and shows no figures once nobody looks', () => {
      lease.dispose();
      assert.equal(live.snapshot.state.kind, 'idle');
      assert.equal(live.snapshot.pods.size, 0);
    });
  });
});

/** One decode server with two data-parallel engines behind one API server. */
function serverPod(namespace: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: POD,
      namespace,
      labels: {
        'llm-d.ai/inference-serving': 'true',
        [labels.role]: 'decode',
        [labels.owner]: 'lab',
        [labels.deployment]: 'demo',
      },
    },
    spec: {
      containers: [
        {
          name: 'vllm',
          image: 'vllm/vllm-openai:v0.11.0',
          command: ['vllm', 'serve', MODEL, '--data-parallel-size', '2', '--port', String(PORT)],
          resources: { limits: { 'nvidia.com/gpu': '2' } },
          readinessProbe: { httpGet: { path: '/health', port: PORT }, periodSeconds: 1 },
        },
      ],
    },
  };
}

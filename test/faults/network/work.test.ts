import assert from 'node:assert/strict';
import { stringAt } from '../../../src/base/json.ts';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { Workbench } from '../../../src/compose.ts';
import { podHttp } from '../../../src/kube/streams/pod-http.ts';
import { Pods } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { call, failure, namespace, patience, until } from '../../support/faults-lab.ts';
import { cutAfterDoing, refuse } from '../../support/fault-proxy/faults.ts';
import { method } from '../../support/fault-proxy/matchers.ts';
import type { Matcher } from '../../support/fault-proxy/proxy.ts';
import { statusThrough } from '../../support/through-forward.ts';
import { ended, inTime, NetworkLab, type WatchingWindow } from '../../support/network-lab.ts';

const shell = 'shell';
const context = 'llm-d-demo';

describe('work in flight when the network breaks', () => {
  let net: NetworkLab;
  let watching: WatchingWindow;
  let window: Workbench;
  let client: KubeClient;

  before(async () => {
    net = await NetworkLab.start({ speed: 60 });
    const direct = await net.direct();
    await direct.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: shell, namespace },
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'main',
              image: 'busybox',
              command: ['bash', '-c', 'for i in $(seq 1 2000); do echo line $i; sleep 0.02; done'],
            },
          ],
        },
      },
      patience(),
    );
    await until(
      'it runs',
      async () =>
        stringAt(await direct.get(Pods, namespace, shell, patience()), 'status', 'phase') === 'Running' || undefined,
    );
  });
  after(() => net.stop());
  beforeEach(async () => {
    watching = await net.watching();
    ({ window } = watching);
    client = await window.contexts.client(net.ref);
  });
  afterEach(() => net.tidy());

  describe('a command in a pod', () => {
    function run(): { readonly code: Promise<number>; readonly began: Promise<unknown> } {
      let text = '';
      const stdout = new Writable({
        write(chunk: Buffer, _encoding, done) {
          text += chunk.toString();
          done();
        },
      });
      const code = client.exec({
        namespace,
        pod: shell,
        command: ['bash', '-c', 'echo begun; sleep 600; echo whole'],
        stdout,
        signal: patience(),
      });
      code.catch(() => undefined);
      return { code, began: until('it has begun', () => text.includes('begun') || undefined) };
    }

    it('is an error when its connection is cut, never a silent end', async () => {
      const { code, began } = run();
      await began;
      net.proxy.wire.cut();
      await failure(code, 'connection-lost', shell, namespace, context);
      assert.equal(
        (
          await client.execOutput({ namespace, pod: shell, command: ['echo', 'again'], signal: patience() })
        ).stdout.toString(),
        'again\n',
      );
    });

    it('is an error when its connection is dead', async () => {
      const { code, began } = run();
      await began;
      net.proxy.wire.goDead();
      await failure(ended(watching.clock, code), 'connection-lost', shell, namespace, context);
    });
  });

  it('a log goes on over cuts and dead connections, without losing or doubling a line', async () => {
    const lines: string[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const line of client.logs({ namespace, pod: shell, follow: true, signal: stop.signal }))
        lines.push(line.text);
    })();
    for (const harm of [() => net.proxy.wire.cut(), () => net.proxy.wire.goDead(), () => net.proxy.wire.cut()]) {
      const heard = lines.length;
      await inTime(watching.clock, 5, 'more lines', () => lines.length > heard + 20 || undefined);
      harm();
    }
    const heard = lines.length;
    await inTime(watching.clock, 5, 'more lines', () => lines.length > heard + 20 || undefined);
    stop.abort();
    await assert.rejects(reading, { code: 'aborted' });
    assert.deepEqual(
      lines,
      lines.map((_line, index) => `line ${index + 1}`),
    );
  });

  describe('a deployment', () => {
    const applies: Matcher = (asked) => method('PATCH')(asked) && !asked.query.has('dryRun');

    afterEach(async () => {
      net.tidy();
      const tidying = net.lab.window();
      await tidying.deployments.stop(net.lab.ref, 'wide-ep', { ...call(), force: true });
    });

    it('whose answer is lost is applied again by itself: server-side apply may be repeated', async () => {
      const plan = await net.lab.plan(window, {}, net.ref);
      const rule = net.proxy.when(applies, cutAfterDoing, 2);
      await window.deployments.apply(plan, call());
      assert.equal(rule.hits, 2);
      await complete();
    });

    it('that meets a busy server waits as it asks', async () => {
      const plan = await net.lab.plan(window, {}, net.ref);
      const rule = net.proxy.when(applies, refuse(429, 'TooManyRequests', { 'retry-after': '7' }), 3);
      await ended(watching.clock, window.deployments.apply(plan, call()));
      assert.equal(rule.hits, 3);
      await complete();
    });

    it('cut off in the middle says what is done, and deploying again completes it', async () => {
      const plan = await net.lab.plan(window, {}, net.ref);
      let applied = 0;
      const cut: Matcher = (asked) => applies(asked) && (applied += 1) > 3;
      net.proxy.when(cut, ({ response }) => {
        net.proxy.wire.cut();
        response.destroy();
      });
      const error = await failure(
        ended(watching.clock, window.deployments.apply(plan, call())),
        'connection-lost',
        context,
        namespace,
      );
      assert.match(error.message, /^applying \w+ [\w-]+ in llm-d-demo\/llm-d failed: /);
      assert.match(
        error.hint ?? '',
        /Already applied: (\w+ [\w-]+(, )?){3}; deploy again to go on, or stop the deployment\.$/,
      );
      net.proxy.behave();
      await net.lab.deploy(window, {}, net.ref);
      await complete();
    });

    it('that somebody else changes at the same moment is looked at anew', async () => {
      const plan = await net.lab.plan(window, {}, net.ref);
      const rule = net.proxy.when(applies, refuse(409, 'Conflict'), 1);
      await window.deployments.apply(plan, call());
      assert.equal(rule.hits, 1);
      await complete();
    });

    it('that somebody else keeps changing says so once, and is not forced', async () => {
      const plan = await net.lab.plan(window, {}, net.ref);
      const rule = net.proxy.when(applies, refuse(409, 'Conflict'), 5);
      await failure(window.deployments.apply(plan, call()), 'conflict', context, namespace);
      assert.equal(rule.hits, 5);
      await net.lab.deploy(window, {}, net.ref);
      await complete();
    });

    async function complete(): Promise<void> {
      const plan = await net.lab.plan(window, {}, net.ref);
      assert.deepEqual(
        plan.objects
          .filter(({ action }) => action !== 'unchanged')
          .map(({ action, object }) => `${action} ${object.kind} ${object.metadata.name}`),
        [],
      );
      await net.equalsFreshList(watching);
    }
  });

  it('a create whose answer is lost is not made twice', async () => {
    const rule = net.proxy.when(method('POST', /\/configmaps$/), cutAfterDoing);
    const configMaps = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };
    await failure(
      client.create(
        configMaps,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'once', namespace } },
        patience(),
      ),
      'connection-lost',
      'configmaps',
      context,
    );
    assert.equal(rule.hits, 1);
    assert.equal((await (await net.direct()).get(configMaps, namespace, 'once', patience())).metadata.name, 'once');
  });

  describe('with a deployment that serves', () => {
    before(async function deploys() {
      this.timeout(100_000);
      await net.lab.deployReady(net.lab.window());
    });

    it('a port-forward breaks with its connection, and carries the next one', async () => {
      const [gateway] = await net.lab.pods('gateway.networking.k8s.io/gateway-name');
      assert.ok(gateway);
      const forward = await client.portForward(namespace, gateway.metadata.name, 80, patience());
      const models = (): Promise<number> => statusThrough(forward, '/v1/models');
      assert.equal(await models(), 200);
      net.proxy.wire.cut();
      assert.equal(await models(), 200);
      net.proxy.wire.goDead();
      assert.equal(await models(), 200);
      forward.dispose();
      assert.equal(
        (
          await podHttp(client, {
            namespace,
            pod: gateway.metadata.name,
            port: 80,
            path: '/v1/models',
            timeoutMs: 10_000,
            signal: patience(),
          })
        ).status,
        200,
      );
    });

    it('a benchmark goes on in its pod while the network is away, and is followed to its end', async () => {
      const run = await window.benchmarks.start(
        {
          cluster: net.ref,
          recipe: 'vllm-bench',
          deployment: 'wide-ep',
          parameters: { concurrency: '4,8', requestsEach: '2', inputTokens: '64', outputTokens: '32' },
        },
        call(),
      );
      await until(
        'it prints',
        async () =>
          (await readFile(join(window.runs.folder(run), 'stdout.log'), 'utf8').catch(() => '')).includes(
            'Namespace(',
          ) || undefined,
      );
      net.proxy.wire.cut();
      await ended(watching.clock, window.benchmarks.wait(run, patience()));
      const record = await window.runs.get(run);
      assert.equal(record?.state, 'succeeded', record?.summary ?? '');
      const [results] = await window.benchmarks.results([run]);
      assert.deepEqual(
        results?.points.map((point) => point.concurrency),
        [4, 8],
      );
    });
  });
});

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { isAbort, isWorkbenchError } from '../../../src/base/errors.ts';
import { Emitter } from '../../../src/base/events.ts';
import { ownSelector } from '../../../src/deployment/owned.ts';
import { waitReady } from '../../../src/deployment/readiness.ts';
import type { Readiness } from '../../../src/deployment/types.ts';
import type { DeploymentLoading } from '../../../src/inventory/loading/deployment-loading.ts';
import type { ResourceType } from '../../../src/kube/model/types.ts';
import { Deployments, LeaderWorkerSets, Pods } from '../../../src/kube/resources.ts';
import { listsOf, readsOf, watchesOf } from '../../support/fault-proxy/matchers.ts';
import { pass } from '../../support/fault-proxy/exchange.ts';
import { refuse } from '../../support/fault-proxy/faults.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { until } from '../../support/until.ts';
import { marks, namespace, TestServer } from './test-server.ts';

const mine = { labels: marks('bob') };
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'registry.example/main:1' }] },
};
const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

describe('waiting until a deployment is ready', () => {
  let server: TestServer;
  let clock: ManualClock;
  let loading: DeploymentLoading;
  let loadings: Emitter<void>;
  let leases: number;
  let told: string[];
  let answers: string | undefined;
  let probes: number;
  let cancel: AbortController;

  beforeEach(async () => {
    server = await TestServer.start();
    clock = new ManualClock();
    loading = { phase: undefined, crashes: [] };
    loadings = new Emitter<void>();
    leases = 0;
    told = [];
    answers = 'org/model';
    probes = 0;
    cancel = new AbortController();
    // A group of two and the endpoint picker; the gateway's own Deployment has its labels.
    await server.make(LeaderWorkerSets, 'web-decode', mine, {
      spec: { replicas: 1, leaderWorkerTemplate: { size: 2, workerTemplate: template } },
    });
    const deployment = { spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template } };
    await server.make(Deployments, 'web-epp', mine, deployment);
    const gateway = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', name: 'web', uid: 'uid-of-web' };
    await server.make(Deployments, 'web-istio', { ...mine, ownerReferences: [gateway] }, deployment);
    await server.make(Pods, 'web-istio-1', {
      labels: { ...marks('bob'), 'gateway.networking.k8s.io/gateway-name': 'web' },
    });
    await server.make(Pods, 'another', { labels: marks('bob', 'other') });
  });
  afterEach(async () => {
    cancel.abort();
    loadings.dispose();
    await server.stop();
  });

  function wait(): Promise<Readiness> {
    const waiting = waitReady({
      client: server.client,
      deployment: 'web',
      selector: ownSelector('bob', 'web'),
      clock,
      loads: {
        lease: () => {
          leases += 1;
          return { dispose: () => void (leases -= 1) };
        },
        onDidChange: loadings.event,
        of: () => loading,
      },
      served: () => {
        probes += 1;
        return Promise.resolve(answers);
      },
      call: { signal: cancel.signal, progress: ({ message }) => told.push(message) },
    });
    // Its end is told to whoever waits for it; a test that cancels does not.
    waiting.catch(() => undefined);
    return waiting;
  }

  /** Lets the wait's clock go on until it tells this. */
  async function tells(words: string): Promise<void> {
    await until(
      () => {
        clock.advance(1000);
        return told.at(-1)?.includes(words) ?? false;
      },
      () => `it never said "${words}": ${told.join(' | ')}`,
    );
  }

  async function outcome<T>(waiting: Promise<T>): Promise<T> {
    let ended = false;
    const ends = waiting.finally(() => (ended = true));
    ends.catch(() => undefined);
    await until(() => {
      clock.advance(1000);
      return ended;
    });
    return ends;
  }

  function remove(resource: ResourceType, name: string): Promise<unknown> {
    return server.client.delete(resource, namespace, name, { signal: new AbortController().signal });
  }

  async function allPods(): Promise<void> {
    for (const name of ['web-decode-0', 'web-decode-0-1', 'web-epp-1']) {
      await server.make(Pods, name, mine);
      server.setStatus(Pods, name, ready);
    }
  }

  it("counts my pods as they come, then asks the gateway for its model, and leaves the gateway's own pods out", async () => {
    const waiting = wait();
    await tells('0/3 pods ready');
    await server.make(Pods, 'web-decode-0', mine);
    server.setStatus(Pods, 'web-decode-0', ready);
    await tells('1/3 pods ready');
    assert.equal(probes, 0);
    assert.equal(leases, 1);
    await server.make(Pods, 'web-decode-0-1', mine);
    await server.make(Pods, 'web-epp-1', mine);
    server.setStatus(Pods, 'web-decode-0-1', ready);
    server.setStatus(Pods, 'web-epp-1', ready);
    const readiness = await outcome(waiting);
    assert.deepEqual(
      { ...readiness, seconds: 0 },
      { ready: true, pods: 3, readyPods: 3, model: 'org/model', seconds: 0 },
    );
    assert.equal(leases, 0);
  });

  it('lists and watches each kind once, and asks nothing more of the cluster while minutes pass', async () => {
    void wait();
    await tells('0/3 pods ready');
    await server.make(Pods, 'web-decode-0', mine);
    await until(() => server.proxy.count(watchesOf()) === 3);
    const before = server.proxy.asked.length;
    for (let second = 0; second < 600; second++) {
      clock.advance(1000);
      await turn();
    }
    // What was asked meanwhile would be in front of this.
    server.setStatus(Pods, 'web-decode-0', ready);
    await tells('1/3 pods ready');
    assert.deepEqual(
      server.proxy.asked.slice(before).map(({ method, path }) => `${method} ${path}`),
      [],
    );
    for (const plural of ['pods', 'leaderworkersets', 'deployments']) {
      assert.equal(server.proxy.count(listsOf(plural)), 1, plural);
      assert.equal(server.proxy.count(watchesOf(plural)), 1, plural);
    }
  });

  it('asks a gateway that does not answer yet ever less often, whatever logs say, and at once when a pod has changed', async () => {
    answers = undefined;
    await allPods();
    const waiting = wait();
    await tells('3/3 pods ready · waiting for the gateway to answer');
    const began = probes;
    for (let second = 0; second < 60; second++) {
      loadings.fire();
      clock.advance(1000);
      for (let turns = 0; turns < 5; turns++) await turn();
    }
    const inOneMinute = probes - began;
    assert.ok(inOneMinute >= 8 && inOneMinute <= 15, `${inOneMinute} times a minute`);
    answers = 'org/model';
    server.setStatus(Pods, 'web-epp-1', { ...ready, podIP: '10.0.0.9' });
    assert.equal((await outcome(waiting)).model, 'org/model');
  });

  it('tells what the logs say of its loading, as they say it', async () => {
    void wait();
    await tells('0/3 pods ready');
    loading = { phase: 'weights 61 %', crashes: [] };
    loadings.fire();
    await tells('0/3 pods ready · weights 61 %');
  });

  it('tells which pod waits for a node, and why, before anything else', async () => {
    loading = { phase: 'weights 61 %', crashes: [] };
    void wait();
    await server.make(Pods, 'web-decode-0', mine);
    server.setStatus(Pods, 'web-decode-0', {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/4 nodes are available' }],
    });
    await tells('0/3 pods ready · web-decode-0 waits for a node: 0/4 nodes are available');
    server.setStatus(Pods, 'web-decode-0', {
      phase: 'Pending',
      containerStatuses: [
        { name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason: 'Held' } } },
      ],
    });
    await tells('0/3 pods ready · web-decode-0: Held');
  });

  it('ends with the first cause that the logs tell when a container crashes for good', async () => {
    loading = {
      phase: undefined,
      crashes: [
        { pod: 'web-decode-0', times: 1, cause: cause('NCCL gave up', 'root') },
        { pod: 'web-decode-0', times: 3, cause: cause('CUDA out of memory', 'root') },
        { pod: 'web-decode-0-1', times: 5, cause: cause('connection closed by peer', 'echo') },
      ],
    };
    const waiting = wait();
    await server.make(Pods, 'web-decode-0', mine);
    server.setStatus(Pods, 'web-decode-0', {
      phase: 'Running',
      containerStatuses: [
        {
          name: 'main',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1, reason: 'Error' } },
        },
      ],
    });
    await assert.rejects(outcome(waiting), (error) => {
      assert.ok(isWorkbenchError(error, 'deployment-failed'));
      assert.match(error.message, /pod web-decode-0, container main in demo\/default: CrashLoopBackOff after Error/);
      assert.match(error.message, /first cause, on web-decode-0: CUDA out of memory$/);
      assert.equal(error.hint, 'what to do about CUDA out of memory');
      return true;
    });
    assert.equal(leases, 0);
  });

  it('ends when the deployment is stopped meanwhile', async () => {
    const waiting = wait();
    await tells('0/3 pods ready');
    await remove(LeaderWorkerSets, 'web-decode');
    await remove(Deployments, 'web-epp');
    await assert.rejects(outcome(waiting), (error) => {
      assert.ok(isWorkbenchError(error, 'deployment-failed'));
      assert.match(error.message, /^nothing of deployment web in demo\/default asks for pods any more$/);
      return true;
    });
    assert.equal(leases, 0);
  });

  it('goes on where pods may be listed and not watched, and says what is missing', async () => {
    server.proxy.when(watchesOf('pods'), refuse(403, 'Forbidden'));
    const waiting = wait();
    await tells('0/3 pods ready · cannot watch pods in namespace "default"');
    await allPods();
    assert.equal((await outcome(waiting)).model, 'org/model');
  });

  it('closes its watches when it is cancelled', async () => {
    let open = 0;
    server.proxy.when(watchesOf(), async ({ response, forward }) => {
      open += 1;
      response.on('close', () => (open -= 1));
      pass(await forward(), response);
    });
    const waiting = wait();
    await tells('0/3 pods ready');
    await until(() => open === 3);
    cancel.abort();
    await assert.rejects(waiting, isAbort);
    assert.equal(leases, 0);
    await until(() => open === 0);
  });

  it('is refused where pods may not be listed', async () => {
    server.proxy.when(readsOf('pods'), refuse(403, 'Forbidden'));
    await assert.rejects(
      outcome(wait()),
      (error) => isWorkbenchError(error, 'forbidden') && error.message.includes(`pods in namespace "${namespace}"`),
    );
  });
});

function cause(title: string, certainty: 'root' | 'echo') {
  return {
    title,
    hint: `what to do about ${title}`,
    certainty,
    pod: 'web-decode-0',
    rank: 0,
    process: undefined,
    time: '2026-01-01T00:00:00Z',
    line: title,
  };
}

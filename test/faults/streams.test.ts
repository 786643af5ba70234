import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { systemClock } from '../../src/base/clock.ts';
import { stringAt } from '../../src/base/json.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { followContainer, type LogEvent } from '../../src/kube/streams/container-logs.ts';
import { podHttp } from '../../src/kube/streams/pod-http.ts';
import { Pods } from '../../src/kube/resources.ts';
import type { ForwardState } from '../../src/kube/streams/types.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import { statusThrough } from '../support/through-forward.ts';
import { failure, Lab, namespace, patience, until } from '../support/faults-lab.ts';

describe('streams into pods that go away', () => {
  let lab: Lab;
  let window: Workbench;
  let client: KubeClient;
  const server = 'wide-ep-prefill-0';

  before(async () => {
    lab = await Lab.start();
    window = lab.window();
    await lab.deployReady(window);
    client = await window.contexts.client(lab.ref);
  });
  after(() => lab.stop());

  async function uidOf(pod: string): Promise<string | undefined> {
    const found = (
      await client.list(Pods, { namespace, fieldSelector: `metadata.name=${pod}`, signal: patience() })
    )[0];
    return stringAt(found, 'status', 'phase') === 'Running' ? found?.metadata.uid : undefined;
  }

  it('a port-forward to a name of a LeaderWorkerSet tells of the pod that went, and goes on to its successor', async () => {
    const forward = await client.portForward(namespace, server, 8000, patience());
    const states: ForwardState[] = [];
    forward.onDidChange((state) => states.push(state));
    const first = await uidOf(server);
    const waiting = forward.connect();
    const cut = new Promise((resolve) => waiting.once('close', resolve));
    // Half a request: the server waits for the rest of it, and the connection lives as long as its pod.
    waiting.write('POST /v1/completions HTTP/1.1\r\nhost: server\r\ncontent-length: 100\r\n\r\n');
    await client.delete(Pods, namespace, server, { gracePeriodSeconds: 0, signal: patience() });
    await cut;
    const second = await until('the group to be made anew', async () => {
      const uid = await uidOf(server);
      return uid === first ? undefined : uid;
    });
    await until('the forward to know of it', () =>
      forward.state.kind === 'open' && forward.state.uid === second ? true : undefined,
    );
    assert.ok(
      states.every((state) => (state.kind === 'lost' ? state.error.code === 'pod-gone' : state.uid === second)),
      JSON.stringify(states),
    );
    await until('the new server to answer', async () => {
      const status = await statusThrough(forward, '/health').catch(() => undefined);
      return status === 200 ? true : undefined;
    });
    forward.dispose();
  });

  it('a call to a pod that is gone says so, and never waits for it', async () => {
    await failure(
      podHttp(client, {
        namespace,
        pod: 'wide-ep-nobody',
        port: 8000,
        path: '/health',
        timeoutMs: 60_000,
        signal: patience(),
      }),
      'not-found',
      'wide-ep-nobody',
      demoContext,
      namespace,
    );
    await failure(
      podHttp(client, { namespace, pod: server, port: 4, path: '/', timeoutMs: 60_000, signal: patience() }),
      'connection-lost',
      server,
      'port 4',
      demoContext,
      namespace,
    );
  });

  it('a command whose pod is deleted is an error or a bad exit code, never an orderly end', async () => {
    await client.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'shell', namespace },
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: 'busybox', command: ['sleep', 'infinity'] }],
        },
      },
      patience(),
    );
    await until('the shell to run', () => uidOf('shell'));
    const stdout = new PassThrough();
    const running = client.exec({
      namespace,
      pod: 'shell',
      command: ['bash', '-c', 'echo begun; sleep 1000; echo finished'],
      stdout,
      signal: patience(),
    });
    const outcome = running.then(
      (exitCode) => ({ exitCode }),
      (error: unknown) => error,
    );
    await once(stdout, 'data');
    await client.delete(Pods, namespace, 'shell', { gracePeriodSeconds: 0, signal: patience() });
    const ended = await outcome;
    if (ended instanceof Error)
      await failure(Promise.reject(ended), 'connection-lost', 'shell', demoContext, namespace);
    else assert.notEqual((ended as { readonly exitCode: number }).exitCode, 0);
  });

  it('a log goes over from a crashed run into the next one, each line once', async () => {
    const command = ['bash', '-c', 'for i in 1 2 3; do echo "line $i"; sleep 0.2; done; exit 7'];
    await client.create(
      Pods,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'crashing', namespace },
        spec: { containers: [{ name: 'main', image: 'busybox', command }] },
      },
      patience(),
    );
    const events: LogEvent[] = [];
    for await (const event of followContainer(
      client,
      { namespace, pod: 'crashing', container: 'main', tailLines: 100, signal: patience() },
      systemClock,
    )) {
      events.push(event);
      if (event.kind === 'ended' && events.filter(({ kind }) => kind === 'ended').length === 2) break;
    }
    const run = ['line 1', 'line 2', 'line 3', 'ended exit code 7'];
    const told = events
      .filter((event) => event.kind === 'line' || event.kind === 'ended')
      .map((event) => (event.kind === 'line' ? event.line.text : `ended ${event.exit ?? ''}`));
    assert.deepEqual(told, [...run, ...run]);
    assert.equal(events.filter(({ kind }) => kind === 'started').length, 1);
    await client.delete(Pods, namespace, 'crashing', { gracePeriodSeconds: 0, signal: patience() });
  });
});

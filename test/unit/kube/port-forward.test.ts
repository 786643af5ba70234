import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { isWorkbenchError, type WorkbenchError } from '../../../src/base/errors.ts';
import { podHttp } from '../../../src/kube/streams/pod-http.ts';
import type { ForwardState, PortForward } from '../../../src/kube/streams/types.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { ManualClock } from './manual-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus, until } from './server.ts';

const never = new AbortController().signal;

function runningPod(name: string, uid: string, extra: Record<string, unknown> = {}): KubeObject {
  const made = pod(name, '1', {
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    ...extra,
  });
  return { ...made, metadata: { ...made.metadata, uid } };
}

const preambles = (socket: WebSocket): void => {
  socket.send(Buffer.from([0, 1, 0]));
  socket.send(Buffer.from([1, 1, 0]));
};

describe('port-forward', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let clock: ManualClock;
  /** The pods of the cluster, by name. */
  let pods: Map<string, KubeObject>;
  let echo: Server;

  beforeEach(async () => {
    server = new ScriptedServer();
    clock = new ManualClock();
    client = clientOf(await server.start(), {}, clock);
    pods = new Map([['p', runningPod('p', 'first')]]);
    server.handle = (_request, response, url) => {
      const name = url.pathname.split('/').at(-1) ?? '';
      if (url.pathname.includes('/services/'))
        sendJson(response, 200, {
          kind: 'Service',
          metadata: { name },
          spec: { selector: { app: 'x' }, ports: [{ port: 80, targetPort: 'http' }] },
        });
      else if (name === 'pods') sendJson(response, 200, { kind: 'PodList', metadata: {}, items: [...pods.values()] });
      else if (pods.has(name)) sendJson(response, 200, pods.get(name));
      else sendStatus(response, 404, 'NotFound', { name, kind: 'pods' });
    };
    echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    server.upgrade = carryToEcho;
  });

  afterEach(async () => {
    client.dispose();
    echo.close();
    await server.stop();
  });

  function carryToEcho(socket: WebSocket): void {
    preambles(socket);
    const target = connect((echo.address() as AddressInfo).port, '127.0.0.1');
    socket.on('message', (data: Buffer) => {
      assert.equal(data[0], 0);
      target.write(data.subarray(1));
    });
    target.on('data', (data) => socket.send(Buffer.concat([Buffer.of(0), data])));
    socket.on('close', () => target.destroy());
  }

  /** A connection that answered: it is carried. */
  async function talk(forward: PortForward): Promise<Duplex> {
    const local = forward.connect();
    local.write('hello');
    await once(local, 'data');
    return local;
  }

  /** How a connection ended: the code of its error, or undefined for an orderly end. */
  async function closeError(local: Duplex): Promise<string | undefined> {
    local.resume();
    await new Promise((resolve) => {
      local.once('close', resolve);
    });
    return isWorkbenchError(local.errored) ? local.errored.code : undefined;
  }

  const lookUps = (): number => server.requests.filter(({ method }) => method === 'GET').length;

  it('carries several connections at once, whole and in order', async () => {
    const forward = await client.portForward('ns', 'p', 8200, never);
    const sendAndReceive = async (fill: number): Promise<void> => {
      const local = forward.connect();
      const sent = Buffer.alloc(3 * 1024 * 1024, fill);
      local.write(sent);
      const received: Buffer[] = [];
      let size = 0;
      for await (const chunk of local) {
        received.push(chunk as Buffer);
        size += (chunk as Buffer).length;
        if (size === sent.length) break;
      }
      assert.ok(Buffer.concat(received).equals(sent));
    };
    await Promise.all([1, 2, 3].map(sendAndReceive));
    assert.deepEqual(
      [
        ...new Set(
          server.requests.filter(({ method }) => method === 'UPGRADE').map(({ url }) => url.searchParams.get('ports')),
        ),
      ],
      ['8200'],
    );
    assert.equal(lookUps(), 1, 'connections of one moment share a look');
    forward.dispose();
    assert.equal(await closeError(forward.connect()), 'aborted');
  });

  it('fails at once for a pod that is not there, does not run yet, or has ended', async () => {
    await assert.rejects(client.portForward('ns', 'absent', 1, never), (error) => isWorkbenchError(error, 'not-found'));
    pods.set('young', pod('young', '1', { status: { phase: 'Pending' } }));
    await assert.rejects(client.portForward('ns', 'young', 1, never), (error) => isWorkbenchError(error, 'not-ready'));
    pods.set('done', pod('done', '1', { status: { phase: 'Succeeded' } }));
    await assert.rejects(client.portForward('ns', 'done', 1, never), (error) => isWorkbenchError(error, 'pod-gone'));
  });

  it('fails a connection when the pod refuses its port, and says why', async () => {
    server.upgrade = (socket) => {
      preambles(socket);
      socket.send(Buffer.concat([Buffer.of(1), Buffer.from('connection refused')]));
    };
    const forward = await client.portForward('ns', 'p', 1, never);
    const failures: WorkbenchError[] = [];
    forward.onDidFail((error) => failures.push(error));
    const local = forward.connect();
    assert.equal(await closeError(local), 'connection-lost');
    assert.match(
      failures[0]?.message ?? '',
      /port 1 of pod "p" in namespace "ns" \(context "test-context"\): connection refused/,
    );
    await assert.rejects(
      podHttp(client, { namespace: 'ns', pod: 'p', port: 1, path: '/', timeoutMs: 10_000, signal: never }),
      /connection refused/,
    );
  });

  it('fails what breaks, so that a cut answer never looks whole; an orderly end stays one', async () => {
    const sockets: WebSocket[] = [];
    server.upgrade = (socket) => {
      sockets.push(socket);
      preambles(socket);
      socket.send(Buffer.from('\0half an answer'));
    };
    const forward = await client.portForward('ns', 'p', 1, never);
    const cut = forward.connect();
    await once(cut, 'data');
    sockets[0]?.terminate();
    assert.equal(await closeError(cut), 'connection-lost');
    const whole = forward.connect();
    await once(whole, 'data');
    sockets[1]?.close(1000);
    assert.equal(await closeError(whole), undefined);
  });

  it('survives a client that goes away while the pod still talks', async () => {
    server.upgrade = (socket) => {
      preambles(socket);
      const talking = setInterval(() => socket.send(Buffer.alloc(64 * 1024)), 1);
      socket.on('close', () => clearInterval(talking));
      socket.on('error', () => {});
    };
    const forward = await client.portForward('ns', 'p', 1, never);
    for (let round = 0; round < 10; round += 1) {
      const local = forward.connect();
      local.on('error', () => {});
      await once(local, 'data');
      if (round % 2 === 0) local.destroy();
      else local.end();
      await once(local, 'close');
    }
    server.upgrade = carryToEcho;
    (await talk(forward)).destroy();
  });

  it('looks the pod up before a new connection, and goes on to the one that bears its name now', async () => {
    const forward = await client.portForward('ns', 'p', 1, never);
    const states: ForwardState[] = [];
    forward.onDidChange((state) => states.push(state));
    const old = closeError(await talk(forward));
    pods.set('p', runningPod('p', 'second'));
    clock.advance(2000);
    const fresh = await talk(forward);
    assert.equal(await old, 'pod-gone', "the old pod's connection does not linger");
    assert.deepEqual(states, [{ kind: 'open', pod: 'p', uid: 'second' }]);
    assert.deepEqual(forward.state, states[0]);
    fresh.destroy();
  });

  it('tells of a pod that is gone while a connection waits in silence, cuts it, and finds the next one', async () => {
    const forward = await client.portForward('ns', 'p', 1, never);
    const failures: WorkbenchError[] = [];
    forward.onDidFail((error) => failures.push(error));
    const waiting = await talk(forward);
    pods.delete('p');
    const ended = closeError(waiting);
    clock.advance(6000);
    clock.advance(6000);
    assert.equal(await ended, 'pod-gone');
    assert.ok(forward.state.kind === 'lost');
    assert.equal(forward.state.error.code, 'pod-gone');
    assert.match(forward.state.error.message, /pod "p" in namespace "ns" \(context "test-context"\) is dead/);
    await until(() => failures.length === 1);
    const refused = forward.connect();
    assert.equal(await closeError(refused), 'pod-gone');
    assert.equal(failures.length, 2);
    pods.set('p', runningPod('p', 'second'));
    (await talk(forward)).destroy();
    assert.equal(forward.state.kind, 'open');
  });

  it('tells listeners of a dead pod though nobody is connected, and asks for none where nobody listens', async () => {
    const quiet = await client.portForward('ns', 'p', 1, never);
    const before = lookUps();
    clock.advance(60_000);
    assert.equal(lookUps(), before);
    quiet.dispose();
    const forward = await client.portForward('ns', 'p', 1, never);
    const states: ForwardState[] = [];
    forward.onDidChange((state) => states.push(state));
    pods.delete('p');
    clock.advance(5000);
    await until(() => states.length > 0);
    assert.equal(states[0]?.kind, 'lost');
  });

  it('keeps connections while the server cannot be asked: that says nothing of the pod', async () => {
    const forward = await client.portForward('ns', 'p', 1, never);
    const states: ForwardState[] = [];
    forward.onDidChange((state) => states.push(state));
    const local = await talk(forward);
    const answer = server.handle;
    server.handle = (_request, response) => sendStatus(response, 403, 'Forbidden', { name: 'p', kind: 'pods' });
    clock.advance(5000);
    await until(() => states.length > 0);
    assert.ok(states[0]?.kind === 'lost' && states[0].error.code === 'forbidden');
    local.write('still there?');
    await once(local, 'data');
    server.handle = answer;
    clock.advance(5000);
    await until(() => forward.state.kind === 'open');
    local.destroy();
  });

  it('to a selector stays with a ready pod, and takes another one when it is not ready any more', async () => {
    pods.set('q', runningPod('q', 'other'));
    const forward = await client.portForward('ns', { labelSelector: 'app=x' }, 1, never);
    const upgrades = (): string[] =>
      server.requests
        .filter(({ method }) => method === 'UPGRADE')
        .map(({ url }) => url.pathname.split('/').at(-2) ?? '');
    (await talk(forward)).destroy();
    pods.set('a', runningPod('a', 'newer'));
    clock.advance(2000);
    (await talk(forward)).destroy();
    pods.set('p', pod('p', '2', { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] } }));
    clock.advance(2000);
    (await talk(forward)).destroy();
    assert.deepEqual(upgrades(), ['p', 'p', 'a']);
    pods.clear();
    clock.advance(2000);
    await closeError(forward.connect());
    assert.ok(forward.state.kind === 'lost');
    assert.match(forward.state.error.message, /no pod of "app=x" in namespace "ns"/);
  });

  it('to a Service finds the port that its pod names', async () => {
    pods.set(
      'p',
      runningPod('p', 'first', {
        spec: {
          containers: [
            {
              ports: [
                { name: 'metrics', containerPort: 9 },
                { name: 'http', containerPort: 8000 },
              ],
            },
          ],
        },
      }),
    );
    const forward = await client.portForward('ns', { service: 's' }, 80, never);
    (await talk(forward)).destroy();
    const upgrade = server.requests.find(({ method }) => method === 'UPGRADE');
    assert.equal(upgrade?.url.searchParams.get('ports'), '8000');
    await assert.rejects(client.portForward('ns', { service: 's' }, 81, never), (error) =>
      isWorkbenchError(error, 'not-supported'),
    );
  });

  it('looks once more when the pod went between the look and the connection', async () => {
    const forward = await client.portForward('ns', { labelSelector: 'app=x' }, 1, never);
    pods.delete('p');
    pods.set('q', runningPod('q', 'other'));
    server.server.prependListener('upgrade', (request, socket) => {
      if (request.url?.includes('/p/') === true) socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
    });
    (await talk(forward)).destroy();
    assert.deepEqual(forward.state, { kind: 'open', pod: 'q', uid: 'other' });
  });
});

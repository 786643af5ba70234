import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { ForwardAgent } from '../../../src/kube/streams/forward-agent.ts';
import { podHttp, type PodHttpResponse } from '../../../src/kube/streams/pod-http.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { clientOf, pod, ScriptedServer, sendJson } from './server.ts';

const never = new AbortController().signal;

describe('calls to a server in a pod', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let inPod: Server;
  /** A service of the person's own machine that no pod is to reach. */
  let inside: Server;
  let reached: string[];
  let answer: RequestListener;
  let connections: number;

  async function listening(handle: RequestListener): Promise<Server> {
    const made = createServer(handle).listen(0, '127.0.0.1');
    await once(made, 'listening');
    return made;
  }
  const portOf = (of: Server): number => (of.address() as AddressInfo).port;

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
    server.handle = (_request, response) => sendJson(response, 200, pod('p', '1', { status: { phase: 'Running' } }));
    reached = [];
    connections = 0;
    inPod = await listening((asked, response) => answer(asked, response));
    inside = await listening((asked, response) => {
      reached.push(asked.url ?? '');
      response.end('{"data":[{"id":"a secret of this machine"}]}');
    });
    server.upgrade = carry;
  });
  afterEach(async () => {
    client.dispose();
    for (const each of [inPod, inside]) {
      each.closeAllConnections();
      each.close();
    }
    await server.stop();
  });

  function carry(socket: WebSocket): void {
    connections += 1;
    socket.send(Buffer.from([0, 1, 0]));
    socket.send(Buffer.from([1, 1, 0]));
    const target = connect(portOf(inPod), '127.0.0.1');
    socket.on('message', (data: Buffer) => target.write(data.subarray(1)));
    target.on('data', (data) => socket.send(Buffer.concat([Buffer.of(0), data])));
    target.on('close', () => socket.close(1000));
    socket.on('close', () => target.destroy());
  }

  const call = (more: { readonly method?: 'POST'; readonly timeoutMs?: number } = {}): Promise<PodHttpResponse> =>
    podHttp(client, {
      namespace: 'ns',
      pod: 'p',
      port: 8000,
      path: '/v1/models',
      timeoutMs: 60_000,
      signal: never,
      ...more,
    });

  it('have their answer, whatever its status', async () => {
    answer = (asked, response) =>
      response.writeHead(asked.method === 'POST' ? 409 : 200).end(`${asked.method} ${asked.url} ${asked.headers.host}`);
    assert.deepEqual(await call(), { status: 200, body: 'GET /v1/models 127.0.0.1:8000' });
    assert.deepEqual(await call({ method: 'POST' }), { status: 409, body: 'POST /v1/models 127.0.0.1:8000' });
  });

  for (const status of [301, 302, 307, 308]) {
    it(`are not led to another server by ${status}`, async () => {
      answer = (_asked, response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${portOf(inside)}/internal` }).end();
      for (const more of [{}, { method: 'POST' as const }]) {
        await assert.rejects(
          call(more),
          (error) => isWorkbenchError(error, 'server-error') && error.message.includes(`redirect (${status})`),
        );
      }
      assert.deepEqual(reached, []);
    });
  }

  it('have a time limit that says what it waited for', async () => {
    answer = () => {};
    await assert.rejects(
      call({ timeoutMs: 50 }),
      (error) =>
        isWorkbenchError(error, 'timeout') &&
        /GET \/v1\/models on port 8000 of pod "p" in namespace "ns" \(context "test-context"\): not done within 0\.05 s/.test(
          error.message,
        ),
    );
  });

  it('listen nowhere: nothing of this machine could use their way into the pod', async () => {
    const servers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'TCPServerWrap').length;
    const before = servers();
    const during: number[] = [];
    answer = (_asked, response) => {
      during.push(servers());
      response.end('ok');
    };
    await call();
    const forward = await client.portForward('ns', 'p', 8000, never);
    during.push(servers());
    forward.dispose();
    assert.deepEqual(during, [before, before]);
  });

  it('that come again and again share one connection, and take a new one when the pod has closed it', async () => {
    answer = (asked, response) => {
      if (asked.url === '/last') response.setHeader('connection', 'close');
      response.end('ok');
    };
    const agent = new ForwardAgent(await client.portForward('ns', 'p', 8000, never));
    const get = async (path: string): Promise<number> => {
      const outgoing = request({ agent, path, host: 'pod', port: 8000 }).end();
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      response.resume();
      await once(response, 'close');
      return response.statusCode ?? 0;
    };
    for (let round = 0; round < 20; round += 1) assert.equal(await get('/'), 200);
    assert.equal(connections, 1);
    assert.equal(await get('/last'), 200);
    assert.equal(await get('/'), 200);
    assert.equal(connections, 2);
    agent.destroy();
  });
});

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { Kubelets } from '../../../src/demo/kubelets.ts';
import { adminToken, pod, pods, startServer, type TestServer } from './support.ts';

describe('API server: the way to the kubelet', () => {
  let api: TestServer;
  let kubelet: Server;
  let requests: { method: string; url: string; headers: IncomingMessage['headers'] }[];
  const podServer = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => (protocols.has('v4.channel.k8s.io') ? 'v4.channel.k8s.io' : false),
  });

  /** A pod with an HTTP server that tells the request's first line and host, on port 8000 alone. */
  const answerInPod = (socket: WebSocket, request: IncomingMessage): void => {
    const port = Buffer.from([0, 0]);
    socket.send(Buffer.concat([Buffer.from([0]), port]));
    socket.send(Buffer.concat([Buffer.from([1]), port]));
    if (!request.url!.endsWith('ports=8000')) {
      socket.send(Buffer.from('\u0001connection refused'));
      return;
    }
    socket.on('message', (data: Buffer) => {
      const [line, ...headers] = data.subarray(1).toString().split('\r\n');
      const body = `${line} ${headers.find((header) => /^host:/i.test(header))}`;
      socket.send(Buffer.from(`\u0000HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
    });
  };

  before(async () => {
    kubelet = createServer((request, response) => {
      requests.push({ method: request.method!, url: request.url!, headers: request.headers });
      if (request.url!.startsWith('/containerLogs/default/waiting')) {
        response.writeHead(400).end('container "main" in pod "waiting" is waiting to start: ContainerCreating');
      } else response.end('line 1\nline 2\n');
    });
    kubelet.on('upgrade', (request, socket) => {
      requests.push({ method: request.method!, url: request.url!, headers: request.headers });
      if (request.headers.upgrade === 'websocket') {
        podServer.handleUpgrade(request, socket, Buffer.alloc(0), answerInPod);
        return;
      }
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${request.headers.upgrade}\r\n\r\n`,
      );
      socket.on('data', (data: Buffer) => socket.write(data.toString().toUpperCase()));
      socket.on('end', () => socket.end());
    });
    const kubelets = new Kubelets();
    kubelets.serve('n1', (connection) => kubelet.emit('connection', connection));
    api = await startServer({ kubelets });
    await api.call('POST', '/api/v1/nodes', {
      body: { metadata: { name: 'n1' }, status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }] } },
    });
    await api.call('POST', pods, { body: pod('one', {}, { nodeName: 'n1' }) });
    await api.call('POST', pods, { body: pod('waiting', {}, { nodeName: 'n1' }) });
    await api.call('POST', pods, {
      body: pod(
        'two',
        {},
        {
          nodeName: 'n1',
          containers: [
            { name: 'a', image: 'x' },
            { name: 'b', image: 'x' },
          ],
        },
      ),
    });
    await api.call('POST', pods, { body: pod('unplaced') });
  });
  beforeEach(() => {
    requests = [];
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  it("passes logs through, without the user's credentials", async () => {
    const { status, text } = await api.call('GET', `${pods}/one/log?tailLines=2&timestamps=true&surplus=1`);
    assert.equal(status, 200);
    assert.equal(text, 'line 1\nline 2\n');
    assert.equal(requests[0]!.url, '/containerLogs/default/one/main?tailLines=2&timestamps=true');
    assert.equal(requests[0]!.headers.authorization, undefined);
  });

  it("turns a kubelet's refusal into a Status", async () => {
    const { status, json } = await api.call('GET', `${pods}/waiting/log`);
    assert.equal(status, 400);
    assert.equal(json.message, 'container "main" in pod "waiting" is waiting to start: ContainerCreating');
  });

  it('checks pod, container and node before it calls anyone', async () => {
    assert.equal((await api.call('GET', `${pods}/none/log`)).json.message, 'pods "none" not found');
    assert.equal(
      (await api.call('GET', `${pods}/two/log`)).json.message,
      'a container name must be specified for pod two, choose one of: [a b]',
    );
    assert.equal(
      (await api.call('GET', `${pods}/two/log?container=c`)).json.message,
      'container c is not valid for pod two',
    );
    assert.equal((await api.call('GET', `${pods}/unplaced/log`)).status, 204);
    assert.equal((await api.call('GET', `${pods}/unplaced/log?container=c`)).status, 400);
    assert.equal((await api.call('GET', `${pods}/unplaced/proxy/`)).json.message, 'address not allowed');
    const plain = await api.call('POST', `${pods}/one/exec?command=ls&stdout=true`);
    assert.equal(plain.status, 400);
    assert.equal(plain.json.message, 'Upgrade request required');
    assert.deepEqual(requests, []);
  });

  const upgrade = (path: string, protocol: string): Promise<{ head: string; socket: Socket }> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(api.server.url);
      const socket = connect(Number(port), hostname, () => {
        socket.write(
          `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminToken}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\nContent-Length: 0\r\n\r\n`,
        );
      });
      socket.on('error', reject);
      socket.once('data', (data) => resolve({ head: data.toString(), socket }));
    });

  it("joins upgraded connections with the kubelet's parameters", async () => {
    const { head, socket } = await upgrade(
      `${pods}/one/exec?command=sh&command=-c&command=ls&stdin=true&stdout=true&stderr=true`,
      'SPDY/3.1',
    );
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.equal(requests[0]!.url, '/exec/default/one/main?command=sh&command=-c&command=ls&input=1&output=1&error=1');
    assert.equal(requests[0]!.headers['x-stream-protocol-version'], 'v4.channel.k8s.io');
    assert.equal(requests[0]!.headers.authorization, undefined);
    const echoed = new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.write('hello');
    assert.equal(await echoed, 'HELLO');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end();
    await closed;
  });

  it('answers an upgrade for an unknown pod with a 404 Status', async () => {
    const { head } = await upgrade(`${pods}/none/portforward`, 'SPDY/3.1');
    assert.match(head, /^HTTP\/1\.1 404 NotFound\r\n/);
    assert.match(head, /"message":"pods \\"none\\" not found"/);
  });

  it('proxies to nodes through their kubelet', async () => {
    await api.call('GET', '/api/v1/nodes/n1/proxy/stats/summary?a=b');
    assert.deepEqual(
      requests.map(({ url }) => url),
      ['/stats/summary?a=b'],
    );
  });

  it('proxies to servers in pods, by the pod and by its service', async () => {
    await api.call('PATCH', `${pods}/one`, {
      body: { metadata: { labels: { app: 'one' } } },
      contentType: 'application/merge-patch+json',
    });
    await api.call('PATCH', `${pods}/one/status`, {
      body: { status: { podIP: '10.1.2.3', conditions: [{ type: 'Ready', status: 'True' }] } },
      contentType: 'application/merge-patch+json',
    });
    const direct = await api.call('GET', `${pods}/one:8000/proxy/metrics?a=b`);
    assert.equal(direct.status, 200);
    assert.match(direct.text, /^GET \/metrics\?a=b HTTP\/1\.1 host: 10\.1\.2\.3:8000$/i);
    const services = '/api/v1/namespaces/default/services';
    await api.call('POST', services, {
      body: {
        metadata: { name: 'front' },
        spec: { selector: { app: 'one' }, ports: [{ name: 'http', port: 80, targetPort: 8000 }] },
      },
    });
    assert.match((await api.call('GET', `${services}/front:http/proxy/v1/models`)).text, /^GET \/v1\/models /);
    const closed = await api.call('GET', `${pods}/one:9/proxy/`);
    assert.equal(closed.status, 503);
    assert.equal(closed.json.message, 'error trying to reach service: connection refused');
    await api.call('POST', services, {
      body: { metadata: { name: 'empty' }, spec: { selector: { app: 'none' }, ports: [{ port: 80 }] } },
    });
    assert.equal(
      (await api.call('GET', `${services}/empty/proxy/`)).json.message,
      'no endpoints available for service "empty"',
    );
  });
});

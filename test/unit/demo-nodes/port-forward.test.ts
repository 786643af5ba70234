import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { ContainerProgram } from '../../../src/demo/nodes/types.ts';
import { isReady, NodesUnderTest } from '../../support/demo-nodes.ts';
import { SpdyClient } from '../../support/remote-command.ts';
import { until } from '../../support/until.ts';

const large = randomBytes(2_000_000);

/** Answers /large with two million bytes, and anything else with what it was sent. */
const echo: ContainerProgram = {
  name: 'echo',
  matches: ({ image }) => image === 'echo:1',
  async run({ network, podIp, signal }) {
    const server = createServer((request, response) => {
      if (request.url === '/large') response.end(large);
      else request.pipe(response);
    });
    const listening = network.listen(podIp, 8000, server);
    await once(signal, 'abort');
    listening.dispose();
    return 0;
  },
};

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n`;

describe('port-forward', () => {
  let nodes: NodesUnderTest;
  before(async () => {
    nodes = await NodesUnderTest.start({ programs: () => [echo] });
    nodes.run('web', { containers: [{ name: 'main', image: 'echo:1' }] });
    await nodes.until('web', isReady);
  });
  after(() => nodes.stop());

  it('carries connections over SPDY and ends each with its target', async () => {
    const client = await SpdyClient.open(nodes.kubelet, '/portForward/lab/web', 'portforward.k8s.io');
    const open = (requestid: string): [number, number] => {
      const headers = { port: '8000', requestid };
      return [
        client.openStream({ ...headers, streamtype: 'error' }),
        client.openStream({ ...headers, streamtype: 'data' }),
      ];
    };
    const [error1, data1] = open('0');
    const [error2, data2] = open('1');
    client.send(data1, get('/large'));
    client.send(data2, 'POST / HTTP/1.1\r\nHost: pod\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello');
    await until(() => [error1, data1, error2, data2].every((id) => client.ended(id)));
    assert.ok(client.received(data1).subarray(-large.length).equals(large));
    assert.ok(client.received(data2).toString().endsWith('hello\r\n0\r\n\r\n'));
    assert.equal(client.received(error1).length, 0);
    client.close();
    await client.closed;
  });

  it('tells on the error stream that nobody listens', async () => {
    const client = await SpdyClient.open(nodes.kubelet, '/portForward/lab/web', 'portforward.k8s.io');
    const error = client.openStream({ port: '9', requestid: '0', streamtype: 'error' });
    const data = client.openStream({ port: '9', requestid: '0', streamtype: 'data' });
    await until(() => client.ended(error) && client.ended(data));
    assert.match(client.received(error).toString(), /error forwarding port 9 to pod web: .*ECONNREFUSED/);
    client.close();
    await client.closed;
  });

  it('speaks v4 channels over a WebSocket', async () => {
    const socket = new WebSocket(`ws://${nodes.kubelet}/portForward/lab/web?ports=8000`, [
      'v4.channel.k8s.io',
      'v3.channel.k8s.io',
    ]);
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    await once(socket, 'open');
    assert.equal(socket.protocol, 'v4.channel.k8s.io');
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(get('/large'))]));
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1000);
    assert.deepEqual(messages.slice(0, 2), [Buffer.from([0, 0x40, 0x1f]), Buffer.from([1, 0x40, 0x1f])]);
    const data = Buffer.concat(
      messages
        .slice(2)
        .filter((message) => message[0] === 0)
        .map((message) => message.subarray(1)),
    );
    assert.ok(data.subarray(-large.length).equals(large));
  });

  it('answers the tunnel protocol, whose name ws itself refuses', async () => {
    const before = nodes.nodes.upgrades.of('portforward', 'websocket');
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io',
    };
    const call = request(`http://${nodes.kubelet}/portForward/lab/web`, { headers }).end();
    const [response, socket] = (await once(call, 'upgrade')) as [IncomingMessage, Socket];
    assert.equal(response.headers['sec-websocket-protocol'], 'SPDY/3.1+portforward.k8s.io');
    socket.destroy();
    assert.equal(nodes.nodes.upgrades.of('portforward', 'websocket'), before + 1);
  });
});

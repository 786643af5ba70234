import assert from 'node:assert/strict';
import { createServer, type AddressInfo, connect } from 'node:net';
import { once } from 'node:events';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus } from './server.ts';

const never = new AbortController().signal;

describe('port-forward', () => {
  let server: ScriptedServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
    server.handle = (_request, response) => sendJson(response, 200, pod('p', '1'));
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  it('carries several connections at once, whole and in order', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port: echoPort } = echo.address() as AddressInfo;
    server.upgrade = (socket, url) => {
      assert.equal(url.searchParams.get('ports'), '8200');
      const preamble = Buffer.from([0, 8200 & 255, 8200 >> 8]);
      socket.send(preamble);
      socket.send(Buffer.concat([Buffer.of(1), preamble.subarray(1)]));
      const target = connect(echoPort, '127.0.0.1');
      socket.on('message', (data: Buffer) => {
        assert.equal(data[0], 0);
        target.write(data.subarray(1));
      });
      target.on('data', (data) => socket.send(Buffer.concat([Buffer.of(0), data])));
      socket.on('close', () => target.destroy());
    };
    const forward = await client.portForward('ns', 'p', 8200, never);
    const sendAndReceive = async (fill: number): Promise<void> => {
      const local = connect(forward.port, '127.0.0.1');
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
    forward.dispose();
    echo.close();
    const late = connect(forward.port, '127.0.0.1');
    await assert.rejects(once(late, 'connect'));
  });

  it('ends the local connection when the pod refuses its port', async () => {
    server.upgrade = (socket) => {
      socket.send(Buffer.from([0, 1, 0]));
      socket.send(Buffer.from([1, 1, 0]));
      socket.send(Buffer.concat([Buffer.of(1), Buffer.from('connection refused')]));
    };
    const forward = await client.portForward('ns', 'p', 1, never);
    const local = connect(forward.port, '127.0.0.1');
    local.on('error', () => {});
    await once(local, 'close');
  });

  it('fails at once for a pod that is not there', async () => {
    server.handle = (_request, response) => sendStatus(response, 404, 'NotFound', { name: 'p', kind: 'pods' });
    await assert.rejects(client.portForward('ns', 'p', 1, never), (error) => isWorkbenchError(error, 'not-found'));
  });
});

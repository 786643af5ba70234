import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { poll, systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { Transport } from '../../../src/kube/http/transport.ts';
import { openWebSocket } from '../../../src/kube/streams/websocket.ts';
import { ManualClock } from './manual-clock.ts';
import { clusterRef, until } from './server.ts';

const never = new AbortController().signal;

describe('transport', () => {
  it('forgets the connection pools of credentials that have been renewed', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let renewed = 0;
    const server = 'https://127.0.0.1:1';
    const transport = new Transport({
      cluster: clusterRef(server),
      connection: {
        server,
        credentials: {
          get: () => Promise.resolve({ headers: {}, cert: `certificate ${renewed}`, key: `key ${renewed}` }),
          invalidate() {},
        },
      },
      clock: systemClock,
    });
    const pools: WeakRef<object>[] = [];
    for (; renewed < 200; renewed += 1) pools.push(new WeakRef((await transport.upgradeTarget('/', {}, never)).agent));
    await poll(systemClock, 5, never, () => {
      collect();
      return Promise.resolve(pools.filter((pool) => pool.deref() !== undefined).length <= 2 ? true : undefined);
    });
    assert.notEqual(pools.at(-1)?.deref(), undefined, 'the one that counts stays');
    transport.dispose();
  });

  describe('to a server that does not get to the end of its answer', () => {
    for (const [what, answer] of [
      ['an upgrade that is not answered', ''],
      ['a refusal without an end', 'HTTP/1.1 403 Forbidden\r\ncontent-length: 100\r\n\r\n{'],
    ] as const) {
      it(`gives up ${what}`, async () => {
        const sockets: Socket[] = [];
        let asked = false;
        const server = createServer((socket) => {
          sockets.push(socket.on('error', () => {}));
          socket.once('data', () => {
            asked = true;
            socket.write(answer);
          });
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const clock = new ManualClock();
        const transport = new Transport({ cluster: clusterRef(url), connection: { server: url }, clock });
        const opened = openWebSocket(transport, clusterRef(url), clock, {
          path: '/',
          query: {},
          protocols: ['v5.channel.k8s.io'],
          signal: never,
        });
        const refused = assert.rejects(
          opened,
          (error) => isWorkbenchError(error, 'timeout') && error.message.includes('30 s'),
        );
        await until(() => asked);
        clock.advance(30_000);
        await refused;
        await until(() => sockets.every((socket) => socket.destroyed));
        transport.dispose();
        server.close();
      });
    }
  });
});

import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { callbackify } from 'node:util';
import type { WebSocket } from 'ws';
import { isWorkbenchError, type ErrorCode } from '../../../src/base/errors.ts';
import type { ExecOptions } from '../../../src/kube/streams/types.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { ManualClock } from './manual-clock.ts';
import { clientOf, ScriptedServer, sendStatus, until } from './server.ts';

const never = new AbortController().signal;

const SUCCESS = { metadata: {}, status: 'Success' };

function exitStatus(code: number): object {
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with exit code ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

function frame(channel: number, data: string | Buffer | object): Buffer {
  const bytes =
    typeof data === 'string' ? Buffer.from(data) : Buffer.isBuffer(data) ? data : Buffer.from(JSON.stringify(data));
  return Buffer.concat([Buffer.of(channel), bytes]);
}

function finish(socket: WebSocket, status: object = SUCCESS): void {
  socket.send(frame(3, status));
  socket.close(1000);
}

describe('exec', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  const options: ExecOptions = {
    namespace: 'ns',
    pod: 'p',
    container: 'c',
    command: ['sh', '-c', 'echo "a b"'],
    signal: never,
  };

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  async function fails(call: Promise<unknown>, code: ErrorCode): Promise<void> {
    await assert.rejects(call, (error) => isWorkbenchError(error, code));
  }

  it('collects both streams and the exit code, with the arguments untouched', async () => {
    server.upgrade = (socket) => {
      socket.send(frame(1, ''));
      socket.send(frame(1, 'out'));
      socket.send(frame(2, 'err'));
      socket.send(frame(1, 'put'));
      finish(socket, exitStatus(7));
    };
    assert.deepEqual(await client.execOutput(options), { exitCode: 7, stdout: Buffer.from('output'), stderr: 'err' });
    const url = server.requests[0]?.url;
    assert.equal(url?.pathname, '/api/v1/namespaces/ns/pods/p/exec');
    assert.deepEqual(url?.searchParams.getAll('command'), ['sh', '-c', 'echo "a b"']);
    assert.equal(url?.searchParams.get('container'), 'c');
    assert.equal(url?.searchParams.has('stdin'), false);
    assert.equal(server.requests[0]?.headers['sec-websocket-protocol'], 'v5.channel.k8s.io,v4.channel.k8s.io');
  });

  it('sends stdin and its end', async () => {
    server.upgrade = (socket) => {
      const received: Buffer[] = [];
      socket.on('message', (data: Buffer) => {
        if (data[0] === 255) {
          assert.equal(data[1], 0);
          socket.send(frame(1, Buffer.concat(received)));
          finish(socket);
        } else received.push(data.subarray(1));
      });
    };
    const output = await client.execOutput({
      ...options,
      stdin: Readable.from([Buffer.from('one '), Buffer.from('two')]),
    });
    assert.equal(output.stdout.toString(), 'one two');
  });

  it('takes an end without a status for a broken connection, whatever the close code says', async () => {
    server.upgrade = (socket) => {
      socket.send(frame(1, 'half'));
      socket.close(1000);
    };
    await fails(client.execOutput(options), 'connection-lost');
    server.upgrade = (socket) => {
      socket.send(frame(1, 'half'), () => socket.terminate());
    };
    await fails(client.execOutput(options), 'connection-lost');
  });

  it('ends with the status even if the server forgets to close', async () => {
    server.upgrade = (socket) => socket.send(frame(3, SUCCESS));
    assert.equal((await client.execOutput(options)).exitCode, 0);
  });

  it('tells what the server refused before the upgrade', async () => {
    const noUpgrade = (code: number, reason: string, details?: object): void => {
      server.server.removeAllListeners('upgrade');
      server.handle = (_request, response) => sendStatus(response, code, reason, details);
    };
    noUpgrade(404, 'NotFound', { name: 'p', kind: 'pods' });
    await fails(client.exec(options), 'not-found');
    noUpgrade(403, 'Forbidden');
    await fails(client.exec(options), 'forbidden');
  });

  it('tells a command that could not start', async () => {
    server.upgrade = (socket) =>
      finish(socket, { status: 'Failure', reason: 'InternalError', code: 500, message: 'no such file' });
    await fails(client.exec(options), 'exec-failed');
  });

  it('makes the server wait while the receiver is slow, and loses no byte', async () => {
    const total = 24 * 1024 * 1024;
    const chunk = Buffer.alloc(64 * 1024, 7);
    let sent = 0;
    let waiting = false;
    server.upgrade = (socket) => {
      const more = (): void => {
        if (sent >= total) {
          finish(socket);
          return;
        }
        sent += chunk.length;
        socket.send(frame(1, chunk), more);
      };
      more();
      waiting = true;
    };
    let received = 0;
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = async (bytes: Buffer): Promise<void> => {
      await gate;
      received += bytes.length;
    };
    const stdout = new Writable({
      highWaterMark: 1024,
      write: (bytes: Buffer, _encoding, done) => callbackify(slow)(bytes, done),
    });
    const running = client.exec({ ...options, stdout });
    await until(() => waiting);
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(sent < total, `the server was held back at ${sent} of ${total} bytes`);
    open();
    assert.equal(await running, 0);
    await new Promise((resolve) => stdout.end(resolve));
    assert.equal(received, total);
  });

  it('ends when cancelled, and when its output can no longer be written', async () => {
    let closed = 0;
    server.upgrade = (socket) => {
      socket.on('close', () => {
        closed += 1;
      });
      socket.send(frame(1, 'x'));
    };
    const cancel = new AbortController();
    const running = client.exec({ ...options, signal: cancel.signal });
    await until(() => server.requests.length === 1);
    cancel.abort();
    await fails(running, 'aborted');

    const full = new PassThrough();
    const second = client.exec({ ...options, stdout: full });
    await until(() => full.readableLength > 0);
    full.destroy(new Error('no space'));
    await fails(second, 'internal');
    await until(() => closed >= 1);
  });

  it('ends a short command that hangs, after two minutes where nothing else is said; one that streams may take its time', async () => {
    let open = 0;
    server.upgrade = (socket) => {
      open += 1;
      socket.on('close', () => {
        open -= 1;
      });
    };
    const clock = new ManualClock();
    const patient = clientOf(server.url, {}, clock);
    const limits = (): readonly number[] => clock.waiting.filter((ms) => ms === 500 || ms >= 60_000);
    const stop = new AbortController();
    const streaming = patient.exec({ ...options, signal: stop.signal });
    const usual = patient.execOutput({ ...options, signal: stop.signal });
    const hanging = patient.execOutput({ ...options, timeoutMs: 500 });
    await until(() => open === 3 && limits().length === 2);
    assert.deepEqual(limits(), [500, 120_000]);
    clock.advance(500);
    await assert.rejects(
      hanging,
      (error) => isWorkbenchError(error, 'timeout') && error.message.includes('still runs after 0.5 s'),
    );
    await until(() => open === 2);
    stop.abort();
    await Promise.all([fails(streaming, 'aborted'), fails(usual, 'aborted')]);
    patient.dispose();
  });

  it('takes fresh credentials once after 401', async () => {
    let token = 'old';
    const renewing = clientOf(server.url, {
      credentials: {
        get: () => Promise.resolve({ headers: { authorization: `Bearer ${token}` } }),
        invalidate: () => {
          token = 'new';
        },
      },
    });
    const upgrades = server.server.listeners('upgrade') as ((...args: unknown[]) => void)[];
    server.server.removeAllListeners('upgrade');
    server.server.on('upgrade', (request, socket, head) => {
      if (request.headers.authorization === 'Bearer new') upgrades[0]?.(request, socket, head);
      else socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
    });
    server.upgrade = (socket) => finish(socket);
    assert.equal(await renewing.exec(options), 0);
    renewing.dispose();
  });
});

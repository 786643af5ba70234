import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { sleep, systemClock, timeLimit } from '../../../src/base/clock.ts';
import { isAbort, isWorkbenchError, toWorkbenchError } from '../../../src/base/errors.ts';
import { clientOf } from '../kube/server.ts';

describe('time limits', () => {
  const late = (error: unknown): true => {
    const failure = toWorkbenchError(error, 'something else');
    assert.equal(isAbort(error), false, 'nobody cancelled it');
    assert.ok(isWorkbenchError(failure, 'timeout'));
    assert.equal(failure.message, 'cannot list deployments in ctx/ns: not done within 0.02 s');
    return true;
  };
  const limit = (): AbortSignal => timeLimit(20, 'list deployments in ctx/ns');

  it('say what took too long, not that it was cancelled, wherever the signal is heard', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const client = clientOf(server);
    try {
      await assert.rejects(sleep(systemClock, 60_000, limit()), late);
      await assert.rejects(client.json({ path: '/version', signal: limit() }), late);
      await assert.rejects(
        client.json({ path: '/version', signal: AbortSignal.any([limit(), new AbortController().signal]) }),
        late,
      );
      // Node's own words for any signal that fired.
      await assert.rejects(once(request(server, { signal: limit() }).end(), 'response'), late);
    } finally {
      client.dispose();
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('leave what a person cancels a cancellation', async () => {
    const cancel = new AbortController();
    const waiting = sleep(systemClock, 60_000, AbortSignal.any([cancel.signal, timeLimit(60_000, 'wait')]));
    cancel.abort();
    await assert.rejects(waiting, isAbort);
  });

  it('are made with words: the reason of AbortSignal.timeout has none', () => {
    const src = resolve(import.meta.dirname, '../../../src');
    const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.startsWith('demo/'),
    );
    assert.deepEqual(
      files.filter((name) => readFileSync(join(src, name), 'utf8').includes('AbortSignal.timeout(')),
      [],
    );
  });
});

import assert from 'node:assert/strict';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import type { KubeClient, LogOptions } from '../../../src/kube/types.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus } from './server.ts';

const never = new AbortController().signal;

describe('logs', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  const options: LogOptions = { namespace: 'ns', pod: 'p', container: 'c', signal: never };

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  async function texts(given: LogOptions): Promise<readonly string[]> {
    const lines: string[] = [];
    for await (const line of client.logs(given)) lines.push(line.text);
    return lines;
  }

  it('reads lines with their time, the last one without a newline too', async () => {
    server.handle = (_request, response, url) => {
      assert.equal(url.searchParams.get('timestamps'), 'true');
      assert.equal(url.searchParams.get('tailLines'), '5');
      response.end('2026-01-01T00:00:00.5Z first line\n2026-01-01T00:00:01Z \n2026-01-01T00:00:02Z last');
    };
    const lines = [];
    for await (const line of client.logs({ ...options, tailLines: 5 })) lines.push(line);
    assert.deepEqual(lines, [
      { time: '2026-01-01T00:00:00.5Z', text: 'first line' },
      { time: '2026-01-01T00:00:01Z', text: '' },
      { time: '2026-01-01T00:00:02Z', text: 'last' },
    ]);
  });

  it('follows over a cut and an early end without losing or doubling a line', async () => {
    const all = [
      '2026-01-01T00:00:00.9Z a', '2026-01-01T00:00:01.1Z b', '2026-01-01T00:00:01.1Z b', '2026-01-01T00:00:01.12Z c',
      '2026-01-01T00:00:01.12Z d', '2026-01-01T00:00:02Z e', '2026-01-01T00:00:03Z f',
    ];
    let reads = 0;
    let running = true;
    server.handle = (request, response, url) => {
      if (!url.pathname.endsWith('/log')) {
        sendJson(response, 200, pod('p', '1', { status: { containerStatuses: [{ name: 'c', state: running ? { running: {} } : { terminated: { exitCode: 0 } } }] } }));
        return;
      }
      reads += 1;
      const since = url.searchParams.get('sinceTime');
      // As the real server does: the time is rounded down to the second, and lines from then on come again.
      const second = since === null ? 0 : Math.floor(Date.parse(since) / 1000) * 1000;
      const lines = all.filter((line) => Date.parse(line.split(' ')[0] ?? '') >= second);
      if (reads === 1) {
        response.write(`${all.slice(0, 4).join('\n')}\n2026-01-01T00:00:01.12Z hal`);
        setTimeout(() => request.socket.destroy(), 10);
      } else if (reads === 2) {
        response.end(`${lines.filter((line) => !line.endsWith('f')).join('\n')}\n`);
      } else {
        running = false;
        response.end(`${lines.join('\n')}\n`);
      }
    };
    assert.deepEqual(await texts({ ...options, follow: true, tailLines: 100 }), ['a', 'b', 'b', 'c', 'd', 'e', 'f']);
    assert.equal(reads, 3);
  });

  it('ends when the pod is gone', async () => {
    let reads = 0;
    server.handle = (_request, response, url) => {
      if (!url.pathname.endsWith('/log')) sendStatus(response, 404, 'NotFound', { name: 'p', kind: 'pods' });
      else {
        reads += 1;
        response.end('2026-01-01T00:00:00Z only\n');
      }
    };
    assert.deepEqual(await texts({ ...options, follow: true }), ['only']);
    assert.equal(reads, 1);
  });

  it('tells what the server refuses', async () => {
    server.handle = (_request, response) => sendStatus(response, 404, 'NotFound', { name: 'p', kind: 'pods' });
    await assert.rejects(texts({ ...options, follow: true }), (error) => isWorkbenchError(error, 'not-found'));
  });

  it('ends when cancelled', async () => {
    server.handle = (_request, response) => void response.write('2026-01-01T00:00:00Z x\n');
    const cancel = new AbortController();
    const read = (async () => {
      for await (const _line of client.logs({ ...options, follow: true, signal: cancel.signal })) cancel.abort();
    })();
    await assert.rejects(read, (error) => isWorkbenchError(error, 'aborted'));
  });
});

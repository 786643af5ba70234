import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { isWorkbenchError, type ErrorCode } from '../../../src/base/errors.ts';
import {
  EXEC_OUTPUT,
  JSON_ANSWER,
  LOG_LINE_BYTES,
  MESSAGE_BYTES,
  OBJECT,
  POD_ANSWER,
  REFUSAL_BYTES,
} from '../../../src/kube/limits.ts';
import { podHttp } from '../../../src/kube/streams/pod-http.ts';
import { Pods } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { LogLine } from '../../../src/kube/streams/types.ts';
import type { WatchState } from '../../../src/kube/watch/types.ts';
import { clientOf, until } from './server.ts';

const never = new AbortController().signal;
/** What sockets and streams on both sides hold beside what was read. */
const ON_THE_WAY = 24 * 1024 * 1024;

describe('a server or pod that never stops sending', () => {
  let server: ChildProcess;
  let url: string;
  let client: KubeClient;

  beforeEach(async () => {
    server = fork(join(import.meta.dirname, '../../support/flood.ts'));
    const [port] = (await once(server, 'message')) as [number];
    url = `http://127.0.0.1:${port}`;
    client = clientOf(url);
  });
  afterEach(async () => {
    client.dispose();
    server.kill('SIGKILL');
    await once(server, 'exit');
  });

  /** The call ends by itself, with its code, after the server got rid of no more than this. */
  async function ends(call: Promise<unknown>, code: ErrorCode, bytes: number): Promise<void> {
    await assert.rejects(call, (error) => isWorkbenchError(error, code) && error.hint !== undefined);
    const sent = Number(await (await fetch(`${url}/sent`)).text());
    assert.ok(sent <= bytes + ON_THE_WAY, `${sent} bytes were sent`);
  }

  const pod = (name: string): Promise<unknown> => client.get(Pods, 'ns', name, never);
  const exec = (name: string): Promise<unknown> =>
    client.execOutput({ namespace: 'ns', pod: name, command: ['cat', '/dev/zero'], signal: never });

  it('of a JSON answer no more is read than any object has', () =>
    ends(pod('flood-json'), 'too-large', JSON_ANSWER.bytes));
  it('a compressed answer is measured as what it becomes', () =>
    ends(pod('flood-gzip'), 'too-large', JSON_ANSWER.bytes));
  it('of a refusal the beginning is read', () => ends(pod('flood-refused'), 'conflict', REFUSAL_BYTES));
  it('of a compressed refusal too', () => ends(pod('flood-refused-gzip'), 'conflict', REFUSAL_BYTES));
  it('an object of a list ends the list', () =>
    ends(client.list(Pods, { namespace: 'ns', signal: never }), 'too-large', OBJECT.bytes));
  it('a list of too many objects ends', () =>
    ends(client.list(Pods, { namespace: 'ns', labelSelector: 'items', signal: never }), 'too-large', 3_000_000));
  it('the output of a command is collected up to a limit', () =>
    ends(exec('flood-exec'), 'too-large', EXEC_OUTPUT.bytes));
  it('a message of a WebSocket has a longest length', () =>
    ends(exec('flood-message'), 'connection-lost', MESSAGE_BYTES));
  it('of a refused WebSocket the beginning is read', () => ends(exec('flood-upgrade'), 'forbidden', REFUSAL_BYTES));
  it('of what a server in a pod answers no more is read than such a server says', () =>
    ends(
      podHttp(client, {
        namespace: 'ns',
        pod: 'flood-pod',
        port: 80,
        path: '/v1/models',
        timeoutMs: 60_000,
        signal: never,
      }),
      'too-large',
      POD_ANSWER.bytes,
    ));

  it('a line of a log is cut, says so, and the next one is read', async () => {
    const lines: LogLine[] = [];
    for await (const line of client.logs({ namespace: 'ns', pod: 'flood-log', signal: never })) {
      lines.push(line);
      if (line.text.startsWith('last')) break;
    }
    assert.deepEqual(
      lines.map(({ time }) => time),
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z', '2026-01-01T00:00:02Z'],
    );
    assert.ok(Buffer.byteLength(lines[1]?.text ?? '') < LOG_LINE_BYTES + 100);
    assert.equal(
      lines[1]?.text.replace(/^x+/, ''),
      ` [${2_000_000 + 21 - LOG_LINE_BYTES} bytes more of this line are left out]`,
    );
  });

  it('an event that does not end makes a watch begin anew, and say so', async () => {
    const states: WatchState[] = [];
    const watching = client.watch({
      resource: Pods,
      namespace: 'ns',
      labelSelector: 'events',
      project: (object) => object,
      sink: { replace() {}, set() {}, delete() {}, state: (state) => states.push(state) },
    });
    try {
      await until(() => states.some((state) => state.kind === 'stale'));
      const stale = states.find((state) => state.kind === 'stale');
      assert.match(stale?.error.message ?? '', /does not end after/);
    } finally {
      watching.dispose();
    }
  });
});

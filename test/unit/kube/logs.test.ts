import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import type { LogLine, LogOptions } from '../../../src/kube/streams/types.ts';
import { PatientClock } from './patient-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus } from './server.ts';

const never = new AbortController().signal;

function runningPod(restarts = 0, uid = 'uid-p'): KubeObject {
  return podIn({ running: {} }, restarts, uid);
}

function podIn(state: object, restarts = 0, uid = 'uid-p'): KubeObject {
  const made = pod('p', '1', {
    status: {
      containerStatuses: [
        { name: 'sidecar', restartCount: 7, state: { running: {} } },
        { name: 'c', restartCount: restarts, state },
      ],
    },
  });
  return { ...made, metadata: { ...made.metadata, uid } };
}

const ended = (restarts = 0): KubeObject => podIn({ terminated: { exitCode: 0 } }, restarts);

describe('logs', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  /** The pod as the API server shows it; undefined: it is gone. */
  let shown: KubeObject | undefined;
  /** Answers the reads of the log, in their order. */
  let reads: ((response: ServerResponse, url: URL) => void)[];
  const options: LogOptions = { namespace: 'ns', pod: 'p', container: 'c', signal: never };
  const following: LogOptions = { ...options, follow: true };

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start(), {}, new PatientClock());
    shown = runningPod();
    reads = [];
    server.handle = (_request, response, url) => {
      if (url.pathname.endsWith('/log')) (reads.shift() ?? unexpected)(response, url);
      else if (shown === undefined) sendStatus(response, 404, 'NotFound', { name: 'p', kind: 'pods' });
      else sendJson(response, 200, shown);
    };
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  async function linesOf(given: LogOptions): Promise<readonly LogLine[]> {
    const lines: LogLine[] = [];
    for await (const line of client.logs(given)) lines.push(line);
    return lines;
  }

  /** Texts; a gap as its kind in brackets. */
  async function texts(given: LogOptions): Promise<readonly string[]> {
    return (await linesOf(given)).map((line) => (line.gap === undefined ? line.text : `[${line.gap}]`));
  }

  const unexpected = (response: ServerResponse): void =>
    sendStatus(response, 410, 'Gone', {}, 'more reads than the test foresaw');
  const send =
    (...lines: readonly string[]) =>
    (response: ServerResponse): void =>
      void response.end(lines.map((line) => `${line}\n`).join(''));
  const logReads = (): URL[] =>
    server.requests.filter(({ url }) => url.pathname.endsWith('/log')).map(({ url }) => url);

  it('reads lines with their time, the last one without a newline too', async () => {
    reads = [
      (response) => response.end('2026-01-01T00:00:00.5Z first line\n2026-01-01T00:00:01Z \n2026-01-01T00:00:02Z last'),
    ];
    assert.deepEqual(await linesOf({ ...options, tailLines: 5 }), [
      { time: '2026-01-01T00:00:00.5Z', text: 'first line' },
      { time: '2026-01-01T00:00:01Z', text: '' },
      { time: '2026-01-01T00:00:02Z', text: 'last' },
    ]);
    assert.equal(logReads()[0]?.searchParams.get('timestamps'), 'true');
    assert.equal(logReads()[0]?.searchParams.get('tailLines'), '5');
  });

  it('goes on after a cut in the middle of a line, and after an early end', async () => {
    reads = [
      (response) => {
        response.write('2026-01-01T00:00:00Z a\n2026-01-01T00:00:01.12Z b\n2026-01-01T00:00:01.2Z hal');
        setTimeout(() => response.socket?.destroy(), 10);
      },
      (response) =>
        response.end('2026-01-01T00:00:01.12Z b\n2026-01-01T00:00:01.2Z half and whole\n2026-01-01T00:00:02Z cut clea'),
      (response, url) => {
        shown = ended();
        assert.equal(url.searchParams.get('sinceTime'), '2026-01-01T00:00:00.200Z');
        assert.equal(url.searchParams.get('tailLines'), null);
        response.end(
          '2026-01-01T00:00:01.12Z b\n2026-01-01T00:00:01.2Z half and whole\n2026-01-01T00:00:02Z cut cleanly\n',
        );
      },
      send('2026-01-01T00:00:02Z cut cleanly', '2026-01-01T00:00:03Z last words'),
    ];
    assert.deepEqual(await texts({ ...following, tailLines: 100 }), [
      'a',
      'b',
      'half and whole',
      'cut cleanly',
      'last words',
    ]);
    assert.equal(logReads().at(-1)?.searchParams.get('follow'), null, 'the end is read whole');
  });

  it('shows where lines may be missing after a rotation, and nothing where none is', async () => {
    reads = [
      send('2026-01-01T00:00:01Z a'),
      send('2026-01-01T00:00:05Z e', '2026-01-01T00:00:06Z f'),
      (response) => {
        shown = ended();
        send('2026-01-01T00:00:06Z f', '2026-01-01T00:00:07Z g')(response);
      },
      send('2026-01-01T00:00:07Z g'),
    ];
    const lines = await linesOf(following);
    assert.deepEqual(
      lines.map((line) => line.gap ?? line.text),
      ['a', 'rotated', 'e', 'f', 'g'],
    );
    assert.match(lines[1]?.text ?? '', /lines may be missing between 2026-01-01T00:00:01Z and 2026-01-01T00:00:05Z/);
  });

  it('tells after a rotation what was written at the stamp where it had come to', async () => {
    reads = [
      send('2026-01-01T00:00:01Z a'),
      (response) => {
        shown = ended();
        send('2026-01-01T00:00:01Z b', '2026-01-01T00:00:02Z c')(response);
      },
      send('2026-01-01T00:00:02Z c'),
    ];
    assert.deepEqual(await texts(following), ['a', '[rotated]', 'b', 'c']);
  });

  it('waits for a container that has not started', async () => {
    shown = podIn({ waiting: { reason: 'ContainerCreating' } });
    let looks = 0;
    const answer = server.handle;
    server.handle = (request, response, url) => {
      if (!url.pathname.endsWith('/log') && (looks += 1) === 3) shown = runningPod();
      answer(request, response, url);
    };
    reads = [
      (response) => {
        shown = ended();
        send('2026-01-01T00:00:01Z a')(response);
      },
      send('2026-01-01T00:00:01Z a'),
    ];
    assert.deepEqual(await texts(following), ['a']);
    assert.ok(looks > 3);
  });

  it('ends with its run: the rest of it comes from the log before the restart', async () => {
    reads = [
      (response) => {
        shown = runningPod(1);
        send('2026-01-01T00:00:01Z a')(response);
      },
      (response, url) => {
        assert.equal(url.searchParams.get('previous'), 'true');
        send('2026-01-01T00:00:01Z a', '2026-01-01T00:00:02Z its last words')(response);
      },
    ];
    assert.deepEqual(await texts(following), ['a', 'its last words']);
  });

  it('takes the lines of the next run for no rotation, though the pod tells of it late', async () => {
    let looks = 0;
    const answer = server.handle;
    const restartedAfter = (more: number): void => {
      looks = 0;
      server.handle = (request, response, url) => {
        if (!url.pathname.endsWith('/log') && (looks += 1) > more) shown = runningPod(1);
        answer(request, response, url);
      };
    };
    const next = send('2026-01-01T00:00:05Z the next run begins');
    const before = (response: ServerResponse, url: URL): void => {
      assert.equal(url.searchParams.get('previous'), 'true');
      send('2026-01-01T00:00:01Z a', '2026-01-01T00:00:02Z its last words')(response);
    };
    reads = [
      (response) => {
        restartedAfter(2);
        send('2026-01-01T00:00:01Z a')(response);
      },
      next,
      before,
    ];
    assert.deepEqual(await texts(following), ['a', 'its last words'], 'while it was thought to run');
    server.handle = answer;
    shown = runningPod();
    reads = [
      (response) => {
        shown = ended();
        restartedAfter(1);
        send('2026-01-01T00:00:01Z a')(response);
      },
      next,
      before,
    ];
    assert.deepEqual(await texts(following), ['a', 'its last words'], 'when it had ended');
  });

  it('marks the end of a run whose log is gone', async () => {
    const cutAfter =
      (line: string, then: KubeObject | undefined) =>
      (response: ServerResponse): void => {
        shown = then;
        response.write(`${line}\n`);
        setTimeout(() => response.socket?.destroy(), 10);
      };
    reads = [cutAfter('2026-01-01T00:00:01Z a', runningPod(1)), (response) => sendStatus(response, 400, 'BadRequest')];
    assert.deepEqual(await texts(following), ['a', '[restarted]']);
    shown = runningPod();
    reads = [cutAfter('2026-01-01T00:00:01Z a', runningPod(5))];
    assert.deepEqual(await texts(following), ['a', '[pod-gone]']);
    shown = runningPod();
    reads = [cutAfter('2026-01-01T00:00:01Z a', runningPod(0, 'another pod of that name'))];
    assert.deepEqual(await texts(following), ['a', '[pod-gone]']);
    shown = runningPod();
    reads = [cutAfter('2026-01-01T00:00:01Z a', undefined)];
    assert.deepEqual(await texts(following), ['a', '[pod-gone]']);
    shown = runningPod();
    reads = [
      (response) => {
        shown = undefined;
        send('2026-01-01T00:00:01Z a')(response);
      },
    ];
    assert.deepEqual(await texts(following), ['a'], 'a stream that came to its end is whole');
  });

  it('follows without the right to read pods', async () => {
    const answer = server.handle;
    server.handle = (request, response, url) =>
      url.pathname.endsWith('/log')
        ? answer(request, response, url)
        : sendStatus(response, 403, 'Forbidden', { name: 'p', kind: 'pods' });
    reads = [
      (response) => {
        response.write('2026-01-01T00:00:01Z a\n');
        setTimeout(() => response.socket?.destroy(), 10);
      },
      send('2026-01-01T00:00:01Z a', '2026-01-01T00:00:02Z b'),
      send('2026-01-01T00:00:02Z b'),
    ];
    assert.deepEqual(await texts(following), ['a', 'b']);
  });

  it('tells what the server refuses', async () => {
    shown = undefined;
    reads = [(response) => sendStatus(response, 404, 'NotFound', { name: 'p', kind: 'pods' })];
    await assert.rejects(texts(following), (error) => isWorkbenchError(error, 'not-found'));
  });

  it('fails at once where the server cannot be reached', async () => {
    await server.stop();
    await assert.rejects(texts(following), (error) => isWorkbenchError(error, 'cluster-unreachable'));
  });

  it('ends when cancelled', async () => {
    reads = [(response) => void response.write('2026-01-01T00:00:00Z x\n')];
    const cancel = new AbortController();
    const read = (async () => {
      for await (const _line of client.logs({ ...following, signal: cancel.signal })) cancel.abort();
    })();
    await assert.rejects(read, (error) => isWorkbenchError(error, 'aborted'));
  });
});

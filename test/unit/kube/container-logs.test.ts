import assert from 'node:assert/strict';
import { followContainer, type LogEvent } from '../../../src/kube/streams/container-logs.ts';
import { PatientClock } from './patient-clock.ts';
import { ManualClock } from './manual-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus, until } from './server.ts';

const never = new AbortController().signal;

describe('a container that is followed through its restarts', () => {
  let server: ScriptedServer;

  beforeEach(async () => {
    server = new ScriptedServer();
    await server.start();
  });

  afterEach(() => server.stop());

  const state = (status: object, restartCount: number, uid = 'first', phase = 'Running'): object => {
    const made = pod('p', '1', { status: { phase, containerStatuses: [{ name: 'c', restartCount, ...status }] } });
    return { ...made, metadata: { ...made.metadata, uid } };
  };
  const running = (restarts: number, uid?: string): object => state({ state: { running: {} } }, restarts, uid);
  const crashed = (restarts: number, uid?: string): object =>
    state(
      {
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
      },
      restarts,
      uid,
    );

  /** Shows the pod's states one after another, the last one for ever; the log is one line, always the same one. */
  function serve(states: readonly (object | 'gone')[]): void {
    let looks = 0;
    server.handle = (_request, response, url) => {
      const shown = states[Math.min(looks, states.length - 1)];
      if (url.pathname.endsWith('/log')) {
        response.end('2026-01-01T00:00:00Z line\n');
        return;
      }
      looks += 1;
      if (shown === 'gone') sendStatus(response, 404, 'NotFound', { name: 'p', kind: 'pods' });
      else sendJson(response, 200, shown);
    };
  }

  async function events(): Promise<readonly LogEvent[]> {
    const client = clientOf(server.url, {}, new PatientClock());
    const found: LogEvent[] = [];
    try {
      for await (const event of followContainer(
        client,
        { namespace: 'ns', pod: 'p', container: 'c', tailLines: 7, signal: never },
        new PatientClock(),
      ))
        found.push(event);
    } finally {
      client.dispose();
    }
    return found;
  }

  const kinds = (found: readonly LogEvent[]): string[] =>
    found.map((event) =>
      event.kind === 'line'
        ? (event.line.gap ?? event.line.text)
        : event.kind === 'ended'
          ? `ended ${event.exit ?? ''}`
          : event.kind === 'started'
            ? event.again
            : event.why,
    );

  it('tells how each run ended, and goes on with the next one from its beginning', async () => {
    serve([
      running(0),
      running(0),
      crashed(0),
      crashed(0),
      crashed(0),
      running(1),
      running(1),
      running(1),
      state({ state: { terminated: { exitCode: 0, reason: 'Completed' } } }, 1, 'first', 'Succeeded'),
    ]);
    const found = kinds(await events());
    assert.deepEqual(
      found.filter((kind) => !kind.startsWith('line')),
      ['ended exit code 137, OOMKilled', 'restarted', 'ended exit code 0, Completed', 'completed'],
    );
    const tails = server.requests
      .filter(({ url }) => url.pathname.endsWith('/log'))
      .map(({ url }) => url.searchParams.get('tailLines'));
    assert.equal(tails[0], '7');
    assert.ok(
      tails.slice(1).every((tail) => tail === null),
      'a run that begins is read from its beginning',
    );
    assert.ok(found.slice(found.indexOf('restarted')).includes('line'), found.join(', '));
  });

  it('goes on with a pod that is made anew under its name', async () => {
    serve([
      running(0),
      running(0),
      'gone',
      'gone',
      state({ state: { waiting: { reason: 'ContainerCreating' } } }, 0, 'second'),
      running(0, 'second'),
      running(0, 'second'),
      running(0, 'second'),
      state({ state: { terminated: { exitCode: 1 } } }, 0, 'second', 'Failed'),
    ]);
    const found = kinds(await events());
    assert.deepEqual(
      found.filter((kind) => !kind.startsWith('line')),
      ['ended ', 'pod made anew', 'ended exit code 1', 'completed'],
    );
  });

  it('reads a run that was over before it was seen, and counts those that left no log', async () => {
    serve([
      running(0),
      running(0),
      crashed(0),
      crashed(0),
      crashed(3),
      crashed(3),
      crashed(3),
      crashed(3),
      crashed(3),
      running(4),
      running(4),
      running(4),
      state({ state: { terminated: { exitCode: 0 } } }, 4, 'first', 'Succeeded'),
    ]);
    const started = (await events()).filter((event) => event.kind === 'started');
    assert.deepEqual(
      started.map(({ missed }) => missed),
      [2, 0],
    );
  });

  it('gives up after some minutes without a new run', async () => {
    serve([running(0), running(0), 'gone']);
    const clock = new ManualClock();
    const client = clientOf(server.url, {}, new PatientClock());
    const found: LogEvent[] = [];
    const reading = (async () => {
      for await (const event of followContainer(
        client,
        { namespace: 'ns', pod: 'p', container: 'c', signal: never },
        clock,
      ))
        found.push(event);
    })();
    let done = false;
    const ending = reading.finally(() => {
      done = true;
    });
    await until(() => {
      clock.advance(2000);
      return done;
    });
    await ending;
    client.dispose();
    assert.deepEqual(kinds(found).slice(-2), ['ended ', 'pod gone']);
  });

  it('says that it cannot tell where pods may not be read', async () => {
    server.handle = (_request, response, url) =>
      url.pathname.endsWith('/log')
        ? response.end('2026-01-01T00:00:00Z line\n')
        : sendStatus(response, 403, 'Forbidden', { name: 'p', kind: 'pods' });
    assert.deepEqual(kinds(await events()), ['line', 'ended ', 'not told']);
  });
});

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import * as fc from 'fast-check';
import type { LogLine } from '../../../src/kube/streams/types.ts';
import { PatientClock } from './patient-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson } from './server.ts';

const never = new AbortController().signal;
const START = Date.parse('2026-01-01T00:00:00Z');

interface Written {
  /** Milliseconds after the start; many share a second, some a stamp, and some come a little out of order. */
  readonly ms: number;
  readonly text: string;
}

/** How one connection to the log goes: what the container writes before it, what is rotated away, and how it ends. */
interface Connection {
  readonly writes: number;
  /** Of the lines in the file, how many the rotation takes. */
  readonly rotates: number;
  /** How many lines it carries before it ends, and how. */
  readonly carries: number;
  readonly ends: 'cut in a line' | 'ended in a line' | 'cut' | 'ended';
}

const stamp = ({ ms }: Written): string => `${new Date(START + ms).toISOString().slice(0, -1)}000000Z`;
const lineOf = (written: Written): string => `${stamp(written)} ${written.text}`;

/** A kubelet's log endpoint over a file that grows, is rotated and badly connected. */
class LogServer {
  readonly #all: readonly Written[];
  readonly #connections: Connection[];
  #from = 0;
  #to = 0;

  constructor(all: readonly Written[], connections: readonly Connection[]) {
    this.#all = all;
    this.#connections = [...connections];
  }

  get running(): boolean {
    return this.#connections.length > 0;
  }

  answer(response: ServerResponse, url: URL): void {
    const connection = this.#connections.shift();
    this.#to = connection === undefined ? this.#all.length : Math.min(this.#all.length, this.#to + connection.writes);
    this.#from = Math.min(this.#to, this.#from + (connection?.rotates ?? 0));
    const since = url.searchParams.get('sinceTime');
    // Whole seconds, rounded down, as the API server hands it to the kubelet; the kubelet looks at every line by itself.
    const second = since === null ? Number.NEGATIVE_INFINITY : Math.floor(Date.parse(since) / 1000) * 1000;
    const lines = this.#all
      .slice(this.#from, this.#to)
      .filter(({ ms }) => START + ms >= second)
      .map(lineOf);
    if (connection === undefined) {
      response.end(lines.map((line) => `${line}\n`).join(''));
      return;
    }
    const carried = lines.slice(0, connection.carries);
    const half = lines[connection.carries]?.slice(0, 34) ?? '';
    const text = carried.map((line) => `${line}\n`).join('') + (connection.ends.endsWith('in a line') ? half : '');
    if (connection.ends.startsWith('ended')) response.end(text);
    else response.write(text, () => setImmediate(() => response.socket?.destroy()));
  }
}

async function follow(all: readonly Written[], connections: readonly Connection[]): Promise<readonly LogLine[]> {
  const server = new ScriptedServer();
  const log = new LogServer(all, connections);
  server.handle = (_request, response, url) => {
    if (url.pathname.endsWith('/log')) log.answer(response, url);
    else
      sendJson(
        response,
        200,
        pod('p', '1', {
          status: {
            containerStatuses: [
              { name: 'c', restartCount: 0, state: log.running ? { running: {} } : { terminated: { exitCode: 0 } } },
            ],
          },
        }),
      );
  };
  const client = clientOf(await server.start(), {}, new PatientClock());
  try {
    const lines: LogLine[] = [];
    for await (const line of client.logs({ namespace: 'ns', pod: 'p', container: 'c', follow: true, signal: never }))
      lines.push(line);
    return lines;
  } finally {
    client.dispose();
    await server.stop();
  }
}

const ends = fc.constantFrom<Connection['ends'][]>('cut in a line', 'ended in a line', 'cut', 'ended');

function connections(rotates: fc.Arbitrary<number>): fc.Arbitrary<Connection[]> {
  // The first one tells of a connection at all; a cut before any byte would be a failure to connect.
  return fc
    .array(fc.record({ writes: fc.nat(6), rotates, carries: fc.nat(8), ends }), { minLength: 1, maxLength: 6 })
    .map(([first, ...others]) => [{ ...(first as Connection), rotates: 0, ends: 'ended' as const }, ...others]);
}

describe('a log that is followed over a bad connection', () => {
  it('loses nothing and doubles nothing, though stamps and texts repeat', async () => {
    // Steps of time that never go back: identical lines at one stamp are among them.
    const growing = fc
      .array(fc.record({ step: fc.constantFrom(0, 0, 1, 300, 900, 2500), text: fc.constantFrom('a', 'b', 'c') }), {
        maxLength: 25,
      })
      .map((steps) => {
        let ms = 0;
        return steps.map(({ step, text }) => ({ ms: (ms += step), text }));
      });
    await fc.assert(
      fc.asyncProperty(growing, connections(fc.constant(0)), async (all, conditions) => {
        const lines = await follow(all, conditions);
        assert.deepEqual(
          lines.map(({ time, text, gap }) => gap ?? `${time} ${text}`),
          all.map(lineOf),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('finds its place though two writers stamp a little out of order', async () => {
    const jittered = fc
      .array(fc.nat(4), { maxLength: 20 })
      .map((jitters) => jitters.map((jitter, index) => ({ ms: 100 * index + 100 * jitter, text: `line ${index}` })));
    await fc.assert(
      fc.asyncProperty(jittered, connections(fc.constant(0)), async (all, conditions) => {
        const lines = await follow(all, conditions);
        assert.deepEqual(
          lines.map(({ text, gap }) => gap ?? text),
          all.map(({ text }) => text),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('marks what a rotation may have taken, and loses nothing else', async () => {
    const numbered = fc.array(fc.constantFrom(0, 1, 400, 1700), { minLength: 1, maxLength: 25 }).map((steps) => {
      let ms = 0;
      return steps.map((step, index) => ({ ms: (ms += step), text: `line ${index}` }));
    });
    await fc.assert(
      fc.asyncProperty(numbered, connections(fc.nat(6)), async (all, conditions) => {
        const lines = await follow(all, conditions);
        let before = -1;
        let marked = false;
        for (const { text, gap } of lines) {
          if (gap !== undefined) {
            assert.equal(gap, 'rotated');
            assert.ok(!marked && before >= 0, 'a gap is between two lines');
            marked = true;
            continue;
          }
          const index = Number(text.slice('line '.length));
          assert.ok(index > before, `line ${index} after line ${before}`);
          // A log that begins late was rotated before we came: nothing was promised of that.
          if (before >= 0 && index > before + 1)
            assert.ok(marked, `lines ${before + 1} to ${index - 1} are missing without a word`);
          before = index;
          marked = false;
        }
        assert.ok(!marked);
      }),
      { numRuns: 80 },
    );
  });
});

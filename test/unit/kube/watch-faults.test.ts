import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import * as fc from 'fast-check';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { Pods } from '../../../src/kube/resources.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus, until } from './server.ts';

/** Waits are a hundred times as short, so that back-off does not make the test long. */
const hastyClock: Clock = { ...systemClock, setTimer: (ms, fire) => systemClock.setTimer(ms / 100, fire) };

interface Event {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly name: string;
  readonly version: number;
}

/** A server that keeps objects and their history as the real one does, and fails as it is told to. */
class HistoryServer {
  readonly http = new ScriptedServer();
  readonly objects = new Map<string, number>();
  readonly #history: Event[] = [];
  readonly #watches = new Set<ServerResponse>();
  #version = 0;
  #oldest = 0;
  /** Answers to come, one a request, before the server does as it should. */
  readonly faults: ((response: ServerResponse, watching: boolean) => boolean)[] = [];

  constructor() {
    this.http.handle = (_request, response, url) => {
      const watching = url.searchParams.get('watch') !== null;
      const fault = this.faults.shift();
      if (fault?.(response, watching) === true) return;
      if (watching) this.#watch(response, Number(url.searchParams.get('resourceVersion')));
      else this.#list(response, Number(url.searchParams.get('continue') ?? 0));
    };
  }

  change(name: string, remove: boolean): void {
    this.#version += 1;
    const known = this.objects.has(name);
    if (remove && !known) return;
    const event: Event = { type: remove ? 'DELETED' : known ? 'MODIFIED' : 'ADDED', name, version: this.#version };
    if (remove) this.objects.delete(name);
    else this.objects.set(name, this.#version);
    this.#history.push(event);
    for (const response of this.#watches) response.write(line(event));
  }

  /** Ends every watch in the way given: in order, cut, or in the middle of an event. */
  breakWatches(how: 'end' | 'cut' | 'half'): void {
    for (const response of this.#watches) {
      if (how === 'half') response.write(line({ type: 'ADDED', name: 'ghost', version: 0 }).slice(0, 30));
      if (how === 'cut') response.socket?.destroy();
      else response.end();
    }
    this.#watches.clear();
  }

  compact(): void {
    this.#oldest = this.#version;
    this.breakWatches('cut');
  }

  #list(response: ServerResponse, start: number): void {
    const all = [...this.objects];
    const end = start + 2;
    sendJson(response, 200, {
      metadata: { resourceVersion: String(this.#version), ...(end < all.length ? { continue: String(end) } : {}) },
      items: all.slice(start, end).map(([name, version]) => pod(name, String(version))),
    });
  }

  #watch(response: ServerResponse, from: number): void {
    if (from < this.#oldest) {
      sendStatus(response, 410, 'Expired');
      return;
    }
    response.writeHead(200);
    response.flushHeaders();
    for (const event of this.#history) if (event.version > from) response.write(line(event));
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }
}

function line(event: Event): string {
  return `${JSON.stringify({ type: event.type, object: pod(event.name, String(event.version)) })}\n`;
}

type Step =
  | { readonly kind: 'change'; readonly name: string; readonly remove: boolean }
  | { readonly kind: 'break'; readonly how: 'end' | 'cut' | 'half' }
  | { readonly kind: 'compact' }
  | { readonly kind: 'refuse'; readonly status: 401 | 403 | 404 | 410 | 429 | 500 | 503 }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'pause' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      remove: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('break' as const),
      how: fc.constantFrom('end' as const, 'cut' as const, 'half' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('refuse' as const),
      status: fc.constantFrom(
        401 as const,
        403 as const,
        404 as const,
        410 as const,
        429 as const,
        500 as const,
        503 as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('garbage' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
);

async function play(server: HistoryServer, steps: readonly Step[]): Promise<void> {
  for (const one of steps) {
    switch (one.kind) {
      case 'change':
        server.change(one.name, one.remove);
        break;
      case 'break':
        server.breakWatches(one.how);
        break;
      case 'compact':
        server.compact();
        break;
      case 'refuse':
        server.faults.push((response) => {
          sendStatus(response, one.status, 'Fault');
          return true;
        });
        break;
      case 'garbage':
        server.faults.push((response, watching) => {
          response.end(watching ? 'no event\n' : '{"items":[{"met');
          return true;
        });
        break;
      case 'pause':
        await new Promise((resolve) => setTimeout(resolve, 4));
        break;
    }
  }
}

describe('watch under faults', () => {
  it('holds what a fresh list would hold, whatever happened before', async function faults() {
    this.timeout(30_000);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const server = new HistoryServer();
        const client = clientOf(await server.http.start(), {}, hastyClock);
        const seen = new Map<string, string>();
        let state = '';
        client.watch<string>({
          resource: Pods,
          namespace: 'ns',
          project: (object) => object.metadata.resourceVersion,
          sink: {
            replace: (items) => {
              seen.clear();
              for (const [key, item] of items) seen.set(key, item);
            },
            set: (key, item) => void seen.set(key, item),
            delete: (key) => void seen.delete(key),
            state: (told) => {
              state = told.kind;
            },
          },
        });
        try {
          await play(server, steps);
          server.faults.length = 0;
          server.change('last', false);
          const expected = new Map([...server.objects].map(([name, version]) => [`ns/${name}`, String(version)]));
          await until(() => state === 'live' && seen.get('ns/last') === expected.get('ns/last'));
          assert.deepEqual(Object.fromEntries(seen), Object.fromEntries(expected));
        } finally {
          client.dispose();
          await server.http.stop();
        }
      }),
      { numRuns: 40 },
    );
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Pods } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import type { WatchState } from '../../../src/kube/watch/types.ts';
import { ManualClock } from './manual-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus, until } from './server.ts';

/** Keeps what a watch told, as the inventory does. */
class Recorder {
  readonly items = new Map<string, string>();
  readonly states: WatchState[] = [];
  replaced = 0;

  start(client: KubeClient): { dispose(): void } {
    return client.watch<string>({
      resource: Pods,
      namespace: 'ns',
      project: (object: KubeObject) => {
        if (object.metadata.name === 'cursed') throw new Error('no shape that anybody knows');
        return object.metadata.name === 'hidden' ? undefined : object.metadata.resourceVersion;
      },
      sink: {
        replace: (items) => {
          this.replaced += 1;
          this.items.clear();
          for (const [key, item] of items) this.items.set(key, item);
        },
        set: (key, item) => void this.items.set(key, item),
        delete: (key) => void this.items.delete(key),
        state: (state) => void this.states.push(state),
      },
    });
  }

  get state(): string {
    return this.states.at(-1)?.kind ?? 'none';
  }
}

describe('watch supervisor', () => {
  let server: ScriptedServer;
  let client: KubeClient;
  let recorder: Recorder;
  /** Watches that the server holds open, oldest first. */
  let watches: { readonly response: ServerResponse; readonly version: string | null }[];
  let listed: { version: string; items: KubeObject[] };

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
    recorder = new Recorder();
    watches = [];
    listed = { version: '10', items: [pod('a', '1'), pod('hidden', '2')] };
    server.handle = (_request, response, url) => {
      if (url.searchParams.get('watch') === null) {
        sendJson(response, 200, { metadata: { resourceVersion: listed.version }, items: listed.items });
        return;
      }
      assert.equal(url.searchParams.get('allowWatchBookmarks'), 'true');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      watches.push({ response, version: url.searchParams.get('resourceVersion') });
    };
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  function tell(type: string, object: unknown): void {
    watches.at(-1)?.response.write(`${JSON.stringify({ type, object })}\n`);
  }

  it("lists, goes live, and follows changes from the list's version", async () => {
    recorder.start(client);
    await until(() => recorder.state === 'live');
    assert.deepEqual(
      recorder.states.map((state) => state.kind),
      ['connecting', 'live'],
    );
    assert.equal(watches[0]?.version, '10');
    tell('ADDED', pod('b', '11'));
    tell('MODIFIED', pod('a', '12'));
    await until(() => recorder.items.get('ns/a') === '12');
    assert.deepEqual(
      [...recorder.items],
      [
        ['ns/a', '12'],
        ['ns/b', '11'],
      ],
    );
    tell('DELETED', pod('b', '13'));
    await until(() => !recorder.items.has('ns/b'));
  });

  it('takes an event that arrives in pieces, cut inside a character', async () => {
    recorder.start(client);
    await until(() => watches.length === 1);
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: pod('c', '11', { note: 'Größe' }) })}\n`);
    const middle = bytes.indexOf(0xc3) + 1;
    watches[0]?.response.write(bytes.subarray(0, middle));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(recorder.items.has('ns/c'), false);
    watches[0]?.response.write(bytes.subarray(middle));
    await until(() => recorder.items.has('ns/c'));
  });

  it('goes on after a dropped connection from the last version it heard, bookmarks included', async () => {
    recorder.start(client);
    await until(() => watches.length === 1);
    tell('ADDED', pod('b', '11'));
    tell('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '20' } });
    await until(() => recorder.items.has('ns/b'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.cutAll();
    await until(() => watches.length === 2);
    assert.equal(watches[1]?.version, '20');
    await until(() => recorder.state === 'live');
    assert.ok(
      recorder.states.some((state) => state.kind === 'stale'),
      'the break was told',
    );
    assert.equal(recorder.replaced, 1, 'nothing was listed again');
  });

  it('goes on after 429 from the last version it heard: the busy are spared a list', async () => {
    recorder.start(client);
    await until(() => watches.length === 1);
    tell('ADDED', pod('b', '11'));
    await until(() => recorder.items.has('ns/b'));
    const handle = server.handle;
    let refused = 0;
    server.handle = (_request, response) => {
      refused += 1;
      sendStatus(response, 429, 'TooManyRequests');
    };
    watches[0]?.response.destroy();
    await until(() => refused === 2);
    server.handle = handle;
    await until(() => watches.length === 2);
    assert.equal(watches[1]?.version, '11');
    assert.equal(recorder.replaced, 1);
  });

  it('lists again after 410 without emptying what it shows', async () => {
    recorder.start(client);
    await until(() => watches.length === 1);
    listed = { version: '50', items: [pod('new', '40')] };
    tell('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
    await until(() => watches.length === 2);
    assert.equal(watches[1]?.version, '50');
    assert.deepEqual([...recorder.items.keys()], ['ns/new']);
    assert.equal(recorder.replaced, 2);
    assert.deepEqual(
      recorder.states.map((state) => state.kind),
      ['connecting', 'live'],
      'a relist is no fault that a person must see',
    );
  });

  it('leaves out an object that cannot be projected, and keeps the rest', async () => {
    listed = { version: '10', items: [pod('a', '1'), pod('cursed', '2')] };
    recorder.start(client);
    await until(() => recorder.state === 'live');
    tell('ADDED', pod('cursed', '3'));
    tell('ADDED', pod('b', '4'));
    await until(() => recorder.items.has('ns/b'));
    assert.deepEqual([...recorder.items.keys()], ['ns/a', 'ns/b']);
  });

  it('survives half an event and garbage', async () => {
    recorder.start(client);
    await until(() => watches.length === 1);
    watches[0]?.response.end('{"type":"ADDED","object":{"metadata":{"na');
    await until(() => watches.length === 2);
    watches[1]?.response.write('not json\n');
    await until(() => watches.length === 3);
    tell('ADDED', pod('z', '11'));
    await until(() => recorder.items.has('ns/z'));
    assert.equal(recorder.items.get('ns/a'), '1');
  });

  it('gives up an event that does not end before it fills the memory', async () => {
    recorder.start(client);
    await until(() => watches.length === 1);
    const open = watches[0]?.response;
    assert.ok(open);
    Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(1024 * 1024, 'x'))).pipe(open, { end: false });
    await once(open, 'close');
    await until(() => watches.length === 2);
    tell('ADDED', pod('b', '11'));
    await until(() => recorder.items.has('ns/b'));
  });

  it('does not call live what is no stream of events', async () => {
    server.handle = (_request, response, url) => {
      if (url.searchParams.get('watch') === null)
        sendJson(response, 200, { metadata: { resourceVersion: '10' }, items: [] });
      else response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>');
    };
    recorder.start(client);
    await until(() => recorder.state === 'stale');
    assert.deepEqual(
      recorder.states.map(({ kind }) => kind),
      ['connecting', 'stale'],
    );
  });

  it('says since when it is stale while the server is down, and recovers by itself', async () => {
    recorder.start(client);
    await until(() => recorder.state === 'live');
    const port = Number(new URL(server.url).port);
    await server.stop();
    await until(() => recorder.state === 'stale');
    const stale = recorder.states.at(-1);
    assert(stale?.kind === 'stale');
    assert.ok(stale.since <= Date.now());
    assert.equal(recorder.items.get('ns/a'), '1', 'what was known stays');
    await server.start(port);
    await until(() => recorder.state === 'live');
  });

  it('tells a missing permission and a missing kind apart', async () => {
    server.handle = (_request, response) => sendStatus(response, 403, 'Forbidden');
    recorder.start(client);
    await until(() => recorder.state === 'denied');
    const absent = new Recorder();
    server.handle = (_request, response) => {
      response.writeHead(404);
      response.end('404 page not found\n');
    };
    absent.start(client);
    await until(() => absent.state === 'absent');
    assert.equal(absent.replaced, 1);
  });

  describe('in time', () => {
    let clock: ManualClock;

    beforeEach(() => {
      client.dispose();
      clock = new ManualClock();
      client = clientOf(server.url, {}, clock);
    });

    it('waits longer and longer for a server that ends every watch at once', async () => {
      const handle = server.handle;
      server.handle = (request, response, url) => {
        if (url.searchParams.get('watch') === null) handle(request, response, url);
        else response.end();
      };
      recorder.start(client);
      // Delays are spread at random; time limits are whole numbers.
      const waiting = (): number | undefined => clock.waiting.find((ms) => !Number.isInteger(ms));
      const delays: number[] = [];
      for (let round = 0; round < 10; round += 1) {
        await until(() => waiting() !== undefined);
        delays.push(waiting() ?? 0);
        clock.advance(waiting() ?? 0);
      }
      delays.forEach((delay, round) => {
        const middle = Math.min(30_000, 250 * 2 ** round);
        assert.ok(delay >= middle * 0.75 && delay <= middle * 1.25, `delay ${round} is ${delay} ms`);
      });
    });

    for (const [how, body] of [
      ['ends at once', ''],
      [
        'ends with 410',
        `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`,
      ],
    ] as const) {
      it(`does not call a watch live because it was accepted, after others came to nothing: one that ${how}`, async () => {
        const handle = server.handle;
        const accepted = { times: 0 };
        server.handle = (request, response, url) => {
          if (url.searchParams.get('watch') === null) {
            handle(request, response, url);
            return;
          }
          accepted.times += 1;
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(body);
        };
        recorder.start(client);
        while (accepted.times < 10) {
          await until(() => accepted.times >= 10 || clock.waiting.some((ms) => !Number.isInteger(ms)));
          clock.advance(clock.waiting.find((ms) => !Number.isInteger(ms)) ?? 0);
        }
        const kinds = recorder.states.map(({ kind }) => kind);
        assert.ok(kinds.includes('stale'));
        assert.ok(!kinds.slice(kinds.indexOf('stale')).includes('live'), kinds.join());
      });
    }

    it('begins a new watch when the socket has been silent for too long, without calling it stale', async () => {
      recorder.start(client);
      await until(() => recorder.state === 'live');
      await until(() => clock.waiting.length === 1);
      clock.advance(60_000);
      tell('ADDED', pod('b', '11'));
      await until(() => recorder.items.has('ns/b'));
      clock.advance(60_000);
      assert.equal(watches.length, 1, 'a byte proves the connection alive');
      clock.advance(90_000);
      await until(() => watches.length === 2);
      assert.equal(watches[1]?.version, '11');
      assert.deepEqual(
        recorder.states.map((state) => state.kind),
        ['connecting', 'live'],
      );
    });

    it('asks again for a kind that was absent, and finds it', async () => {
      const handle = server.handle;
      server.handle = (_request, response) => {
        response.writeHead(404);
        response.end('404 page not found\n');
      };
      recorder.start(client);
      await until(() => recorder.state === 'absent' && clock.waiting.some((ms) => !Number.isInteger(ms)));
      server.handle = handle;
      clock.advance(40_000);
      await until(() => recorder.state === 'live');
      assert.equal(recorder.items.get('ns/a'), '1');
    });

    it('keeps the first moment of being stale', async () => {
      recorder.start(client);
      await until(() => recorder.state === 'live');
      clock.advance(5000);
      tell('ADDED', pod('b', '11'));
      await until(() => recorder.items.has('ns/b'));
      const port = Number(new URL(server.url).port);
      clock.advance(7000);
      await server.stop();
      const end = clock.now() + 60_000;
      await until(() => {
        clock.advance(200);
        return clock.now() >= end;
      });
      assert.equal(recorder.state, 'stale');
      const stale = recorder.states.filter((state) => state.kind === 'stale');
      assert.deepEqual(new Set(stale.map(({ since }) => since)), new Set([5000]));
      await server.start(port);
      clock.advance(40_000);
      await until(() => {
        clock.advance(100);
        return recorder.state === 'live';
      });
    });
  });

  it('is silent after dispose, whatever still arrives', async () => {
    const watch = recorder.start(client);
    await until(() => watches.length === 1);
    watch.dispose();
    tell('ADDED', pod('late', '11'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(recorder.items.has('ns/late'), false);
    assert.equal(watches.length, 1);
  });
});

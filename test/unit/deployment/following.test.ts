import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { isAbort, isWorkbenchError, WorkbenchError } from '../../../src/base/errors.ts';
import { Following } from '../../../src/deployment/following.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { LeaderWorkerSets, Pods } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { WatchOptions, WatchSink } from '../../../src/kube/watch/types.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const lost = new WorkbenchError({ code: 'connection-lost', message: 'cannot watch pods in ctx/ns: cut' });

function pod(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'ns' } };
}

describe('waiting for objects by watches', () => {
  let clock: ManualClock;
  let following: Following;
  let sinks: WatchSink<KubeObject>[];
  let open: number;
  let asked: WatchOptions<KubeObject>[];

  beforeEach(() => {
    clock = new ManualClock();
    sinks = [];
    asked = [];
    open = 0;
    const client = {
      cluster: { context: 'ctx', namespace: 'ns', server: 'https://ctx' },
      watch(options: WatchOptions<KubeObject>) {
        asked.push(options);
        sinks.push(options.sink);
        open += 1;
        return { dispose: () => void (open -= 1) };
      },
    };
    following = new Following(client as unknown as KubeClient, clock);
  });
  afterEach(() => following.dispose());

  const { signal } = new AbortController();

  it('looks once all is listed, and then only after changes, however much time passes', async () => {
    const pods = following.follow(Pods, 'app=web');
    following.follow(LeaderWorkerSets, 'app=web');
    assert.deepEqual(
      asked.map(({ resource, namespace, labelSelector }) => [resource.plural, namespace, labelSelector]),
      [
        ['pods', 'ns', 'app=web'],
        ['leaderworkersets', 'ns', 'app=web'],
      ],
    );
    const looks: (readonly string[])[] = [];
    const waiting = following.until(signal, () => {
      looks.push([...pods.keys()]);
      return Promise.resolve(pods.size === 3 ? 'three' : undefined);
    });
    sinks[0]!.replace(new Map([['ns/a', pod('a')]]));
    await turn();
    assert.deepEqual(looks, [], 'one kind is not listed');
    sinks[1]!.replace(new Map());
    await turn();
    assert.deepEqual(looks, [['ns/a']]);
    clock.advance(600_000);
    await turn();
    assert.equal(looks.length, 1);
    sinks[0]!.set('ns/b', pod('b'));
    await turn();
    sinks[0]!.set('ns/c', pod('c'));
    sinks[0]!.delete('ns/a');
    await turn();
    clock.advance(999);
    await turn();
    assert.equal(looks.length, 1);
    clock.advance(1);
    await turn();
    assert.deepEqual(looks.slice(1), [['ns/b', 'ns/c']]);
    sinks[0]!.set('ns/d', pod('d'));
    await turn();
    clock.advance(1000);
    assert.equal(await waiting, 'three');
    following.dispose();
    assert.equal(open, 0);
  });

  it('hears of a change that comes during a look', async () => {
    const pods = following.follow(Pods, 'app=web');
    const first = Promise.withResolvers<undefined>();
    let looks = 0;
    const waiting = following.until(signal, () => {
      looks += 1;
      return looks === 1 ? first.promise : Promise.resolve(pods.size);
    });
    sinks[0]!.replace(new Map());
    await turn();
    sinks[0]!.set('ns/a', pod('a'));
    first.resolve(undefined);
    await turn();
    clock.advance(1000);
    assert.equal(await waiting, 1);
  });

  it('forgets what a later list does not hold', () => {
    const pods = following.follow(Pods, 'app=web');
    sinks[0]!.replace(new Map([['ns/a', pod('a')]]));
    sinks[0]!.replace(new Map([['ns/b', pod('b')]]));
    assert.deepEqual([...pods.keys()], ['ns/b']);
  });

  it('takes down every state of an object, also of one that is gone by the next look', async () => {
    const seen: string[] = [];
    following.follow(Pods, 'app=web', ({ metadata }) => seen.push(metadata.name));
    sinks[0]!.replace(new Map([['ns/a', pod('a')]]));
    sinks[0]!.set('ns/b', pod('b'));
    sinks[0]!.delete('ns/b');
    assert.deepEqual(seen, ['a', 'b']);
  });

  it('looks again when it was told to, and when something else has changed', async () => {
    following.follow(Pods, 'app=web');
    let looks = 0;
    const waiting = following.until(signal, () => Promise.resolve(++looks === 3 ? true : undefined));
    sinks[0]!.replace(new Map());
    await turn();
    following.lookAgainIn(2000);
    following.lookAgainIn(5000);
    assert.equal(clock.waiting, 1, 'the last word counts');
    clock.advance(4999);
    await turn();
    clock.advance(1000);
    await turn();
    assert.equal(looks, 1);
    clock.advance(1);
    await turn();
    clock.advance(1000);
    await turn();
    assert.equal(looks, 2);
    following.touch();
    await turn();
    clock.advance(1000);
    assert.equal(await waiting, true);
    following.lookAgainIn(5000);
    following.dispose();
    assert.equal(clock.waiting, 0);
  });

  it('goes on with what it knows while the connection is lost, and says so', async () => {
    const pods = following.follow(Pods, 'app=web');
    const waiting = following.until(signal, () => Promise.resolve(following.trouble));
    sinks[0]!.replace(new Map([['ns/a', pod('a')]]));
    sinks[0]!.state({ kind: 'live' });
    await turn();
    clock.advance(1000);
    await turn();
    assert.equal(following.trouble, undefined);
    sinks[0]!.state({ kind: 'stale', since: 0, error: lost });
    await turn();
    clock.advance(1000);
    assert.equal(await waiting, lost.message);
    assert.equal(pods.size, 1);
    sinks[0]!.state({ kind: 'live' });
    assert.equal(following.trouble, undefined);
  });

  it('rejects where nothing could be listed, and where watching is forbidden, also later', async () => {
    following.follow(Pods, 'app=web');
    const never = (): Promise<undefined> => Promise.resolve(undefined);
    const first = following.until(signal, never);
    sinks[0]!.state({ kind: 'stale', since: 0, error: lost });
    await assert.rejects(first, (error) => error === lost);
    sinks[0]!.replace(new Map());
    sinks[0]!.state({ kind: 'live' });
    const second = following.until(signal, never);
    await turn();
    sinks[0]!.state({
      kind: 'denied',
      error: new WorkbenchError({ code: 'forbidden', message: 'cannot watch pods in ctx/ns' }),
    });
    await turn();
    clock.advance(1000);
    await assert.rejects(second, (error) => isWorkbenchError(error, 'forbidden'));
  });

  it('takes a kind that is not served for one of which there is nothing', async () => {
    following.follow(LeaderWorkerSets, 'app=web');
    const waiting = following.until(signal, () => Promise.resolve('looked'));
    sinks[0]!.replace(new Map());
    sinks[0]!.state({ kind: 'absent' });
    assert.equal(await waiting, 'looked');
  });

  it('ends at once when it is cancelled', async () => {
    following.follow(Pods, 'app=web');
    const cancel = new AbortController();
    const waiting = following.until(cancel.signal, () => Promise.resolve(undefined));
    cancel.abort();
    await assert.rejects(waiting, isAbort);
  });
});

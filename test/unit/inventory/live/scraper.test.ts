import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { isWorkbenchError, WorkbenchError } from '../../../../src/base/errors.ts';
import type { Route, RouteAnswer } from '../../../../src/inventory/live/routes.ts';
import { Scraper, type Scrape } from '../../../../src/inventory/live/scraper.ts';
import type { MetricsTarget, RouteName } from '../../../../src/inventory/live/types.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

type Reply = () => RouteAnswer | Promise<RouteAnswer>;

/** A way whose answers the test decides. */
class FakeRoute implements Route {
  readonly name: RouteName;
  readonly asked: string[] = [];
  kept: readonly string[] = [];
  disposed = false;
  mayRead = true;
  reply: Reply = page('vllm:num_requests_running{engine="0"} 1');

  constructor(name: RouteName) {
    this.name = name;
  }

  allowed(): Promise<boolean> {
    return Promise.resolve(this.mayRead);
  }

  async open(target: MetricsTarget, signal: AbortSignal): Promise<RouteAnswer> {
    this.asked.push(target.id);
    const cancelled = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('cut')), { once: true }),
    );
    return Promise.race([this.reply(), cancelled]);
  }

  keep(targets: readonly MetricsTarget[]): void {
    this.kept = targets.map(({ id }) => id);
  }

  dispose(): void {
    this.disposed = true;
  }
}

function page(text: string, status = 200): Reply {
  return () => ({ status, body: Readable.from([text]) });
}

const unreachable: Reply = () =>
  Promise.reject(new WorkbenchError({ code: 'server-error', message: 'error dialing backend' }));

function target(pod: string, changes: Partial<MetricsTarget> = {}): MetricsTarget {
  return {
    id: `ns/${pod}:8000`,
    podKey: `ns/${pod}`,
    namespace: 'ns',
    pod,
    uid: pod,
    restarts: 0,
    port: 8000,
    kind: 'server',
    deployment: 'd',
    role: 'decode',
    group: 0,
    ...changes,
  };
}

describe('scraper', () => {
  const { signal } = new AbortController();
  let clock: ManualClock;
  let proxy: FakeRoute;
  let forward: FakeRoute;
  let remembered: RouteName[];
  let scraper: Scraper;

  function start(known?: RouteName): void {
    clock = new ManualClock();
    proxy = new FakeRoute('api-proxy');
    forward = new FakeRoute('port-forward');
    remembered = [];
    scraper = new Scraper({
      routes: [proxy, forward],
      remembered: known,
      remember: (route) => remembered.push(route),
      intervalMs: 5000,
      timeoutMs: 3000,
      clock,
    });
  }
  beforeEach(() => start());

  const ask = async (...pods: readonly MetricsTarget[]): Promise<readonly string[]> =>
    (await scraper.round(pods, signal)).map(outcome);

  it('takes the first way that leads there, and remembers it', async () => {
    assert.deepEqual(await ask(target('a'), target('b')), ['api-proxy', 'api-proxy']);
    assert.deepEqual([remembered, forward.asked], [['api-proxy'], []]);
  });

  it('tries the other way where the first does not reach, then that one alone', async () => {
    proxy.reply = unreachable;
    assert.deepEqual(await ask(target('a')), ['port-forward']);
    assert.deepEqual(await ask(target('a')), ['port-forward']);
    assert.deepEqual([remembered, proxy.asked.length, forward.asked.length], [['port-forward'], 1, 2]);
    assert.deepEqual(await ask(target('a'), target('b')), ['port-forward', 'port-forward']);
    assert.equal(proxy.asked.length, 1, 'another pod begins with what worked');
  });

  it('begins with what worked the last time', async () => {
    start('port-forward');
    assert.deepEqual(await ask(target('a')), ['port-forward']);
    assert.deepEqual([proxy.asked, remembered], [[], []]);
  });

  it('goes only where the user may', async () => {
    proxy.mayRead = false;
    assert.deepEqual(await ask(target('a')), ['port-forward']);
    assert.deepEqual(proxy.asked, []);
    forward.mayRead = false;
    await assert.rejects(
      scraper.round([target('a')], signal),
      (error) =>
        isWorkbenchError(error, 'forbidden') &&
        /"ns"/.test(error.message) &&
        /pods\/portforward/.test(error.hint ?? ''),
    );
    assert.deepEqual(await ask(), [], 'nothing to ask needs no permission');
  });

  it('takes a refusal of the pod for an answer and sends it no credentials', async () => {
    proxy.reply = page('Unauthorized', 401);
    const [scrape] = await scraper.round([target('epp', { kind: 'picker' })], signal);
    assert.ok(scrape && 'failure' in scrape);
    assert.equal(scrape.failure.error.code, 'forbidden');
    assert.match(scrape.failure.error.hint ?? '', /--metrics-endpoint-auth=false/);
    assert.deepEqual(forward.asked, []);
  });

  it('asks a page that fails less and less often, and says when next', async () => {
    proxy.reply = unreachable;
    forward.reply = unreachable;
    const pauses: number[] = [];
    for (let failures = 0; failures < 6; failures += 1) {
      const [scrape] = await scraper.round([target('a')], signal);
      assert.ok(scrape && 'failure' in scrape);
      assert.equal(scrape.failure.since, 1_700_000_000_000);
      const pause = scrape.failure.nextAt - clock.now();
      pauses.push(pause);
      const asked = proxy.asked.length;
      clock.advance(pause - 1);
      assert.deepEqual(await ask(target('a')), ['failed']);
      assert.equal(proxy.asked.length, asked, 'not asked before its time');
      clock.advance(1);
    }
    assert.deepEqual(pauses, [10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    proxy.reply = page('vllm:num_requests_running 1');
    assert.deepEqual(await ask(target('a')), ['api-proxy']);
    proxy.reply = unreachable;
    const [again] = await scraper.round([target('a')], signal);
    assert.ok(
      again && 'failure' in again && again.failure.nextAt - clock.now() === 10_000,
      'an answer makes it forget',
    );
  });

  it('gives a pod that took the place of another a new start', async () => {
    proxy.reply = unreachable;
    forward.reply = unreachable;
    assert.deepEqual(await ask(target('a')), ['failed']);
    proxy.reply = page('vllm:num_requests_running 1');
    assert.deepEqual(await ask(target('a')), ['failed']);
    assert.deepEqual(await ask(target('a', { uid: 'new' })), ['api-proxy']);
  });

  it('gives up a page that does not answer in time, before and inside its body', async () => {
    proxy.mayRead = false;
    for (const reply of [
      () => new Promise<never>(() => undefined),
      () => ({ status: 200, body: new Readable({ read() {} }) }),
    ] satisfies readonly Reply[]) {
      start();
      proxy.mayRead = false;
      forward.reply = reply;
      const asking = scraper.round([target('a')], signal);
      while (forward.asked.length === 0) await turn();
      await turn();
      clock.advance(3000);
      const [scrape] = await asking;
      assert.ok(scrape && 'failure' in scrape);
      assert.equal(scrape.failure.error.code, 'timeout');
    }
  });

  it('asks eight at once, and ends at once when cancelled', async () => {
    const cancel = new AbortController();
    proxy.reply = () => new Promise<never>(() => undefined);
    const asking = scraper.round(
      Array.from({ length: 20 }, (_, index) => target(`p${index}`)),
      cancel.signal,
    );
    const ended = assert.rejects(asking, (error) => isWorkbenchError(error, 'aborted'));
    while (proxy.asked.length < 8) await turn();
    await turn();
    assert.equal(proxy.asked.length, 8);
    cancel.abort();
    await ended;
    assert.equal(clock.waiting, 0, 'no timer is left');
  });

  it('has what belongs to other pods closed, and all of it in the end', async () => {
    await ask(target('a'), target('b'));
    await ask(target('b'));
    assert.deepEqual(forward.kept, ['ns/b:8000']);
    scraper.dispose();
    assert.deepEqual([proxy.disposed, forward.disposed], [true, true]);
  });
});

function outcome(scrape: Scrape): string {
  return 'failure' in scrape ? 'failed' : scrape.route;
}

import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../src/base/errors.ts';
import { Nodes } from '../../../src/kube/resources.ts';
import { assertTells, patience, until } from '../../support/faults-lab.ts';
import {
  acceptedAndEnded,
  acceptedAndSilent,
  cutBefore,
  cutInside,
  goneInStream,
  holding,
  page,
  refuse,
  stalledBody,
  truncated,
  truncatedGzip,
} from '../../support/fault-proxy/faults.ts';
import { listsOf, readsOf, watchesOf } from '../../support/fault-proxy/matchers.ts';
import type { Fault } from '../../support/fault-proxy/exchange.ts';
import type { Matcher } from '../../support/fault-proxy/proxy.ts';
import { inTime, isLive, NetworkLab, passes, seen, stateOf, type WatchingWindow } from '../../support/network-lab.ts';

const badGateway = '<html>\n<head><title>502 Bad\n Gateway</title></head>\n<body>no upstream</body></html>';

/** A fault that lasts until it is lifted: what it meets, and what the user reads meanwhile. */
interface Lasting {
  readonly name: string;
  readonly matches: Matcher;
  readonly fault: Fault;
  readonly row: string;
  readonly code: ErrorCode;
  /** How fast the window's time passes, in seconds a look. */
  readonly pace?: number;
}

const watchesFail = watchesOf('pods');
const allFails = readsOf('pods');

const lasting: readonly Lasting[] = [
  {
    name: 'a burst of 500',
    matches: allFails,
    fault: refuse(500, 'InternalError'),
    row: 'server in trouble',
    code: 'server-error',
  },
  {
    name: 'a burst of 503',
    matches: allFails,
    fault: refuse(503, 'ServiceUnavailable'),
    row: 'server in trouble',
    code: 'server-error',
  },
  { name: '504', matches: allFails, fault: refuse(504, 'Timeout'), row: 'no answer', code: 'timeout' },
  {
    name: '429 without a word when to come back',
    matches: allFails,
    fault: refuse(429, 'TooManyRequests'),
    row: 'server busy',
    code: 'too-many-requests',
  },
  {
    name: 'connections that break at once',
    matches: allFails,
    fault: cutBefore,
    row: 'connection lost',
    code: 'connection-lost',
  },
  {
    name: "a load balancer's page",
    matches: allFails,
    fault: page(502, badGateway),
    row: 'server in trouble',
    code: 'server-error',
  },
  {
    name: "a login portal's page",
    matches: allFails,
    fault: page(200, '<html><title>Welcome</title></html>'),
    row: 'server in trouble',
    code: 'server-error',
  },
  {
    name: 'a page that claims 403',
    matches: allFails,
    fault: page(403, '<html><title>Blocked</title></html>'),
    row: 'server in trouble',
    code: 'server-error',
  },
  {
    name: 'lists cut in the middle of an answer',
    matches: allFails,
    fault: cutInside(200),
    row: 'connection lost',
    code: 'connection-lost',
  },
  {
    name: 'lists that are JSON up to a point',
    matches: allFails,
    fault: truncated(200),
    row: 'connection lost',
    code: 'connection-lost',
  },
  {
    name: 'gzip that ends early',
    matches: allFails,
    fault: truncatedGzip,
    row: 'connection lost',
    code: 'connection-lost',
  },
  {
    name: 'a list whose body stalls',
    matches: allFails,
    fault: stalledBody(200),
    row: 'no answer',
    code: 'timeout',
    pace: 20,
  },
  {
    name: 'a refusal whose body stalls',
    matches: watchesFail,
    fault: stalledBody(500),
    row: 'no answer',
    code: 'timeout',
  },
  {
    name: 'a storm of 410',
    matches: watchesFail,
    fault: refuse(410, 'Expired'),
    row: 'server forgets too fast',
    code: 'expired',
  },
  {
    name: 'a storm of 410 inside accepted watches',
    matches: watchesFail,
    fault: goneInStream,
    row: 'server forgets too fast',
    code: 'expired',
  },
  {
    name: 'watches that end as soon as they begin',
    matches: watchesFail,
    fault: acceptedAndEnded,
    row: 'connection lost',
    code: 'connection-lost',
  },
];

describe('a watch over a bad network', () => {
  let net: NetworkLab;
  let watching: WatchingWindow;

  before(async () => {
    net = await NetworkLab.start();
    await net.addPod('there-before');
  });
  after(() => net.stop());

  beforeEach(async () => {
    watching = await net.watching();
    await net.equalsFreshList(watching);
    // The watch has lasted.
    watching.clock.leap(2000);
  });
  afterEach(() => net.tidy());

  const shows = (pod: string): true | undefined => watching.shows(pod);

  for (const { name, matches, fault, row, code, pace = 2 } of lasting) {
    it(`says since when it is stale, and recovers by itself: ${name}`, async () => {
      const rule = net.proxy.when(matches, fault);
      net.proxy.wire.cut();
      const pod = await net.change();
      await inTime(watching.clock, pace, `the rows say "${row}"`, () =>
        seen(watching.window).rows.find((each) => each.startsWith(`pods: ${row}, trying again: `)),
      );
      const state = stateOf(watching.window, 'pods');
      assert.ok(state.kind === 'stale');
      assert.equal(state.error.code, code, state.error.message);
      assertTells(state.error.message, state.error.hint, ['pods', 'llm-d-demo']);
      assert.match(seen(watching.window).description, /^stale since \d/);
      assert.ok(shows('llm-d/there-before'), 'the view is not emptied');
      rule.lift();
      await net.equalsFreshList(watching);
      assert.ok(shows(pod));
      assert.deepEqual(seen(watching.window), { description: 'live', rows: [] });
    });
  }

  it('goes on from where it stood after a dropped connection, without a list', async () => {
    const lists = net.proxy.count(listsOf('pods'));
    net.proxy.wire.cut();
    const pod = await net.change();
    await until('the pod is shown', () => shows(pod));
    await net.equalsFreshList(watching);
    assert.equal(net.proxy.count(listsOf('pods')), lists);
  });

  it('lists once after one 410, and nobody sees it', async () => {
    const states: string[] = [];
    watching.window.inventory.onDidChange(({ snapshot }) => states.push(snapshot.states.pods.kind));
    const lists = net.proxy.count(listsOf('pods'));
    net.proxy.when(watchesOf('pods'), refuse(410, 'Expired'), 1);
    net.proxy.wire.cut();
    const pod = await net.change();
    await until('the pod is shown', () => shows(pod));
    assert.equal(net.proxy.count(listsOf('pods')), lists + 1);
    assert.deepEqual(new Set(states), new Set(['live']));
  });

  it('lists when the server has forgotten where it stood', async () => {
    const slow = holding();
    net.proxy.when(watchesOf('pods'), slow.fault, 1);
    net.proxy.wire.cut();
    const pod = await net.change();
    net.lab.cluster.server.compact();
    slow.release();
    await until('the pod is shown', () => shows(pod));
    await net.equalsFreshList(watching);
  });

  it('says in what a page stands in place of an answer', async () => {
    const rule = net.proxy.when(allFails, page(502, badGateway));
    net.proxy.wire.cut();
    const row = await inTime(watching.clock, 2, 'the row', () =>
      seen(watching.window).rows.find((each) => each.startsWith('pods: server')),
    );
    assert.match(row, /HTTP 502 with a web page "502 Bad Gateway" in place of the API server's answer$/);
    rule.lift();
  });

  it('finds out that an open socket is dead', async () => {
    net.proxy.wire.goDead();
    const pod = await net.change();
    await inTime(watching.clock, 5, 'the pod is shown', () => shows(pod));
    await net.equalsFreshList(watching);
  });

  it('says that nothing answers when new connections are swallowed too', async () => {
    net.proxy.wire.swallowing = true;
    net.proxy.wire.goDead();
    const row = await inTime(watching.clock, 5, 'a row', () =>
      seen(watching.window).rows.find((each) => each.endsWith('no answer within 10 s')),
    );
    assert.match(row, /^(nodes|pods): no answer, trying again: /);
    net.proxy.wire.swallowing = false;
    await net.equalsFreshList(watching);
  });

  it('does not believe a watch that is accepted and stays silent', async () => {
    const silent = net.proxy.when(watchesOf('pods'), acceptedAndSilent);
    net.proxy.wire.cut();
    const pod = await net.change();
    await inTime(watching.clock, 5, 'the pod is shown', () => shows(pod));
    assert.ok(silent.hits > 0);
    silent.lift();
    await net.equalsFreshList(watching);
  });

  it('waits for a slow first byte, and only calls it stale when it is too slow', async () => {
    const slow = holding();
    const rule = net.proxy.when(watchesOf('pods'), slow.fault);
    net.proxy.wire.cut();
    const pod = await net.change();
    await until('the watch waits', () => rule.hits > 0 || undefined);
    watching.clock.leap(2000);
    assert.equal(stateOf(watching.window, 'pods').kind, 'live');
    await inTime(
      watching.clock,
      2,
      'it is stale',
      () => stateOf(watching.window, 'pods').kind === 'stale' || undefined,
    );
    rule.lift();
    slow.release();
    await net.equalsFreshList(watching);
    assert.ok(shows(pod));
  });

  for (const [how, value] of [
    ['seconds', () => '45'],
    ['a date', (now: number) => new Date(now + 45_000).toUTCString()],
  ] as const) {
    it(`leaves a busy server alone for as long as it asks, in ${how}`, async () => {
      const now = Date.now() - 3_600_000;
      const rule = net.proxy.when(
        allFails,
        refuse(429, 'TooManyRequests', { 'retry-after': value(now), date: new Date(now).toUTCString() }),
      );
      net.proxy.wire.cut();
      await inTime(watching.clock, 0, 'it is told to wait', () =>
        seen(watching.window).rows.find((each) => each.startsWith('pods: server busy')),
      );
      const asked = rule.hits;
      await passes(watching.clock, 40);
      assert.equal(rule.hits, asked);
      rule.lift();
      await net.equalsFreshList(watching);
    });
  }

  it('is one pool of connections: a burst of troubles leaves no more of them open than there are watches', async () => {
    for (let round = 0; round < 5; round += 1) {
      net.proxy.when(watchesOf(), refuse(503, 'ServiceUnavailable'), 2);
      net.proxy.wire.cut();
      await inTime(
        watching.clock,
        1,
        'it is live again',
        () => isLive(watching.window.inventory.snapshot) || undefined,
      );
    }
    await net.equalsFreshList(watching);
    const watches = new Set(net.proxy.asked.filter(watchesOf()).map(({ path }) => path)).size;
    assert.ok(net.proxy.wire.open <= watches * 2, `${net.proxy.wire.open} connections for ${watches} watches`);
    const client = await watching.window.contexts.client(net.ref);
    const { accepted } = net.proxy.wire;
    for (let call = 0; call < 40; call += 1) await client.list(Nodes, { signal: patience() });
    // Watches that start again meanwhile may open a few.
    assert.ok(net.proxy.wire.accepted < accepted + 20, 'calls one after another share a connection');
  });
});

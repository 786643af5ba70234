import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { arrayAt, at } from '../../../src/base/json.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { ResourceType } from '../../../src/kube/model/types.ts';
import type { WatchState } from '../../../src/kube/watch/types.ts';
import { assertTells, namespace, patience, until } from '../../support/faults-lab.ts';
import { as, cutBefore, page, refuse } from '../../support/fault-proxy/faults.ts';
import { anything, readsOf } from '../../support/fault-proxy/matchers.ts';
import { inTime, isLive, NetworkLab, passes, seen, stateOf, type WatchingWindow } from '../../support/network-lab.ts';

describe('rights, logins and kinds that change while a window watches', () => {
  let net: NetworkLab;

  before(async () => {
    net = await NetworkLab.start();
    await net.addPod('there-before');
    await net.addPod('elsewhere', 'default');
  });
  after(() => net.stop());
  afterEach(() => net.tidy());

  async function live(user?: object): Promise<WatchingWindow> {
    const watching = await net.watching(
      user === undefined ? {} : { kubeconfig: await net.kubeconfig({ user, name: 'of-a-user' }) },
    );
    await net.equalsFreshList(watching);
    watching.clock.leap(2000);
    return watching;
  }

  it('does not believe a 403 that passes, as of a server that has only started', async () => {
    const watching = await live();
    const states = new Set<string>();
    watching.window.inventory.onDidChange(({ snapshot }) => {
      states.add(snapshot.states.nodes.kind);
      assert.equal(snapshot.podScope, 'cluster');
      assert.ok(snapshot.nodes.size > 0 && snapshot.pods.size > 0, 'the view is not emptied');
    });
    const rules = ['nodes', 'pods'].map((kind) => net.proxy.when(readsOf(kind), refuse(403, 'Forbidden'), 2));
    net.proxy.wire.cut();
    const row = await inTime(watching.clock, 1, 'a row', () => seen(watching.window).rows[0]);
    assert.match(row, /: refused for now, trying again: /);
    await net.equalsFreshList(watching);
    assert.ok(rules.every(({ hits }) => hits === 2));
    assert.ok(!states.has('denied'));
  });

  it('shows no node any longer when nodes are forbidden, counts GPUs by pods, and has them back when they are allowed', async () => {
    const watching = await live();
    const rule = net.proxy.when(readsOf('nodes'), refuse(403, 'Forbidden'));
    net.proxy.wire.cut();
    const row = await inTime(watching.clock, 1, 'it is denied', () =>
      seen(watching.window).rows.find((each) => each.startsWith('nodes: not allowed')),
    );
    assert.match(row, /cannot (list|watch) nodes \(context "llm-d-demo"\)/);
    const snapshot = await until('pods are live', () =>
      stateOf(watching.window, 'pods').kind === 'live' ? watching.window.inventory.snapshot : undefined,
    );
    assert.equal(snapshot.nodes.size, 0);
    assert.ok(
      gpuReport(snapshot).warnings.some(({ code }) => code === 'nodes-denied'),
      JSON.stringify(gpuReport(snapshot).warnings),
    );
    const denied = stateOf(watching.window, 'nodes');
    assert.ok(denied.kind === 'denied');
    assertTells(denied.error.message, denied.error.hint, ['nodes', 'llm-d-demo']);
    rule.lift();
    await net.equalsFreshList(watching);
  });

  it("goes down to its namespace when the cluster's pods are forbidden, and back up", async () => {
    const watching = await live();
    const rule = net.proxy.when(({ path }) => path === '/api/v1/pods', refuse(403, 'Forbidden'));
    net.proxy.wire.cut();
    const narrow = await inTime(watching.clock, 1, 'it watches its namespace', () => {
      const { snapshot } = watching.window.inventory;
      return snapshot?.podScope === 'namespace' && snapshot.states.pods.kind === 'live' ? snapshot : undefined;
    });
    assert.deepEqual(new Set(narrow.pods.values().map((pod) => pod.namespace)), new Set([namespace]));
    rule.lift();
    const wide = await net.equalsFreshList(watching);
    assert.equal(wide.podScope, 'cluster');
  });

  it('does not believe a 404 that passes', async () => {
    const watching = await live();
    net.proxy.when(readsOf('pods'), page(404, '404 page not found\n', 'text/plain'), 2);
    net.proxy.wire.cut();
    // The nodes' watch was cut as well, and says so in a row of its own.
    await inTime(watching.clock, 1, 'a row of the pods', () =>
      seen(watching.window).rows.find((row) => row.startsWith('pods: not served for now, trying again: ')),
    );
    assert.ok(watching.window.inventory.snapshot?.pods.has(`${namespace}/there-before`));
    await net.equalsFreshList(watching);
  });

  describe('a kind whose CRD comes and goes', () => {
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const widgets: ResourceType = {
      group: 'faults.example',
      version: 'v1',
      plural: 'widgets',
      kind: 'Widget',
      namespaced: true,
    };
    let direct: KubeClient;

    async function serve(): Promise<void> {
      direct = await net.direct();
      await direct.json({
        method: 'POST',
        path: definitions,
        signal: patience(),
        body: {
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'CustomResourceDefinition',
          metadata: { name: 'widgets.faults.example' },
          spec: {
            group: widgets.group,
            scope: 'Namespaced',
            names: { plural: widgets.plural, kind: widgets.kind },
            versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
          },
        },
      });
      await until(
        'it is served',
        async () => (await direct.resourceOf('faults.example/v1', 'Widget', patience())) ?? undefined,
      );
    }

    async function make(name: string): Promise<void> {
      await direct.create(
        widgets,
        { apiVersion: 'faults.example/v1', kind: 'Widget', metadata: { name, namespace } },
        patience(),
      );
    }

    it('is absent, then there, then absent, then there again', async () => {
      const watching = await net.watching();
      direct = await net.direct();
      const seenWidgets = new Map<string, string>();
      let state: WatchState = { kind: 'connecting' };
      const client = await watching.window.contexts.client(net.ref);
      const watch = client.watch<string>({
        resource: widgets,
        project: (object) => object.metadata.name,
        sink: {
          replace: (items) => {
            seenWidgets.clear();
            for (const [key, item] of items) seenWidgets.set(key, item);
          },
          set: (key, item) => void seenWidgets.set(key, item),
          delete: (key) => void seenWidgets.delete(key),
          state: (told) => {
            state = told;
          },
        },
      });
      const becomes = (kind: WatchState['kind']): Promise<true> =>
        inTime(watching.clock, 1, `it is ${kind}`, () => state.kind === kind || undefined);
      await becomes('absent');
      for (const name of ['first', 'second']) {
        await serve();
        await make(name);
        await becomes('live');
        assert.deepEqual([...seenWidgets.values()], [name]);
        await direct.json({ method: 'DELETE', path: `${definitions}/widgets.faults.example`, signal: patience() });
        net.proxy.wire.cut();
        await becomes('absent');
        assert.equal(seenWidgets.size, 0);
      }
      watch.dispose();
    });
  });

  describe('401', () => {
    /** The server knows one token at a time. */
    async function accept(token: string): Promise<void> {
      const admin = at(arrayAt(JSON.parse(await net.lab.kubeconfig()), 'users')[0], 'user', 'token') as string;
      net.proxy.behave();
      net.proxy.when(({ authorization }) => authorization === `Bearer ${token}`, as(admin));
      net.proxy.when(anything, refuse(401, 'Unauthorized'));
      net.proxy.wire.cut();
    }

    it('renews a token from a credential plugin without a word to anybody', async () => {
      const file = await net.lab.file('plugin-token', 'one');
      const command = await net.lab.file(
        'plugin',
        `#!/bin/sh\nprintf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat ${file})"\n`,
      );
      await accept('one');
      const watching = await live({
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' },
      });
      const states = new Set<string>();
      watching.window.inventory.onDidChange(({ snapshot }) => states.add(snapshot.states.pods.kind));
      await writeFile(file, 'two');
      await accept('two');
      await net.addPod('after-renewal');
      await until(
        'the pod is shown',
        () => watching.window.inventory.snapshot?.pods.has(`${namespace}/after-renewal`) || undefined,
      );
      await net.equalsFreshList(watching);
      assert.deepEqual(states, new Set(['live']));
    });

    it('renews a token from a file', async () => {
      const tokenFile = await net.lab.file('token-file', 'one');
      await accept('one');
      const watching = await live({ tokenFile });
      await writeFile(tokenFile, 'two\n');
      await accept('two');
      await net.equalsFreshList(watching);
    });

    it('says that the login has expired, and goes on after the next one', async () => {
      await accept('one');
      const watching = await live({ token: 'one' });
      await accept('two');
      const row = await inTime(watching.clock, 1, 'a row', () =>
        seen(watching.window).rows.find((each) => each.startsWith('pods: login expired, trying again: ')),
      );
      assert.match(row, /context "llm-d-demo"/);
      await net.kubeconfig({ user: { token: 'two' }, name: 'of-a-user' });
      await net.equalsFreshList(watching);
      assert.deepEqual(seen(watching.window), { description: 'live', rows: [] });
    });

    it('does not run a plugin that fails again and again', async () => {
      const runs = await net.lab.file('runs', '');
      const command = await net.lab.file(
        'plugin',
        `#!/bin/sh\necho run >> ${runs}\necho 'your session has ended' >&2\nexit 1\n`,
      );
      const watching = await net.watching({
        kubeconfig: await net.kubeconfig({
          user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' } },
          name: 'of-a-user',
        }),
      });
      await until(
        'it has failed',
        () =>
          (stateOf(watching.window, 'pods').kind === 'stale' && stateOf(watching.window, 'nodes').kind === 'stale') ||
          undefined,
      );
      const asked = await lines(runs);
      await passes(watching.clock, 120);
      const after = await lines(runs);
      assert.ok(after <= asked + 2, `a browser may open at each run: ${asked} runs became ${after}`);
      const state = stateOf(watching.window, 'pods');
      assert.ok(state.kind === 'stale');
      assertTells(state.error.message, state.error.hint, ['your session has ended', 'llm-d-demo']);
      assert.match(seen(watching.window).rows.join('\n'), /pods: login failed, trying again: /);
      // Somebody logs in, and asks to try at once: no wait has to run out for it.
      const { token } = at(arrayAt(JSON.parse(await net.lab.kubeconfig()), 'users')[0], 'user') as { token: string };
      await writeFile(
        command,
        `#!/bin/sh\nprintf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' '${token}'\n`,
      );
      watching.window.inventory.refresh();
      await until('it is live', () => isLive(watching.window.inventory.snapshot) || undefined);
      await net.equalsFreshList(watching);
    });
  });

  it('says that the server cannot be reached when a proxy on the way drops each request', async () => {
    const watching = await net.watching();
    net.proxy.when(anything, cutBefore);
    await assert.rejects(watching.window.inventory.whenComplete(patience()), { code: 'connection-lost' });
    net.proxy.behave();
    await net.equalsFreshList(watching);
  });
});

async function lines(file: string): Promise<number> {
  return (await readFile(file, 'utf8')).split('\n').length - 1;
}

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import {
  mkdtemp,
  rm,
  writeFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  truncate,
  utimes,
} from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { stringify } from 'yaml';
import { poll, systemClock, type Clock } from '../../../src/base/clock.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { createContexts, type ContextsOptions } from '../../../src/kube/login/contexts.ts';
import { FilesWatch } from '../../../src/kube/login/files-watch.ts';
import {
  kubeconfigFiles,
  mergeKubeconfigs,
  readKubeconfigs,
  type Kubeconfig,
} from '../../../src/kube/login/kubeconfig.ts';
import { Pods } from '../../../src/kube/resources.ts';
import type { ClusterRef } from '../../../src/kube/types.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';
import { isAlive } from '../../support/processes.ts';
import { LeapClock } from '../../support/leap-clock.ts';
import { pod, ScriptedServer, sendJson, sendStatus, until } from './server.ts';

const never = new AbortController().signal;

interface Entry {
  readonly context: string;
  readonly server?: string;
  readonly namespace?: string;
  readonly user?: object;
  readonly cluster?: object;
}

function kubeconfig(current: string | undefined, ...entries: readonly Entry[]): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    ...(current === undefined ? {} : { 'current-context': current }),
    clusters: entries.map((entry) => ({
      name: `${entry.context}-cluster`,
      cluster: { server: entry.server ?? `https://${entry.context}.invalid`, ...entry.cluster },
    })),
    users: entries.map((entry) => ({
      name: `${entry.context}-user`,
      user: entry.user ?? { token: `${entry.context}-token` },
    })),
    contexts: entries.map((entry) => ({
      name: entry.context,
      context: {
        cluster: `${entry.context}-cluster`,
        user: `${entry.context}-user`,
        ...(entry.namespace ? { namespace: entry.namespace } : {}),
      },
    })),
  });
}

/** What would tell that a file was written. */
async function state(path: string): Promise<object> {
  const { mtimeMs, ctimeMs, ino, size, mode } = await stat(path);
  return { mtimeMs, ctimeMs, ino, size, mode, content: await readFile(path, 'utf8') };
}

async function failure(call: Promise<unknown>): Promise<WorkbenchError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert(error instanceof WorkbenchError, `expected a WorkbenchError, got ${String(error)}`);
  return error;
}

async function readKubeconfig(files: readonly string[]): Promise<Kubeconfig | undefined> {
  return mergeKubeconfigs(await readKubeconfigs(files));
}

describe('kubeconfig and contexts', () => {
  let folder: string;
  let opened: Contexts[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-kube-'));
    opened = [];
  });

  afterEach(async () => {
    for (const contexts of opened) contexts.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function file(name: string, content: string): Promise<string> {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  }

  function open(options: Partial<ContextsOptions> & { readonly env: ContextsOptions['env'] }): Contexts {
    const contexts = createContexts({
      home: folder,
      folder: () => folder,
      store: new MemoryStore(),
      clock: systemClock,
      logger: silentLogger,
      ...options,
    });
    opened.push(contexts);
    return contexts;
  }

  describe('files', () => {
    it('come from the setting, then .env, then KUBECONFIG, then the home folder', () => {
      const env = { KUBECONFIG: ['/x/a', '', '/x/b', '/x/a'].join(delimiter) };
      const places = { folder: '/work', home: '/home/me', env };
      assert.deepEqual(kubeconfigFiles({ ...places, setting: '~/mine', workspace: 'theirs' }), ['/home/me/mine']);
      assert.deepEqual(kubeconfigFiles({ ...places, setting: '', workspace: 'theirs' }), ['/work/theirs']);
      assert.deepEqual(kubeconfigFiles(places), ['/x/a', '/x/b']);
      assert.deepEqual(kubeconfigFiles({ ...places, env: {} }), ['/home/me/.kube/config']);
    });

    it('merge as kubectl does: the first entry wins, the first current-context counts, absent files are passed over', async () => {
      const first = await file('one', kubeconfig(undefined, { context: 'same', server: 'https://first.invalid' }));
      const second = await file(
        'two',
        kubeconfig('other', { context: 'same', server: 'https://second.invalid' }, { context: 'other' }),
      );
      const third = await file('three', kubeconfig('third', { context: 'third' }));
      const merged = await readKubeconfig([first, join(folder, 'absent'), second, third]);
      assert.equal(merged?.currentContext, 'other');
      assert.deepEqual([...(merged?.contexts.keys() ?? [])], ['same', 'other', 'third']);
      assert.equal(merged?.clusters.get('same-cluster')?.server, 'https://first.invalid');
      assert.equal(await readKubeconfig([join(folder, 'absent')]), undefined);
    });

    it('start relative paths at the file that holds them', async () => {
      await mkdir(join(folder, 'deep'));
      const path = await file(
        'deep/config',
        kubeconfig('a', {
          context: 'a',
          cluster: { 'certificate-authority': 'ca.pem' },
          user: { tokenFile: '../token', exec: { apiVersion: 'v1', command: './login', args: null } },
        }),
      );
      const merged = await readKubeconfig([path]);
      assert.equal(merged?.clusters.get('a-cluster')?.['certificate-authority'], join(folder, 'deep', 'ca.pem'));
      assert.equal(merged?.users.get('a-user')?.tokenFile, join(folder, 'token'));
      assert.equal(merged?.users.get('a-user')?.exec?.command, join(folder, 'deep', 'login'));
    });

    it('are read as JSON, and as the YAML that only looks like it', async () => {
      const entry = {
        contexts: [{ name: 'c', context: { cluster: 'k', namespace: 'ns' } }],
        clusters: [{ name: 'k', cluster: { server: 'https://k' } }],
      };
      const asJson = await readKubeconfig([await file('json', JSON.stringify(entry))]);
      const asFlow = await readKubeconfig([
        await file(
          'flow',
          '{contexts: [{name: c, context: {cluster: k, namespace: ns}}], clusters: [{name: k, cluster: {server: "https://k"}}]}\n',
        ),
      ]);
      assert.equal(asJson?.contexts.get('c')?.namespace, 'ns');
      assert.deepEqual({ ...asFlow, files: [] }, { ...asJson, files: [] });
    });

    it('are read as kubectl reads them: a key that comes twice, merged keys, more than one document', async () => {
      const twice = await readKubeconfig([
        await file('twice', 'clusters: [{name: k, cluster: {server: "https://one", server: "https://two"}}]\n'),
      ]);
      assert.equal(twice?.clusters.get('k')?.server, 'https://two');
      const merged = await readKubeconfig([
        await file(
          'merged',
          'base: &base\n  server: https://k\nclusters:\n- name: k\n  cluster:\n    <<: *base\n    insecure-skip-tls-verify: true\n---\nsecond: document\n',
        ),
      ]);
      assert.equal(merged?.clusters.get('k')?.server, 'https://k');
      assert.equal(merged.clusters.get('k')?.['insecure-skip-tls-verify'], true);
    });

    it('that are broken are named, without their content', async () => {
      const broken = await file('broken', 'users:\n- name: a\n  user: {token: secret-value\n');
      const error = await failure(readKubeconfig([broken]));
      assert.equal(error.code, 'kubeconfig-invalid');
      assert.ok(error.message.includes(broken));
      assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)}`, /secret-value/);
      const wrong = await file('wrong', kubeconfig('a', { context: 'a', user: { exec: { command: 7 } } }));
      assert.match((await failure(readKubeconfig([wrong]))).message, /user "a-user"/);
    });

    it('are refused where an alias stands for an alias, and so on: nine levels of nine', async () => {
      const levels = Array.from(
        { length: 9 },
        (_level, level) =>
          `l${level}: &l${level} [${Array.from({ length: 9 }, () => (level === 0 ? 'x' : `*l${level - 1}`)).join(', ')}]`,
      );
      const bomb = await file('aliases', `${levels.join('\n')}\nusers: *l8\n`);
      const error = await failure(readKubeconfig([bomb]));
      assert.deepEqual([error.code, error.message.includes(bomb)], ['kubeconfig-invalid', true]);
    });

    it('are refused at once where they are no plain file, or huge', async () => {
      const pipe = join(folder, 'pipe');
      spawnSync('mkfifo', [pipe]);
      const huge = await file('huge', '');
      await truncate(huge, 2 ** 30);
      for (const path of [pipe, '/dev/zero', huge]) {
        const error = await failure(readKubeconfig([path]));
        assert.deepEqual([error.code, error.message.includes(path)], ['kubeconfig-invalid', true]);
      }
    });
  });

  it('says what is missing', async () => {
    const contexts = open({ env: {} });
    assert.equal(await contexts.current(), undefined);
    const error = await failure(contexts.list());
    assert.equal(error.code, 'kubeconfig-missing');
    assert.ok(error.message.includes(join(folder, '.kube', 'config')));
  });

  it("takes the kubeconfig's context with the namespace of .env before its own, until one is chosen", async () => {
    const KUBECONFIG = await file(
      'config',
      kubeconfig('a', { context: 'a', namespace: 'from-file' }, { context: 'b' }),
    );
    const store = new MemoryStore();
    assert.equal((await open({ env: { KUBECONFIG } }).current())?.namespace, 'from-file');
    const contexts = open({
      env: { KUBECONFIG },
      store,
      workspaceEnv: () => Promise.resolve({ NAMESPACE: 'from-env' }),
    });
    assert.deepEqual(await contexts.current(), { context: 'a', namespace: 'from-env', server: 'https://a.invalid' });
    const told: (ClusterRef | undefined)[] = [];
    contexts.onDidChange((cluster) => told.push(cluster));
    await contexts.select('b', 'chosen');
    assert.deepEqual(told, [{ context: 'b', namespace: 'chosen', server: 'https://b.invalid' }]);
    assert.deepEqual(await open({ env: { KUBECONFIG }, store }).current(), told[0], 'the choice is remembered');
    const error = await failure(contexts.select('c'));
    assert.equal(error.code, 'context-unknown');
    assert.equal(error.hint, 'Choose one of: a, b.');
  });

  it('refuses a server that is none, as one without a scheme', async () => {
    for (const server of ['localhost:6443', '192.0.2.1:6443', 'ftp://a.invalid', '']) {
      const contexts = open({ env: { KUBECONFIG: await file('odd', kubeconfig('a', { context: 'a', server })) } });
      const error = await failure(contexts.select('a'));
      assert.equal(error.code, 'kubeconfig-invalid');
      assert.match(error.message, /of context "a" has no server address/);
    }
  });

  describe('in a pod', () => {
    let env: ContextsOptions['env'];
    let serviceAccount: string;

    beforeEach(async () => {
      serviceAccount = join(folder, 'serviceaccount');
      env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
      await mkdir(serviceAccount);
      await file('serviceaccount/token', 'first\n');
      await file('serviceaccount/namespace', 'of-the-pod');
    });

    it('the service account stands in for a kubeconfig that is not there', async () => {
      const contexts = open({ env, serviceAccount });
      assert.deepEqual(await contexts.current(), {
        context: 'in-cluster',
        namespace: 'of-the-pod',
        server: 'https://[fd00::1]:443',
      });
      assert.deepEqual(
        (await contexts.list()).map(({ name, current }) => ({ name, current })),
        [{ name: 'in-cluster', current: true }],
      );
    });

    it('its token is read again as the kubelet renews it, and kubectl gets a file without a secret', async () => {
      const server = new ScriptedServer();
      await server.start();
      const contexts = open({ env, serviceAccount });
      const cluster = await contexts.current();
      assert.ok(cluster);
      const tool = await contexts.toolEnvironment(cluster);
      const path = tool.env['KUBECONFIG'] ?? '';
      const text = await readFile(path, 'utf8');
      assert.doesNotMatch(text, /first/);
      const merged = await readKubeconfig([path]);
      assert.equal(merged?.users.get('in-cluster')?.tokenFile, join(serviceAccount, 'token'));
      assert.equal(merged?.clusters.get('in-cluster')?.['certificate-authority'], join(serviceAccount, 'ca.crt'));
      // A pod's API server speaks TLS; the tokens are the same over plain HTTP.
      await writeFile(
        path,
        text.replace('https://[fd00::1]:443', server.url).replace(/,"certificate-authority":"[^"]*"/, ''),
      );
      await contexts.reload();
      const now = await contexts.current();
      assert.ok(now);
      server.handle = (request, response) =>
        request.headers.authorization === 'Bearer first'
          ? sendStatus(response, 401, 'Unauthorized')
          : sendJson(response, 200, pod('p', '1'));
      await file('serviceaccount/token', 'second\n');
      await (await contexts.client(now)).get(Pods, 'ns', 'p', never);
      assert.equal(server.requests.at(-1)?.headers.authorization, 'Bearer second');
      await server.stop();
      contexts.dispose();
      await until(() => !existsSync(path));
    });

    it('a kubeconfig goes before it, and without a token there is none', async () => {
      const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }));
      assert.deepEqual(
        (await open({ env: { ...env, KUBECONFIG }, serviceAccount }).list()).map(({ name }) => name),
        ['a'],
      );
      assert.equal(await open({ env, serviceAccount: join(folder, 'nowhere') }).current(), undefined);
      assert.equal(await open({ env: {}, serviceAccount }).current(), undefined);
    });

    it('a demo cluster beside it does not take its place', async () => {
      const demo = await file('demo', kubeconfig('demo', { context: 'demo' }));
      const contexts = open({ env, serviceAccount, alsoRead: () => [demo] });
      assert.equal((await contexts.current())?.context, 'in-cluster');
      assert.deepEqual(
        (await contexts.list()).map(({ name }) => name),
        ['in-cluster', 'demo'],
      );
    });
  });

  it('are never written: a whole session leaves bytes and times of every file as they were', async () => {
    const server = new ScriptedServer();
    await server.start();
    server.handle = (_request, response) => sendJson(response, 200, pod('p', '1'));
    const files = [
      await file(
        'one',
        kubeconfig(
          'a',
          { context: 'a', server: server.url },
          {
            context: 'b',
            server: server.url,
            user: {
              exec: {
                apiVersion: 'client.authentication.k8s.io/v1',
                command: 'sh',
                args: ['-c', `printf '{"kind":"ExecCredential","status":{"token":"t"}}'`],
              },
            },
          },
        ),
      ),
      await file('two', kubeconfig(undefined, { context: 'c' })),
    ];
    const past = new Date('2020-01-01T00:00:00Z');
    for (const each of files) await utimes(each, past, past);
    const before = await Promise.all(files.map(state));
    const store = new MemoryStore();
    const contexts = open({ env: { KUBECONFIG: files.join(delimiter), PATH: process.env['PATH'] }, store });
    const chosen: (ClusterRef | undefined)[] = [await contexts.current()];
    contexts.onDidChange((cluster) => chosen.push(cluster));
    for (const [context, namespace] of [
      ['b', 'ns'],
      ['a', 'other'],
      ['b', undefined],
      ['c', 'x'],
      ['a', 'ns'],
    ] as const) {
      const cluster = await contexts.select(context, namespace);
      await contexts.toolEnvironment(cluster);
      await contexts.list();
      if (context !== 'c') await (await contexts.client(cluster)).get(Pods, 'ns', 'p', never);
      await contexts.reload();
    }
    assert.equal(chosen.length, 6);
    contexts.dispose();
    assert.deepEqual(
      await open({ env: { KUBECONFIG: files.join(delimiter) }, store }).current(),
      { context: 'a', namespace: 'ns', server: server.url },
      "the choice is the workspace's",
    );
    await server.stop();
    assert.deepEqual(await Promise.all(files.map(state)), before);
    assert.deepEqual((await readdir(folder)).toSorted(), ['one', 'two'], 'nothing is written beside them');
  });

  it('never falls back to another cluster when the chosen one is gone', async () => {
    const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }));
    const store = new MemoryStore();
    await store.set('kube.chosen', { context: 'gone', namespace: 'ns' });
    assert.equal((await failure(open({ env: { KUBECONFIG }, store }).current())).code, 'context-unknown');
  });

  it('goes back to the choice before one that is left, and only then', async () => {
    const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }, { context: 'b' }, { context: 'demo' }));
    const contexts = open({ env: { KUBECONFIG } });
    const place = async (): Promise<readonly (string | undefined)[]> => {
      const cluster = await contexts.current();
      return [cluster?.context, cluster?.namespace];
    };
    await contexts.select('demo');
    await contexts.leave('demo');
    assert.deepEqual(await place(), ['a', 'default'], 'nobody chose before: the kubeconfig does');
    await contexts.select('b', 'mine');
    await contexts.select('demo');
    await contexts.select('demo', 'elsewhere');
    await contexts.leave('b');
    assert.deepEqual(await place(), ['demo', 'elsewhere']);
    await contexts.leave('demo');
    assert.deepEqual(await place(), ['b', 'mine']);
  });

  describe("the context of a demo cluster's file", () => {
    const place = async (contexts: Contexts): Promise<readonly (string | undefined)[]> => {
      const cluster = await contexts.current();
      return [cluster?.context, cluster?.namespace];
    };

    it('is left for the one before it when the file goes, and that is told', async () => {
      const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }, { context: 'b' }));
      const demo = await file('demo', kubeconfig('demo', { context: 'demo' }));
      const contexts = open({ env: { KUBECONFIG }, alsoRead: () => [demo] });
      const told: (readonly string[])[] = [];
      contexts.onDidLeave((context) => told.push(['left', context]));
      contexts.onDidChange((cluster) => told.push(['now on', cluster?.context ?? '']));
      await contexts.select('b', 'mine');
      await contexts.select('demo');
      await contexts.select('demo', 'elsewhere');
      told.splice(0);
      await rm(demo);
      await until(() => told.length > 1);
      assert.deepEqual(told, [
        ['left', 'demo'],
        ['now on', 'b'],
      ]);
      assert.deepEqual(await place(contexts), ['b', 'mine']);
    });

    it('is left also by a window that opens after it went, and not while it is there', async () => {
      const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }));
      const demo = await file('demo', kubeconfig('demo', { context: 'demo' }));
      const options = { env: { KUBECONFIG }, alsoRead: () => [demo], store: new MemoryStore() };
      await open(options).select('demo');
      assert.deepEqual(await place(open(options)), ['demo', 'default']);
      await rm(demo);
      assert.deepEqual(await place(open(options)), ['a', 'default']);
    });

    it('is not left for another one when it stands in a file of the person too', async () => {
      const own = await file('config', kubeconfig('a', { context: 'a' }, { context: 'demo' }));
      const demo = await file('demo', kubeconfig('demo', { context: 'demo' }));
      const contexts = open({ env: { KUBECONFIG: own }, alsoRead: () => [demo] });
      await contexts.select('demo');
      await file('config', kubeconfig('a', { context: 'a' }));
      await rm(demo);
      await contexts.reload();
      assert.equal((await failure(contexts.current())).code, 'context-unknown');
    });
  });

  it('follows the files on disk', async () => {
    const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }));
    const contexts = open({ env: { KUBECONFIG } });
    await contexts.current();
    const told: (ClusterRef | undefined)[] = [];
    contexts.onDidChange((cluster) => told.push(cluster));
    await rename(await file('next', kubeconfig('b', { context: 'b' })), KUBECONFIG);
    await until(() => told.length > 0);
    assert.equal(told[0]?.context, 'b');
    assert.deepEqual(
      (await contexts.list()).map((context) => context.name),
      ['b'],
    );
  });

  describe('where there is no kubeconfig yet', () => {
    it('notices the first login, which makes the folder as well', async () => {
      const contexts = open({ env: {} });
      assert.equal(await contexts.current(), undefined);
      const told: (string | undefined)[] = [];
      contexts.onDidChange((cluster) => told.push(cluster?.context));
      await mkdir(join(folder, '.kube'));
      await file('.kube/config', kubeconfig('a', { context: 'a' }));
      await until(() => told.length > 0);
      assert.deepEqual(told, ['a']);
    });

    it('notices it where several folders come one after the other', async () => {
      const files = [join(folder, 'one', 'two', 'config')];
      let changes = 0;
      const watching = new FilesWatch(() => {
        changes += 1;
        watching.watch(files);
      }, silentLogger);
      watching.watch(files);
      for (const make of [
        () => mkdir(join(folder, 'one')),
        () => mkdir(join(folder, 'one', 'two')),
        () => file('one/two/config', 'here'),
      ]) {
        const before = changes;
        await make();
        await until(() => changes > before);
      }
      watching.dispose();
    });

    it('notices a folder that goes, and one that comes again', async () => {
      await mkdir(join(folder, '.kube'));
      await file('.kube/config', kubeconfig('a', { context: 'a' }));
      const contexts = open({ env: {} });
      assert.equal((await contexts.current())?.context, 'a');
      const told: (string | undefined)[] = [];
      contexts.onDidChange((cluster) => told.push(cluster?.context));
      await rm(join(folder, '.kube'), { recursive: true });
      await until(() => told.length === 1);
      await mkdir(join(folder, '.kube'));
      await file('.kube/config', kubeconfig('b', { context: 'b' }));
      await until(() => told.length === 2);
      assert.deepEqual(told, [undefined, 'b']);
    });
  });

  it('refuses to let pinned work reach another server under the same context name', async () => {
    const KUBECONFIG = await file('config', kubeconfig('a', { context: 'a' }));
    const contexts = open({ env: { KUBECONFIG } });
    const cluster = await contexts.select('a');
    assert.deepEqual(await contexts.toolEnvironment(cluster), {
      env: { KUBECONFIG },
      context: 'a',
      namespace: 'default',
    });
    await writeFile(KUBECONFIG, kubeconfig('a', { context: 'a', server: 'https://elsewhere.invalid' }));
    await contexts.reload();
    assert.equal((await failure(contexts.client(cluster))).code, 'context-unknown');
    assert.equal((await failure(contexts.toolEnvironment(cluster))).code, 'context-unknown');
  });

  describe('credentials', () => {
    let server: ScriptedServer;

    beforeEach(async () => {
      server = new ScriptedServer();
      await server.start();
      server.handle = (_request, response) => sendJson(response, 200, pod('p', '1'));
    });

    afterEach(() => server.stop());

    async function authorizationWith(
      user: object,
      name = 'config',
      clock: Clock = systemClock,
    ): Promise<{ readonly contexts: Contexts; readonly ask: () => Promise<string | undefined> }> {
      const KUBECONFIG = await file(name, kubeconfig('a', { context: 'a', server: server.url, user }));
      const contexts = open({ env: { KUBECONFIG, PATH: process.env['PATH'] }, clock });
      const client = await contexts.client(await contexts.select('a'));
      return {
        contexts,
        ask: async () => {
          await client.get(Pods, 'ns', 'p', never);
          return server.requests.at(-1)?.headers.authorization;
        },
      };
    }

    /** A plugin that counts its runs in a file and answers with that count. */
    async function plugin(expiry = ''): Promise<object> {
      const script = await file(
        'plugin',
        `#!/bin/sh\necho run >> ${folder}/runs\nn=$(wc -l < ${folder}/runs)\nprintf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s"${expiry}}}' "$PREFIX" $n\n`,
      );
      await chmod(script, 0o755);
      return {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: script,
          env: [{ name: 'PREFIX', value: 'token' }],
        },
      };
    }

    it('come from a token, a file, a name and password', async () => {
      assert.equal(await (await authorizationWith({ token: 'fixed' }, 'one')).ask(), 'Bearer fixed');
      await file('token', 'in-file\n');
      assert.equal(await (await authorizationWith({ tokenFile: 'token' }, 'two')).ask(), 'Bearer in-file');
      assert.equal(
        await (await authorizationWith({ username: 'u', password: 'p' }, 'three')).ask(),
        `Basic ${Buffer.from('u:p').toString('base64')}`,
      );
    });

    it('are not awaited from a pipe, nor read from what does not end', async () => {
      const pipe = join(folder, 'token-pipe');
      spawnSync('mkfifo', [pipe]);
      for (const tokenFile of [pipe, '/dev/zero']) {
        const error = await failure((await authorizationWith({ tokenFile }, 'piped')).ask());
        assert.deepEqual([error.code, error.message.includes(tokenFile)], ['kubeconfig-invalid', true]);
      }
    });

    it('carry impersonation, whole', async () => {
      const { ask } = await authorizationWith({
        token: 't',
        as: 'someone',
        'as-uid': 'u-1',
        'as-groups': ['g', 'h'],
        'as-user-extra': { scopes: ['view', 'deploy'], 'example.com/pro%ject': ['p'] },
      });
      await ask();
      assert.deepEqual(
        Object.entries(server.requests[0]?.headers ?? {})
          .filter(([name]) => name.startsWith('impersonate-'))
          .toSorted(([one], [other]) => one.localeCompare(other)),
        [
          ['impersonate-extra-example.com%2fpro%25ject', 'p'],
          ['impersonate-extra-scopes', 'view, deploy'],
          ['impersonate-group', 'g, h'],
          ['impersonate-uid', 'u-1'],
          ['impersonate-user', 'someone'],
        ],
      );
    });

    it('run a plugin once for many callers, and again after a 401', async () => {
      const { ask } = await authorizationWith(await plugin());
      assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [
        'Bearer token-1',
        'Bearer token-1',
        'Bearer token-1',
      ]);
      server.handle = (request, response) =>
        request.headers.authorization === 'Bearer token-1'
          ? sendStatus(response, 401, 'Unauthorized')
          : sendJson(response, 200, pod('p', '1'));
      assert.equal(await ask(), 'Bearer token-2');
      assert.equal(await ask(), 'Bearer token-2');
    });

    it('run a plugin again when its credential has expired', async () => {
      const clock = new LeapClock();
      const end = new Date(clock.now() + 900_000).toISOString();
      const { ask } = await authorizationWith(await plugin(`,"expirationTimestamp":"${end}"`), 'config', clock);
      assert.equal(await ask(), 'Bearer token-1');
      clock.leap(880_000);
      assert.equal(await ask(), 'Bearer token-1');
      clock.leap(15_000);
      assert.equal(await ask(), 'Bearer token-2');
    });

    it('do not run a plugin for each request because a clock is wrong', async () => {
      const clock = new LeapClock();
      clock.step(3_600_000);
      const end = new Date(Date.now() + 900_000).toISOString();
      const { ask } = await authorizationWith(await plugin(`,"expirationTimestamp":"${end}"`), 'config', clock);
      assert.equal(await ask(), 'Bearer token-1');
      assert.equal(await ask(), 'Bearer token-1');
      server.handle = (request, response) =>
        request.headers.authorization === 'Bearer token-1'
          ? sendStatus(response, 401, 'Unauthorized')
          : sendJson(response, 200, pod('p', '1'));
      assert.equal(await ask(), 'Bearer token-2');
    });

    it('name a plugin that is missing, and one that fails', async () => {
      const absent = await authorizationWith(
        {
          exec: {
            apiVersion: 'v1',
            command: 'no-such-login-tool',
            installHint: 'Get it from your administrator.\nmore',
          },
        },
        'one',
      );
      const missing = await failure(absent.ask());
      assert.equal(missing.code, 'auth-plugin-missing');
      assert.match(missing.message, /"no-such-login-tool" of context "a"/);
      assert.equal(missing.hint, 'Get it from your administrator.');
      const failing = await authorizationWith(
        { exec: { apiVersion: 'v1', command: 'sh', args: ['-c', 'echo first >&2; echo session expired >&2; exit 3'] } },
        'two',
      );
      const failed = await failure(failing.ask());
      assert.equal(failed.code, 'auth-plugin-failed');
      assert.match(failed.message, /exit code 3: session expired/);
      const babbling = await authorizationWith(
        { exec: { apiVersion: 'v1', command: 'echo', args: ['secret-token'] } },
        'three',
      );
      const unreadable = await failure(babbling.ask());
      assert.equal(unreadable.code, 'auth-plugin-failed');
      assert.doesNotMatch(`${unreadable.message}${String(unreadable.cause)}`, /secret-token/);
    });

    it('end a plugin with all that it started when nobody waits any more', async () => {
      const pidFile = join(folder, 'pid');
      const { contexts, ask } = await authorizationWith({
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: 'sh',
          args: ['-c', `sh -c 'echo $$ > ${pidFile}; exec sleep 600' & wait`],
        },
      });
      const asked = failure(ask());
      await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
      contexts.dispose();
      assert.equal((await asked).code, 'aborted');
      const pid = Number(readFileSync(pidFile, 'utf8'));
      await poll(systemClock, 5, never, async () => ((await isAlive(pid)) ? undefined : true));
    });

    it('of a plugin follow the cluster as the kubeconfig has it now, its authority and settings as data', async () => {
      const script = await file(
        'plugin',
        `#!/bin/sh\nprintf '%s' "$KUBERNETES_EXEC_INFO" > ${folder}/info\nprintf '{"kind":"ExecCredential","status":{"token":"t"}}'\n`,
      );
      await chmod(script, 0o755);
      await file('ca.pem', 'an authority');
      const user = {
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command: script, provideClusterInfo: true },
      };
      const { contexts, ask } = await authorizationWith(user);
      const told = async (): Promise<unknown> => {
        await ask();
        return (JSON.parse(await readFile(join(folder, 'info'), 'utf8')) as { spec: { cluster: unknown } }).spec
          .cluster;
      };
      assert.deepEqual(await told(), { server: server.url });
      const cluster = {
        'certificate-authority': 'ca.pem',
        'tls-server-name': 'kube.test',
        extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
      };
      await file('config', kubeconfig('a', { context: 'a', server: server.url, user, cluster }));
      await contexts.reload();
      assert.deepEqual(await told(), {
        server: server.url,
        'certificate-authority-data': Buffer.from('an authority').toString('base64'),
        'tls-server-name': 'kube.test',
        config: { audience: 'x' },
      });
    });

    it('are kept back where they could be read on the way: over plain HTTP to another machine', async () => {
      const proxy = createServer();
      proxy.on('connect', (_request, socket) => {
        const onward = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          onward.pipe(socket).pipe(onward);
        });
        onward.on('error', () => socket.destroy());
        socket.on('error', () => onward.destroy());
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const cluster = { 'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      const users = [{ token: 'secret' }, { username: 'u', password: 'secret' }, await plugin()];
      const hosts = ['kube.test', '127.kube.test'];
      for (const [user, host] of users.flatMap((each) => hosts.map((name) => [each, name] as const))) {
        const KUBECONFIG = await file(
          'overheard',
          kubeconfig('a', { context: 'a', server: `http://${host}`, user, cluster }),
        );
        const contexts = open({ env: { KUBECONFIG, PATH: process.env['PATH'] } });
        await (await contexts.client(await contexts.select('a'))).get(Pods, 'ns', 'p', never);
        assert.equal(server.requests.at(-1)?.headers.host, host);
        assert.equal(server.requests.at(-1)?.headers.authorization, undefined);
      }
      assert.equal(server.requests.length, 6);
      proxy.close();
    });

    it('go over the proxy that the kubeconfig names now', async () => {
      const { contexts, ask } = await authorizationWith({ token: 't' });
      await ask();
      const asked: (string | undefined)[] = [];
      const proxy = createServer();
      proxy.on('connect', (request, socket) => {
        asked.push(request.url);
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const cluster = { 'proxy-url': `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
      await file('config', kubeconfig('a', { context: 'a', server: server.url, user: { token: 't' }, cluster }));
      await contexts.reload();
      assert.equal((await failure(ask())).code, 'cluster-unreachable');
      assert.ok(asked.includes(new URL(server.url).host));
      await file('config', kubeconfig('a', { context: 'a', server: server.url, user: { token: 't' } }));
      await contexts.reload();
      assert.equal(await ask(), 'Bearer t');
      proxy.close();
    });

    it('of an old auth-provider are refused with what replaces it', async () => {
      for (const [name, plugin] of [
        ['gcp', 'gke-gcloud-auth-plugin'],
        ['azure', 'kubelogin'],
        ['other', 'exec plugin'],
        ['constructor', 'exec plugin'],
      ] as const) {
        const { ask } = await authorizationWith(
          { 'auth-provider': { name, config: { 'id-token': 'secret-token' } } },
          name,
        );
        const error = await failure(ask());
        assert.equal(error.code, 'not-supported');
        assert.ok(
          error.message.includes('context "a"') && error.message.includes(`auth-provider "${name}"`),
          error.message,
        );
        assert.ok(error.hint?.includes(plugin), error.hint);
        assert.doesNotMatch(`${error.message}${error.hint ?? ''}`, /secret-token/);
      }
      assert.equal(server.requests.length, 0);
    });

    it('of an OpenID Connect login serve until they expire; then the error says how to renew them', async () => {
      const idToken = (exp: number): string =>
        ['{}', JSON.stringify({ exp }), ''].map((part) => Buffer.from(part).toString('base64url')).join('.');
      const oidc = (token: string): object => ({
        'auth-provider': {
          name: 'oidc',
          config: {
            'id-token': token,
            'refresh-token': 'secret-refresh',
            'client-id': 'kubernetes',
            'idp-issuer-url': 'https://issuer.invalid',
          },
        },
      });
      const good = idToken(Date.now() / 1000 + 3600);
      const { ask } = await authorizationWith(oidc(good), 'good');
      assert.equal(await ask(), `Bearer ${good}`);
      for (const bad of [idToken(Date.now() / 1000 - 1), 'not.a-token', '']) {
        const error = await failure((await authorizationWith(oidc(bad), 'bad')).ask());
        assert.equal(error.code, 'auth-plugin-failed');
        assert.match(error.hint ?? '', /kubectl --context a /);
        assert.doesNotMatch(`${error.message}${error.hint ?? ''}`, /secret-refresh/);
      }
    });

    it('of a login on disk reach the client that lives', async () => {
      const { contexts, ask } = await authorizationWith({ token: 'before' });
      assert.equal(await ask(), 'Bearer before');
      await file('config', kubeconfig('a', { context: 'a', server: server.url, user: { token: 'after' } }));
      await contexts.reload();
      assert.equal(await ask(), 'Bearer after');
    });
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryStore } from '../../src/base/store.ts';
import { createServerIdentity } from '../../src/demo/api/http/tls.ts';
import { createContexts } from '../../src/kube/login/contexts.ts';
import { kubectls, toolPath, type Tool } from './support.ts';

const never = new AbortController().signal;

const answer =
  '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"from-plugin"}}';
const nothing = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}';
const exec = {
  apiVersion: 'client.authentication.k8s.io/v1',
  interactiveMode: 'Never',
  command: 'sh',
  args: ['-c', `printf '%s' '${answer}'`],
};

/** Users by what is odd about them. One with nothing at all is asked for a name by kubectl, and by us for nothing. */
const users: Readonly<Record<string, object>> = {
  'a token': { token: 't' },
  'a token in a file': { tokenFile: 'token' },
  'a token and a file': { token: 't', tokenFile: 'token' },
  'a file that is not there': { tokenFile: 'gone' },
  'name and password': { username: 'u', password: 'p' },
  'a name alone': { username: 'u' },
  'a token beside name and password': { token: 't', username: 'u', password: 'p' },
  'a file beside name and password': { tokenFile: 'token', username: 'u', password: 'p' },
  'a plugin': { exec },
  'a token beside a plugin': { token: 't', exec },
  'name and password beside a plugin': { username: 'u', password: 'p', exec },
  'a plugin beside an old provider': { exec, 'auth-provider': { name: 'oidc', config: { 'id-token': 'a.b.c' } } },
  'an old provider that is no more': { 'auth-provider': { name: 'gcp' } },
  'a plugin without a command': { exec: { ...exec, command: '' } },
  'a plugin of no version': { exec: { ...exec, apiVersion: undefined } },
  'a plugin that gives nothing': { exec: { ...exec, args: ['-c', `printf '%s' '${nothing}'`] } },
  'a token with a line break': { token: 't\n' },
  'impersonation of a name beyond ASCII': { token: 't', as: 'Jürgen 日本', 'as-groups': ['µ'] },
  impersonation: {
    token: 't',
    as: 'me',
    'as-uid': 'u-1',
    'as-groups': ['g', 'h'],
    'as-user-extra': { scopes: ['a', 'b'], 'example.com/pro%ject': ['p'] },
  },
};

describe('what proves who I am', () => {
  const identity = createServerIdentity(Date.now());
  let server: Server;
  let url: string;
  let folder: string;
  let asked: (readonly (readonly [string, unknown])[])[];

  before(async () => {
    server = createServer({ key: identity.keyPem, cert: identity.certPem }, (request, response) => {
      asked.push(proof(request.headers));
      response.setHeader('content-type', 'application/json');
      response.end('{"major":"1"}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    folder = await mkdtemp(join(tmpdir(), 'credentials-'));
    await writeFile(join(folder, 'token'), 'from-file\n');
  });

  after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [what, user] of Object.entries(users)) {
    it(`of ${what} is what kubectl sends, or is refused as kubectl refuses it`, async () => {
      const kubeconfig = join(folder, 'config');
      const cluster = {
        server: url,
        'certificate-authority-data': Buffer.from(identity.certPem).toString('base64'),
      };
      await writeFile(
        kubeconfig,
        JSON.stringify({
          clusters: [{ name: 'k', cluster }],
          users: [{ name: 'u', user }],
          contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
        }),
      );
      const ours = await seen(() => ask(kubeconfig));
      for (const tool of kubectls) assert.deepEqual(ours, await seen(() => kubectl(tool, kubeconfig)), tool);
    });
  }

  /** What the server saw of one call; undefined where it saw none. */
  async function seen(call: () => Promise<void>): Promise<readonly (readonly [string, unknown])[] | undefined> {
    asked = [];
    await call();
    return asked[0];
  }

  async function ask(kubeconfig: string): Promise<void> {
    const contexts = createContexts({
      env: { KUBECONFIG: kubeconfig, PATH: process.env['PATH'] },
      home: folder,
      folder: () => folder,
      store: new MemoryStore(),
      clock: systemClock,
      logger: silentLogger,
    });
    try {
      const client = await contexts.client(await contexts.select('c'));
      await client.json({ path: '/version', signal: never });
    } catch {
      // That nothing was asked says it.
    } finally {
      contexts.dispose();
    }
  }

  function kubectl(tool: Tool, kubeconfig: string): Promise<void> {
    return new Promise((resolve) => {
      const child = execFile(
        toolPath(tool),
        ['--context', 'c', 'get', '--raw', '/version'],
        { env: { KUBECONFIG: kubeconfig, PATH: process.env['PATH'] }, timeout: 20_000 },
        () => resolve(),
      );
      child.stdin?.end();
    });
  }
});

function proof(headers: IncomingHttpHeaders): readonly (readonly [string, unknown])[] {
  return Object.entries(headers)
    .filter(([name]) => name === 'authorization' || name.startsWith('impersonate-'))
    .toSorted(([one], [other]) => one.localeCompare(other));
}

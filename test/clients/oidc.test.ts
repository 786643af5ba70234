import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { isWorkbenchError, WorkbenchError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryStore } from '../../src/base/store.ts';
import { createServerIdentity } from '../../src/demo/api/http/tls.ts';
import { createContexts } from '../../src/kube/login/contexts.ts';
import { mergeKubeconfigs, readKubeconfigs } from '../../src/kube/login/kubeconfig.ts';
import type { Contexts } from '../../src/kube/login/types.ts';
import { Pods } from '../../src/kube/resources.ts';
import { createCommandRunner } from '../../src/kube/tools/command-runner.ts';
import { kubectls, toolPath } from './support.ts';

const never = new AbortController().signal;
const clientId = 'kubernetes';

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** An identity provider that takes each refresh token once, and an API server that believes its tokens. */
class Realm {
  readonly identity = createServerIdentity(Date.now());
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly #server: Server;
  #refreshToken: string = randomUUID();
  /** Tokens that were asked for, in vain or not. */
  asked = 0;

  constructor() {
    this.#server = createServer({ key: this.identity.keyPem, cert: this.identity.certPem }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get refreshToken(): string {
    return this.#refreshToken;
  }

  idToken(seconds: number): string {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: clientId, sub: 'me', iat: now, exp: now + seconds, jti: randomUUID() };
    const signed = [{ alg: 'RS256', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), this.#keys.privateKey).toString('base64url')}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.url).pathname;
    if (path === '/.well-known/openid-configuration') {
      sendJson(response, 200, { issuer: this.url, token_endpoint: `${this.url}/token` });
      return;
    }
    if (path === '/token') {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      this.#token(new URLSearchParams(body), response);
      return;
    }
    if (!this.#believes(request.headers.authorization)) {
      sendJson(response, 401, {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        code: 401,
        reason: 'Unauthorized',
      });
      return;
    }
    sendJson(
      response,
      200,
      path === '/version'
        ? { major: '1', minor: '36', gitVersion: 'v1.36.0' }
        : { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'ns', resourceVersion: '1' } },
    );
  }

  #token(form: URLSearchParams, response: ServerResponse): void {
    this.asked += 1;
    if (form.get('grant_type') !== 'refresh_token' || form.get('refresh_token') !== this.#refreshToken) {
      sendJson(response, 400, { error: 'invalid_grant', error_description: 'the refresh token was used before' });
      return;
    }
    this.#refreshToken = randomUUID();
    sendJson(response, 200, {
      access_token: randomUUID(),
      token_type: 'Bearer',
      expires_in: 3600,
      id_token: this.idToken(3600),
      refresh_token: this.#refreshToken,
    });
  }

  /** What a real API server checks: signature, issuer, audience and time. */
  #believes(authorization = ''): boolean {
    const [head = '', body = '', signature = ''] = authorization.replace(/^Bearer /, '').split('.');
    if (!verify('sha256', Buffer.from(`${head}.${body}`), this.#keys.publicKey, Buffer.from(signature, 'base64url')))
      return false;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as { iss: string; aud: string; exp: number };
    return claims.iss === this.url && claims.aud === clientId && claims.exp * 1000 > Date.now();
  }
}

for (const tool of kubectls) {
  describe(`an OpenID Connect login that has expired, renewed by ${tool}`, () => {
    let realm: Realm;
    let folder: string;
    let kubeconfig: string;
    let contexts: Contexts;
    /** Of kubectl. */
    let calls: string[];

    beforeEach(async () => {
      calls = [];
      realm = new Realm();
      await realm.start();
      folder = await mkdtemp(join(tmpdir(), 'oidc-'));
      kubeconfig = join(folder, 'home', 'config');
      await mkdir(dirname(kubeconfig));
    });

    afterEach(async () => {
      contexts.dispose();
      await realm.stop();
      await rm(folder, { recursive: true, force: true });
    });

    async function open(login: { readonly refreshToken: string; readonly kubectl?: string }): Promise<void> {
      const authority = Buffer.from(realm.identity.certPem).toString('base64');
      const cluster = { server: realm.url, 'certificate-authority-data': authority };
      const config = {
        'client-id': clientId,
        'id-token': realm.idToken(-60),
        'idp-certificate-authority-data': authority,
        'idp-issuer-url': realm.url,
        'refresh-token': login.refreshToken,
      };
      await writeFile(
        kubeconfig,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Config',
          'current-context': 'other',
          clusters: [{ name: 'k', cluster }],
          users: [{ name: 'me', user: { 'auth-provider': { name: 'oidc', config } } }],
          contexts: [
            { name: 'c', context: { cluster: 'k', user: 'me' } },
            { name: 'other', context: { cluster: 'k', user: 'nobody' } },
          ],
        }),
        { mode: 0o600 },
      );
      const env = { KUBECONFIG: kubeconfig, HOME: folder };
      const runner = createCommandRunner({
        env,
        home: folder,
        toolPaths: () => ({ kubectl: login.kubectl ?? toolPath(tool) }),
        logger: silentLogger,
      });
      contexts = createContexts({
        env,
        home: folder,
        folder: () => folder,
        runner: {
          run(command, signal) {
            calls.push(command.args.join(' '));
            return runner.run(command, signal);
          },
          find: (name) => runner.find(name),
        },
        store: new MemoryStore(),
        clock: systemClock,
        logger: silentLogger,
      });
    }

    async function ask(namespace = 'ns'): Promise<string> {
      const client = await contexts.client({ context: 'c', namespace, server: realm.url });
      return (await client.get(Pods, 'ns', 'p', never)).metadata.name;
    }

    async function failure(): Promise<WorkbenchError> {
      const error: unknown = await ask().catch((reason: unknown) => reason);
      assert.ok(isWorkbenchError(error, 'auth-plugin-failed'), String(error));
      return error;
    }

    async function written(): Promise<Readonly<Record<string, string>> | undefined> {
      return mergeKubeconfigs(await readKubeconfigs([kubeconfig]))?.users.get('me')?.['auth-provider']?.config;
    }

    it('goes on with the new token, asked for once by all who need it, and kubectl has written it', async () => {
      const old = realm.refreshToken;
      await open({ refreshToken: old });
      // Clients of two namespaces: the login is the same one.
      assert.deepEqual(await Promise.all([ask('a'), ask('a'), ask('b'), ask('b')]), ['p', 'p', 'p', 'p']);
      assert.equal(realm.asked, 1);
      assert.deepEqual(calls, ['get --raw /version --context c']);
      const config = await written();
      assert.notEqual(realm.refreshToken, old);
      assert.equal(config?.['refresh-token'], realm.refreshToken, 'the old one is of no use any more');
      assert.equal(await ask(), 'p');
      assert.equal(calls.length, 1);
    });

    it('is told with the hint of before where the identity provider refuses, without a word of its tokens', async () => {
      await open({ refreshToken: 'used-before' });
      const before = await readFile(kubeconfig, 'utf8');
      const error = await failure();
      assert.ok(realm.asked > 0);
      assert.match(error.message, /context "c".*was not renewed: kubectl get failed.*invalid_grant/s);
      assert.match(error.hint ?? '', /kubectl --context c get --raw/);
      assert.doesNotMatch(`${error.message}${error.hint ?? ''}`, /used-before/);
      assert.equal(await readFile(kubeconfig, 'utf8'), before);
    });

    it('is told with the hint of before where there is no kubectl', async () => {
      await open({ refreshToken: realm.refreshToken, kubectl: join(folder, 'nowhere') });
      const before = await readFile(kubeconfig, 'utf8');
      const error = await failure();
      assert.match(error.message, /was not renewed: kubectl is not at/);
      assert.match(error.hint ?? '', /kubectl --context c get --raw/);
      assert.equal(realm.asked, 0);
      assert.equal(await readFile(kubeconfig, 'utf8'), before);
    });
  });
}

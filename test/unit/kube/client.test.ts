import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { poll, systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError, WorkbenchError, type ErrorCode } from '../../../src/base/errors.ts';
import { Pods, Nodes } from '../../../src/kube/resources.ts';
import { applyConflicts, statusOf } from '../../../src/kube/http/status.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { ManualClock } from './manual-clock.ts';
import { clientOf, pod, ScriptedServer, sendJson, sendStatus, until } from './server.ts';

const never = new AbortController().signal;

describe('kube client', () => {
  let server: ScriptedServer;
  let client: KubeClient;

  beforeEach(async () => {
    server = new ScriptedServer();
    client = clientOf(await server.start());
  });

  afterEach(async () => {
    client.dispose();
    await server.stop();
  });

  async function failure(call: Promise<unknown>): Promise<WorkbenchError> {
    const error: unknown = await call.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert(error instanceof WorkbenchError, `expected a WorkbenchError, got ${String(error)}`);
    return error;
  }

  it('sends the token over one connection that it keeps', async () => {
    server.handle = (_request, response) => sendJson(response, 200, pod('a', '1'));
    for (let count = 0; count < 5; count += 1) await client.get(Pods, 'ns', 'a', never);
    assert.equal(server.connections, 1);
    assert.equal(server.requests[0]?.headers.authorization, 'Bearer token-of-test');
    assert.equal(server.requests[0]?.url.pathname, '/api/v1/namespaces/ns/pods/a');
  });

  it('keeps what stands in a name in its place of the path', async () => {
    server.handle = (_request, response) => sendJson(response, 200, pod('a', '1'));
    for (const name of ['../../secrets/s', 'a/exec', 'a?watch=1', 'a#b', '%2e%2e', 'a b\r\nX-Evil: 1']) {
      await client.get(Pods, name, name, never);
      const parts = server.requests.at(-1)?.url.pathname.split('/').map(decodeURIComponent);
      assert.deepEqual(parts, ['', 'api', 'v1', 'namespaces', name, 'pods', name]);
      assert.equal(server.requests.at(-1)?.url.search, '');
    }
  });

  it('is not led to another server, which would get the token', async () => {
    const other = new ScriptedServer();
    const location = `${await other.start()}/api/v1/namespaces/ns/pods/a`;
    try {
      for (const status of [301, 302, 303, 307, 308]) {
        server.handle = (_request, response) => response.writeHead(status, { location }).end();
        assert.ok((await failure(client.get(Pods, 'ns', 'a', never))).message.includes('get pods "a"'));
      }
      assert.deepEqual(other.requests, []);
    } finally {
      await other.stop();
    }
  });

  it('reads a gzipped answer', async () => {
    server.handle = (request, response) => {
      assert.equal(request.headers['accept-encoding'], 'gzip');
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify(pod('a', '1'))));
    };
    assert.equal((await client.get(Pods, 'ns', 'a', never)).metadata.name, 'a');
  });

  it('lists in chunks, and begins anew when the continue token has expired', async () => {
    let expired = false;
    server.handle = (_request, response, url) => {
      const token = url.searchParams.get('continue');
      if (token === null)
        sendJson(response, 200, {
          metadata: { resourceVersion: '5', continue: 'second' },
          items: [pod(expired ? 'new' : 'old', '1')],
        });
      else if (!expired) {
        expired = true;
        sendStatus(response, 410, 'Expired');
      } else
        sendJson(response, 200, {
          metadata: { resourceVersion: '5' },
          items: [{ metadata: { name: 'last', namespace: 'ns' } }],
        });
    };
    const items = await client.list(Pods, { namespace: 'ns', signal: never });
    assert.deepEqual(
      items.map((item) => item.metadata.name),
      ['new', 'last'],
    );
    assert.deepEqual(
      items.map((item) => item.kind),
      ['Pod', 'Pod'],
    );
  });

  const table: readonly (readonly [number, string, object | undefined, ErrorCode])[] = [
    [403, 'Forbidden', undefined, 'forbidden'],
    [404, 'NotFound', { name: 'a', kind: 'pods' }, 'not-found'],
    [404, 'NotFound', { name: 'ns', kind: 'namespaces' }, 'namespace-missing'],
    [404, 'NotFound', undefined, 'resource-absent'],
    [409, 'AlreadyExists', { name: 'a' }, 'already-exists'],
    [409, 'Conflict', { name: 'a' }, 'conflict'],
    [410, 'Expired', undefined, 'expired'],
    [422, 'Invalid', undefined, 'invalid'],
    [400, 'BadRequest', undefined, 'invalid'],
    [401, 'Unauthorized', undefined, 'unauthorized'],
    [415, 'UnsupportedMediaType', undefined, 'not-supported'],
  ];
  for (const [status, reason, details, code] of table) {
    it(`tells ${status} ${reason}${details ? ` of ${JSON.stringify(details)}` : ''} as ${code}, naming what, where and whose`, async () => {
      server.handle = (_request, response) => sendStatus(response, status, reason, details);
      const error = await failure(client.create(Pods, pod('a', ''), never));
      assert.equal(error.code, code);
      assert.match(error.message, /cannot create pods in namespace "ns" \(context "test-context"\): it is/);
      assert.ok(error.hint);
      assert.equal(statusOf(error)?.httpStatus, status);
      assert.equal(server.requests.length, 1, 'a create is never sent twice');
    });
  }

  it('repeats an idempotent call after 503 and a cut connection, but no create', async () => {
    let calls = 0;
    server.handle = (request, response) => {
      calls += 1;
      if (calls === 1) sendStatus(response, 503, 'ServiceUnavailable');
      else if (calls === 2) request.socket.destroy();
      else sendJson(response, 200, pod('a', '1'));
    };
    assert.equal((await client.get(Pods, 'ns', 'a', never)).metadata.name, 'a');
    assert.equal(calls, 3);

    calls = 0;
    assert.equal((await failure(client.create(Pods, pod('a', ''), never))).code, 'server-error');
    assert.equal(calls, 1);
  });

  it('waits as Retry-After says after 429, whatever the call', async () => {
    const clock = new ManualClock();
    const patient = clientOf(server.url, {}, clock);
    let calls = 0;
    server.handle = (_request, response) => {
      calls += 1;
      if (calls === 1)
        sendJson(response, 429, { kind: 'Status', reason: 'TooManyRequests', code: 429 }, { 'retry-after': '7' });
      else sendJson(response, 201, pod('a', '1'));
    };
    const made = patient.create(Pods, pod('a', ''), never);
    await until(() => clock.waiting.length === 1 && clock.waiting[0] === 7000);
    clock.advance(6999);
    assert.equal(calls, 1);
    clock.advance(1);
    await made;
    assert.equal(calls, 2);
    patient.dispose();
  });

  it('tells a half answer as a lost connection', async () => {
    server.handle = (request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"kind":"Pod"');
      setImmediate(() => request.socket.destroy());
    };
    assert.equal((await failure(client.create(Pods, pod('a', ''), never))).code, 'connection-lost');
  });

  it('tells a page that is no JSON apart from an API server', async () => {
    server.handle = (_request, response) => response.end('<html>log in</html>');
    const error = await failure(client.json({ method: 'POST', path: '/api/v1/namespaces/ns/pods', signal: never }));
    assert.equal(error.code, 'server-error');
    assert.match(error.hint ?? '', /proxy/);
  });

  it('ends a call that takes too long, and one that is cancelled', async () => {
    server.handle = () => {};
    assert.equal((await failure(client.json({ path: '/api/v1/nodes', timeoutMs: 30, signal: never }))).code, 'timeout');
    const cancel = new AbortController();
    const call = failure(client.list(Nodes, { signal: cancel.signal }));
    setImmediate(() => cancel.abort());
    assert.equal((await call).code, 'aborted');
  });

  it('names the server that cannot be reached', async () => {
    await server.stop();
    const error = await failure(client.create(Pods, pod('a', ''), never));
    assert.equal(error.code, 'cluster-unreachable');
    assert.ok(error.hint?.includes(client.cluster.server));
  });

  it('deletes with options, and says when nothing was there', async () => {
    server.handle = (_request, response) => sendJson(response, 200, { kind: 'Status', status: 'Success' });
    assert.equal(
      await client.delete(Pods, 'ns', 'a', {
        propagation: 'Foreground',
        gracePeriodSeconds: 0,
        uid: 'u',
        signal: never,
      }),
      true,
    );
    assert.deepEqual(JSON.parse(server.requests[0]?.body ?? ''), {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      gracePeriodSeconds: 0,
      preconditions: { uid: 'u' },
    });
    server.handle = (_request, response) => sendStatus(response, 404, 'NotFound', { name: 'a', kind: 'pods' });
    assert.equal(await client.delete(Pods, 'ns', 'a', { signal: never }), false);
  });

  describe('apply', () => {
    const discovery = {
      kind: 'APIResourceList',
      resources: [
        { name: 'leaderworkersets', kind: 'LeaderWorkerSet', namespaced: true },
        { name: 'leaderworkersets/status', kind: 'LeaderWorkerSet', namespaced: true },
      ],
    };
    const object = { apiVersion: 'leaderworkerset.x-k8s.io/v1', kind: 'LeaderWorkerSet', metadata: { name: 'w' } };

    it('finds the kind by discovery and sends raw JSON with a field manager', async () => {
      server.handle = (request, response) => sendJson(response, 200, request.method === 'GET' ? discovery : object);
      await client.apply(object, { fieldManager: 'm', force: true, dryRun: true, signal: never });
      await client.apply(object, { fieldManager: 'm', signal: never });
      const [, first, second] = server.requests;
      assert.equal(server.requests.length, 3, 'discovery is remembered');
      assert.equal(first?.url.pathname, '/apis/leaderworkerset.x-k8s.io/v1/namespaces/ns/leaderworkersets/w');
      assert.deepEqual(Object.fromEntries(first?.url.searchParams ?? []), {
        fieldManager: 'm',
        force: 'true',
        dryRun: 'All',
        fieldValidation: 'Strict',
      });
      assert.equal(first?.headers['content-type'], 'application/apply-patch+yaml');
      assert.deepEqual(Object.fromEntries(second?.url.searchParams ?? []), {
        fieldManager: 'm',
        fieldValidation: 'Strict',
      });
    });

    it('says which CRD is missing', async () => {
      const error = await failure(client.apply(object, { fieldManager: 'm', signal: never }));
      assert.equal(error.code, 'resource-absent');
      assert.match(error.message, /LeaderWorkerSet "w"/);
    });

    it('tells who owns a conflicting field', async () => {
      server.handle = (request, response) => {
        if (request.method === 'GET') sendJson(response, 200, discovery);
        else
          sendStatus(response, 409, 'Conflict', {
            causes: [
              {
                reason: 'FieldManagerConflict',
                field: '.spec.replicas',
                message: 'conflict with "kubectl" using apps/v1',
              },
            ],
          });
      };
      const error = await failure(client.apply(object, { fieldManager: 'm', signal: never }));
      assert.equal(error.code, 'conflict');
      assert.deepEqual(applyConflicts(error), [{ field: '.spec.replicas', manager: 'kubectl' }]);
    });
  });

  it('keeps no connection of credentials that have been renewed', async () => {
    let renewed = 0;
    server.server.keepAliveTimeout = 600_000;
    const credentials = {
      get: () => Promise.resolve({ headers: {}, cert: `certificate ${renewed}` }),
      invalidate() {},
    };
    const renewing = clientOf(server.url, { credentials });
    server.handle = (_request, response) => sendJson(response, 200, pod('p', '1'));
    const open = (): Promise<number> =>
      new Promise((resolve, reject) =>
        server.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
    for (; renewed < 30; renewed += 1) await renewing.get(Pods, 'ns', 'p', never);
    await poll(systemClock, 5, never, async () => ((await open()) <= 2 ? true : undefined));
    assert.equal(server.connections, 30);
    renewing.dispose();
  });

  it('takes fresh credentials once after 401', async () => {
    const refused: string[] = [];
    let token = 'old';
    const renewing = clientOf(server.url, {
      credentials: {
        get: () => Promise.resolve({ headers: { authorization: `Bearer ${token}` } }),
        invalidate: (credentials) => {
          refused.push(String(credentials.headers['authorization']));
          token = 'new';
        },
      },
    });
    server.handle = (request, response) =>
      request.headers.authorization === 'Bearer new'
        ? sendJson(response, 200, pod('a', '1'))
        : sendStatus(response, 401, 'Unauthorized');
    assert.equal((await renewing.get(Pods, 'ns', 'a', never)).metadata.name, 'a');
    assert.deepEqual(refused, ['Bearer old']);
    server.handle = (_request, response) => sendStatus(response, 401, 'Unauthorized');
    assert.ok(isWorkbenchError(await failure(renewing.get(Pods, 'ns', 'a', never)), 'unauthorized'));
    renewing.dispose();
  });
});

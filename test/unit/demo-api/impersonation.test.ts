import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { adminToken, pods, startServer, type Loose, type TestServer } from './support.ts';

describe('API server: impersonation', () => {
  let api: TestServer;
  before(async () => {
    api = await startServer({ users: new Map([['alice-token', { name: 'alice', groups: [] }]]) });
  });
  after(async () => {
    await api.close();
    assert.deepEqual(api.failures, []);
  });

  function as(
    headers: Record<string, string | string[]>,
    path: string,
    token = adminToken,
    body?: unknown,
  ): Promise<{ status: number; json: Loose }> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        new URL(path, api.server.url),
        {
          method: body === undefined ? 'GET' : 'POST',
          agent: false,
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
        },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += String(chunk);
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  const whoAmI = (headers: Record<string, string | string[]>): ReturnType<typeof as> =>
    as(headers, '/apis/authentication.k8s.io/v1/selfsubjectreviews', adminToken, {});

  it('lets an administrator act as a service account, with its rights alone', async () => {
    const account = { 'Impersonate-User': 'system:serviceaccount:default:default' };
    const { json } = await whoAmI(account);
    assert.equal(json.status.userInfo.username, 'system:serviceaccount:default:default');
    assert.deepEqual(json.status.userInfo.groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:default',
      'system:authenticated',
    ]);
    const denied = await as(account, pods);
    assert.equal(denied.status, 403);
    assert.match(denied.json.message, /^pods is forbidden: User "system:serviceaccount:default:default" cannot list/);
  });

  it('takes groups and extra, but not of nobody', async () => {
    const { json } = await whoAmI({
      'Impersonate-User': 'bob',
      'Impersonate-Group': ['team-a', 'team-b'],
      'Impersonate-Extra-scopes': 'view',
    });
    assert.deepEqual(json.status.userInfo, {
      username: 'bob',
      groups: ['team-a', 'team-b', 'system:authenticated'],
      extra: { scopes: ['view'] },
    });
    assert.equal((await as({ 'Impersonate-Group': 'team-a' }, pods)).status, 500);
  });

  it('needs the right to', async () => {
    const { status, json } = await as({ 'Impersonate-User': 'bob' }, pods, 'alice-token');
    assert.equal(status, 403);
    assert.equal(
      json.message,
      'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { createServerIdentity } from '../../../src/demo/api/http/tls.ts';
import { X509Certificate } from 'node:crypto';
import { adminToken, configMap, maps, startServer, until } from './support.ts';

describe('API server: as a service', () => {
  it('proves itself to a client that trusts its certificate', async () => {
    const api = await startServer({ tls: true });
    try {
      const status = await new Promise((resolve, reject) => {
        get(
          `${api.server.url}/version`,
          { ca: api.server.caPem!, headers: { Authorization: `Bearer ${adminToken}` }, agent: false },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        ).on('error', reject);
      });
      assert.equal(status, 200);
    } finally {
      await api.close();
    }
  });

  it('writes certificates that say what they are for', () => {
    const certificate = new X509Certificate(createServerIdentity(Date.UTC(2030, 0, 1)).certPem);
    assert.equal(certificate.ca, true);
    assert.equal(certificate.checkHost('localhost'), 'localhost');
    assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(certificate.validFromDate.toISOString(), '2029-12-31T00:00:00.000Z');
    assert.ok(certificate.verify(certificate.publicKey));
  });

  it('says which port is taken', async () => {
    const api = await startServer();
    try {
      await assert.rejects(startServer({ port: Number(new URL(api.server.url).port) }), (error) =>
        isWorkbenchError(error, 'port-taken'),
      );
    } finally {
      await api.close();
    }
  });

  it('finds its objects again in the state directory', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'demo-api-state-'));
    try {
      const first = await startServer({ stateDir });
      const { json: made } = await first.call('POST', maps, { body: configMap('kept', {}, { a: 'b' }) });
      await first.call(
        'PATCH',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/leaderworkersets.leaderworkerset.x-k8s.io',
        { body: { metadata: { labels: { seen: 'yes' } } }, contentType: 'application/merge-patch+json' },
      );
      await first.close();
      assert.equal((await stat(join(stateDir, 'store.json'))).mode & 0o777, 0o600);
      const second = await startServer({ stateDir });
      const { json: found } = await second.call('GET', `${maps}/kept`);
      assert.deepEqual(found, made);
      const definition = await second.call(
        'GET',
        '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/leaderworkersets.leaderworkerset.x-k8s.io',
      );
      assert.equal(definition.json.metadata.labels.seen, 'yes');
      assert.equal((await second.call('GET', '/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets')).status, 200);
      await second.close();
    } finally {
      await rm(stateDir, { recursive: true });
    }
  });

  it('tells a watch of its controllers the next event when one was too much for it', async () => {
    const api = await startServer();
    try {
      const seen: string[] = [];
      const watching = api.server.api.watch(api.server.api.resource('', 'configmaps'), ({ object }) => {
        seen.push(object.metadata.name);
        if (object.metadata.name === 'bad') throw new Error('cannot take it');
      });
      for (const name of ['bad', 'good']) await api.call('POST', maps, { body: configMap(name) });
      await until(
        () => Promise.resolve(seen),
        (names) => names.includes('good'),
      );
      watching.dispose();
      assert.deepEqual(api.failures, [
        'a watch of configmaps failed at ADDED of default/bad: cannot take it Error: cannot take it',
      ]);
    } finally {
      await api.close();
    }
  });
});

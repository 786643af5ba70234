import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { stringAt, at, arrayAt } from '../../../src/base/json.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { Kubelets } from '../../../src/demo/kubelets.ts';
import { startNodes } from '../../../src/demo/nodes/index.ts';
import { h200Nodes } from '../../../src/demo/nodes/node-shape.ts';
import { execPath } from '../../support/remote-command.ts';
import { NodesUnderTest } from '../../support/demo-nodes.ts';

describe('a kubelet behind a real API server', () => {
  let folder: string;
  let nodes: NodesUnderTest;
  let address: string;
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

  function authority(name: string): void {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }

  function certificate(name: string, by: string, extension: string): void {
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    );
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      `${by}.crt`,
      '-CAkey',
      `${by}.key`,
      '-CAcreateserial',
      '-out',
      `${name}.crt`,
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
    );
  }

  before(async function certificates() {
    folder = mkdtempSync(join(tmpdir(), 'llmdw-kubelet-'));
    // Certificates are made here, not kept: a machine without openssl cannot run these.
    if (spawnSync('openssl', ['version']).status !== 0) this.skip();
    authority('cluster');
    authority('stranger');
    certificate('serving', 'cluster', 'subjectAltName=IP:127.0.0.1');
    certificate('api-server', 'cluster', 'extendedKeyUsage=clientAuth');
    certificate('somebody', 'stranger', 'extendedKeyUsage=clientAuth');
    nodes = await NodesUnderTest.start({
      kubelet: {
        host: '127.0.0.1',
        cert: read('serving.crt'),
        key: read('serving.key'),
        clientCa: read('cluster.crt'),
      },
    });
    const node = nodes.api.get('nodes', nodes.nodeName)!;
    assert.equal(stringAt(arrayAt(node, 'status', 'addresses')[0], 'address'), '127.0.0.1');
    address = `127.0.0.1:${String(at(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port'))}`;
    await nodes.shellPod();
  });
  after(() => {
    nodes?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const as = (name: string): object => ({
    ca: read('cluster.crt'),
    cert: read(`${name}.crt`),
    key: read(`${name}.key`),
  });

  async function get(path: string, options: object): Promise<string> {
    const [response] = (await once(
      request(`https://${address}${path}`, { agent: false, ...options }).end(),
      'response',
    )) as [IncomingMessage];
    return text(response);
  }

  const exec = (options: object): WebSocket =>
    new WebSocket(`wss://${address}${execPath('poker', ['env'], {})}`, 'v5.channel.k8s.io', options);

  it('serves the API server, which its certificate names, at the InternalIP of its node', async () => {
    assert.equal(await get('/healthz', as('api-server')), 'ok');
    assert.deepEqual(
      arrayAt(JSON.parse(await get('/pods', as('api-server'))), 'items').map((pod) =>
        stringAt(pod, 'metadata', 'name'),
      ),
      ['poker'],
    );
    await once(exec(as('api-server')), 'open');
  });

  it('serves nobody else: no certificate, one of another authority, a page of a browser under any name', async () => {
    // They do not mind who serves them: what refuses is the kubelet.
    for (const who of [{ rejectUnauthorized: false }, { ...as('somebody'), rejectUnauthorized: false }]) {
      for (const headers of [{}, { host: 'rebound.evil.example' }, { origin: 'https://evil.example' }]) {
        for (const path of ['/pods', '/healthz', '/containerLogs/lab/poker/main'])
          await assert.rejects(get(path, { ...who, headers }), (error) =>
            /^(ECONNRESET|EPIPE|ERR_SSL_)/.test((error as NodeJS.ErrnoException).code ?? ''),
          );
        await assert.rejects(once(exec({ ...who, headers }), 'open'));
      }
    }
    assert.equal(nodes.nodes.upgrades.of('exec', 'websocket'), 1);
  });
});

describe('a kubelet of the demo', () => {
  it('comes back under its name, and is not there meanwhile', async () => {
    const nodes = await NodesUnderTest.start();
    const { nodeName } = nodes;
    nodes.stop();
    const kubelets = new Kubelets();
    const ask = async (): Promise<unknown> => {
      const connection = kubelets.dial(nodeName);
      connection.write('GET /healthz HTTP/1.1\r\nhost: kubelet\r\nconnection: close\r\n\r\n');
      return text(connection);
    };
    await assert.rejects(ask(), { code: 'ECONNREFUSED' });
    const again = await startNodes({
      client: nodes.api.client(),
      nodes: h200Nodes(1),
      kubelet: { kubelets },
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    assert.match(String(await ask()), /^HTTP\/1\.1 200 OK[^]*ok$/);
    again.dispose();
    await assert.rejects(ask(), { code: 'ECONNREFUSED' });
  });
});

describe('node shapes', () => {
  it('are unique at any number, and the last of several is cordoned', () => {
    const shapes = h200Nodes(1000);
    for (const field of ['name', 'internalIp', 'podSubnet'] as const)
      assert.equal(new Set(shapes.map((shape) => shape[field])).size, 1000, field);
    for (const { name } of shapes) assert.match(name, /^g[0-9a-f]{5}$/);
    assert.deepEqual(
      h200Nodes().map(({ cordoned }) => cordoned),
      [false, false, false, true],
    );
    assert.equal(h200Nodes(1)[0]!.cordoned, false);
  });
});

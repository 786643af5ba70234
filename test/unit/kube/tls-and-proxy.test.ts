import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import {
  connect,
  createServer as createNetServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { Pods } from '../../../src/kube/resources.ts';
import { proxyFromEnvironment } from '../../../src/kube/http/proxy.ts';
import { proxyRules } from '../../support/proxy-rules.ts';
import { clientOf, pod, ScriptedServer, sendJson } from './server.ts';

const never = new AbortController().signal;

describe('HTTPS_PROXY and NO_PROXY', () => {
  const proxy = (server: string, env: Record<string, string>): string | undefined =>
    proxyFromEnvironment(new URL(server), env);

  it('choose by scheme, either case, with a scheme of their own or none', () => {
    assert.equal(proxy('https://api.example.com', { HTTPS_PROXY: 'http://proxy:1' }), 'http://proxy:1');
    assert.equal(proxy('https://api.example.com', { https_proxy: 'proxy:1' }), 'http://proxy:1');
    assert.equal(proxy('https://api.example.com', { HTTP_PROXY: 'http://proxy:1' }), undefined);
    assert.equal(proxy('https://127.0.0.1:6443', { HTTPS_PROXY: 'http://proxy:1' }), undefined);
    assert.equal(proxy('http://[::1]:80', { HTTP_PROXY: 'http://proxy:1' }), undefined);
  });

  for (const { rule, server, direct } of proxyRules) {
    it(`NO_PROXY=${rule} ${direct ? 'goes directly' : 'takes the proxy'} to ${server}`, () => {
      assert.equal(proxy(server, { HTTPS_PROXY: 'http://proxy:1', NO_PROXY: rule }) === undefined, direct);
    });
  }
});

describe('TLS and proxies', () => {
  let folder: string;
  let ca: Buffer;
  let server: Server | undefined;
  let url: string;
  let identities: (string | undefined)[];

  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string): Buffer => readFileSync(join(folder, name));

  /** A certificate of our own authority, made for this run. */
  function certificate(name: string, subject: string, extension: string): void {
    writeFileSync(join(folder, `${name}.ext`), extension);
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
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
    folder = mkdtempSync(join(tmpdir(), 'llmdw-tls-'));
    // Certificates are made here, not kept: a machine without openssl cannot run these.
    if (spawnSync('openssl', ['version']).status !== 0) this.skip();
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '2',
      '-subj',
      '/CN=test authority',
    );
    certificate('server', '/CN=server', 'subjectAltName=DNS:kube.test');
    certificate('proxy', '/CN=proxy', 'subjectAltName=DNS:localhost');
    certificate('client', '/CN=a person', 'extendedKeyUsage=clientAuth');
    ca = read('ca.crt');
    server = createHttpsServer(
      { key: read('server.key'), cert: read('server.crt'), ca, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        identities.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN as string | undefined);
        sendJson(response, 200, pod('p', '1'));
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  beforeEach(() => {
    identities = [];
  });

  after(() => {
    server?.close();
    server?.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(connection: Parameters<typeof clientOf>[1], at = url): Promise<void> {
    const client = clientOf(at, connection);
    try {
      await client.get(Pods, 'ns', 'p', never);
    } finally {
      client.dispose();
    }
  }

  it('refuse an authority that nobody named, and a name that the certificate does not hold', async () => {
    await assert.rejects(ask({ tlsServerName: 'kube.test' }), (error) => isWorkbenchError(error, 'tls-failed'));
    await assert.rejects(ask({ ca }), (error) => isWorkbenchError(error, 'tls-failed'));
  });

  it('accept a custom authority with tls-server-name, or anything when told to', async () => {
    await ask({ ca, tlsServerName: 'kube.test' });
    await ask({ insecureSkipTlsVerify: true });
  });

  it('present a client certificate', async () => {
    await ask({
      ca,
      tlsServerName: 'kube.test',
      credentials: {
        get: () => Promise.resolve({ headers: {}, cert: read('client.crt'), key: read('client.key') }),
        invalidate() {},
      },
    });
    assert.deepEqual(identities, ['a person']);
  });

  describe('through a proxy', () => {
    let proxy: Server;
    let tunnels: (string | undefined)[];
    let proxyUrl: string;

    beforeEach(async () => {
      tunnels = [];
      proxy = createHttpServer();
      proxy.on('connect', (request, socket) => {
        tunnels.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
        if (request.headers['proxy-authorization'] === 'Basic bm86bm8=') {
          socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
          return;
        }
        const target = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          target.pipe(socket).pipe(target);
        });
        target.on('error', () => socket.destroy());
        socket.on('error', () => target.destroy());
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      proxyUrl = `http://user:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    });

    afterEach(() => {
      mock.timers.reset();
      proxy.close();
      proxy.closeAllConnections();
    });

    it('reach the server by CONNECT, TLS from end to end', async () => {
      await ask({ ca, tlsServerName: 'kube.test', proxyUrl });
      assert.deepEqual(tunnels, [`127.0.0.1:${new URL(url).port} Basic dXNlcjpwYXNz`]);
    });

    it('reach a plain server, and carry WebSockets', async () => {
      const plain = new ScriptedServer();
      const client = clientOf(await plain.start(), { proxyUrl });
      plain.handle = (_request, response) => sendJson(response, 200, pod('p', '1'));
      plain.upgrade = (socket) => socket.send(Buffer.concat([Buffer.of(3), Buffer.from('{"status":"Success"}')]));
      await client.get(Pods, 'ns', 'p', never);
      assert.equal(await client.exec({ namespace: 'ns', pod: 'p', command: ['true'], signal: never }), 0);
      assert.equal(tunnels.length, 1, 'the tunnel is kept and used again');
      client.dispose();
      await plain.stop();
    });

    it('say when the proxy refuses', async () => {
      await assert.rejects(
        ask({ insecureSkipTlsVerify: true, proxyUrl: proxyUrl.replace('user:pass', 'no:no') }),
        (error) =>
          isWorkbenchError(error, 'cluster-unreachable') &&
          error.message.includes('407') &&
          !error.message.includes('no:no'),
      );
    });

    it('give up a proxy that does not answer, and its socket with it', async () => {
      proxy.removeAllListeners('connect');
      const asked = once(proxy, 'connect') as Promise<[unknown, Socket]>;
      mock.timers.enable({ apis: ['setTimeout'] });
      const refused = assert.rejects(
        ask({ insecureSkipTlsVerify: true, proxyUrl }),
        (error) => isWorkbenchError(error, 'cluster-unreachable') && error.message.includes('no answer within 10 s'),
      );
      const [, socket] = await asked;
      const ended = once(socket.resume(), 'end');
      mock.timers.tick(10_000);
      await refused;
      await ended;
      socket.destroy();
    });

    it('give up a server that does not answer behind the proxy, and its socket with it', async () => {
      proxy.removeAllListeners('connect');
      const asked = once(proxy, 'connect') as Promise<[unknown, Socket]>;
      mock.timers.enable({ apis: ['setTimeout'] });
      const refused = assert.rejects(
        ask({ insecureSkipTlsVerify: true, proxyUrl }),
        (error) => isWorkbenchError(error, 'cluster-unreachable') && error.message.includes('no answer within 10 s'),
      );
      const [, socket] = await asked;
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      await once(socket, 'data');
      const ended = once(socket.resume(), 'end');
      mock.timers.tick(10_000);
      await refused;
      await ended;
      socket.destroy();
    });

    it('give up an answer of the proxy that does not end, before it fills the memory', async () => {
      const endless = createNetServer((socket) => {
        const piece = Buffer.alloc(65_536, 'a');
        const flood = (): void => {
          while (!socket.destroyed && socket.write(piece));
        };
        socket.on('error', () => socket.destroy()).on('drain', flood);
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nx: ');
          flood();
        });
      });
      endless.listen(0, '127.0.0.1');
      await once(endless, 'listening');
      const address = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
      await assert.rejects(
        ask({ insecureSkipTlsVerify: true, proxyUrl: address }),
        (error) => isWorkbenchError(error, 'cluster-unreachable') && error.message.includes('Header overflow'),
      );
      endless.close();
    });

    it('say that an address is none, without the password in it', async () => {
      for (const broken of [
        'http://user:pass@no host',
        'http://user:100%pass@127.0.0.1:1',
        'socks5://user:pass%@127.0.0.1:1',
      ])
        await assert.rejects(
          ask({ insecureSkipTlsVerify: true, proxyUrl: broken }),
          (error) => isWorkbenchError(error, 'kubeconfig-invalid') && !/pass(?!word)/.test(inspect(error)),
        );
    });

    it('say that another kind of proxy is not supported', async () => {
      await assert.rejects(ask({ insecureSkipTlsVerify: true, proxyUrl: 'ftp://127.0.0.1:1' }), (error) =>
        isWorkbenchError(error, 'not-supported'),
      );
    });
  });

  describe('through a proxy that speaks TLS itself', () => {
    let proxy: Server;
    let tunnels: {
      readonly target: string | undefined;
      readonly name: string | undefined;
      readonly client: string | undefined;
    }[];

    beforeEach(async () => {
      tunnels = [];
      proxy = createHttpsServer({
        key: read('proxy.key'),
        cert: read('proxy.crt'),
        ca,
        requestCert: true,
        rejectUnauthorized: false,
      });
      proxy.on('connect', (request, socket: TLSSocket) => {
        tunnels.push({
          target: request.url,
          name: socket.servername || undefined,
          client: socket.getPeerCertificate().subject?.CN as string | undefined,
        });
        const target = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          target.pipe(socket).pipe(target);
        });
        target.on('error', () => socket.destroy());
        socket.on('error', () => target.destroy());
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
    });

    afterEach(() => {
      proxy.close();
      proxy.closeAllConnections();
    });

    const at = (host: string): string => `https://${host}:${(proxy.address() as AddressInfo).port}`;

    it('reach the server by TLS inside of TLS; names and certificates of the two are kept apart', async () => {
      const credentials = {
        get: () => Promise.resolve({ headers: {}, cert: read('client.crt'), key: read('client.key') }),
        invalidate() {},
      };
      await ask({ ca, tlsServerName: 'kube.test', proxyUrl: at('localhost'), credentials });
      assert.deepEqual(tunnels, [{ target: `127.0.0.1:${new URL(url).port}`, name: 'localhost', client: undefined }]);
      assert.deepEqual(identities, ['a person']);
    });

    it('carry WebSockets', async () => {
      const plain = new ScriptedServer();
      const client = clientOf(await plain.start(), { ca, proxyUrl: at('localhost') });
      plain.upgrade = (socket) => socket.send(Buffer.concat([Buffer.of(3), Buffer.from('{"status":"Success"}')]));
      assert.equal(await client.exec({ namespace: 'ns', pod: 'p', command: ['true'], signal: never }), 0);
      client.dispose();
      await plain.stop();
    });

    it('refuse a proxy whose authority nobody named, or whose name is another one, and say that it is the proxy', async () => {
      for (const connection of [{ proxyUrl: at('localhost') }, { ca, proxyUrl: at('127.0.0.1') }]) {
        await assert.rejects(
          ask({ ...connection, tlsServerName: 'kube.test' }),
          (error) =>
            isWorkbenchError(error, 'tls-failed') && error.message.includes(`through proxy ${connection.proxyUrl}`),
        );
      }
      assert.deepEqual(tunnels, []);
      await ask({ insecureSkipTlsVerify: true, proxyUrl: at('127.0.0.1') });
    });

    it('say that the proxy is not there', async () => {
      const gone = at('localhost');
      proxy.close();
      await assert.rejects(
        ask({ ca, proxyUrl: gone }),
        (error) =>
          isWorkbenchError(error, 'cluster-unreachable') &&
          error.message.includes(`through proxy ${gone}`) &&
          /NO_PROXY/.test(error.hint ?? ''),
      );
    });
  });

  describe('through a SOCKS proxy', () => {
    let proxy: NetServer;
    let asked: string[];
    let answer: number;

    beforeEach(async () => {
      asked = [];
      answer = 0;
      proxy = createNetServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.once('data', (greeting) => {
          const login = greeting.includes(2, 2);
          socket.write(Buffer.of(5, login ? 2 : 0));
          const onRequest = (request: Buffer): void => {
            const name = request[3] === 3;
            const end = name ? 5 + (request[4] ?? 0) : 8;
            const host = name ? request.subarray(5, end).toString() : request.subarray(4, end).join('.');
            const port = request.readUInt16BE(end);
            asked.push(`${host}:${port}`);
            // The reply in two pieces, the second together with nothing of the target yet.
            socket.write(Buffer.of(5, answer, 0, 1));
            setImmediate(() => {
              socket.write(Buffer.of(127, 0, 0, 1, 0, 0));
              if (answer !== 0) return;
              const target = connect(port, '127.0.0.1', () => void target.pipe(socket).pipe(target));
              target.on('error', () => socket.destroy());
            });
          };
          if (!login) socket.once('data', onRequest);
          else {
            socket.once('data', (credentials) => {
              asked.push(credentials.toString('latin1'));
              socket.write(Buffer.of(1, 0));
              socket.once('data', onRequest);
            });
          }
        });
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
    });

    afterEach(() => proxy.close());

    const at = (login = ''): string => `socks5://${login}127.0.0.1:${(proxy.address() as AddressInfo).port}`;

    it('reach the server, whose name the proxy resolves', async () => {
      const { port } = new URL(url);
      await ask({ ca, tlsServerName: 'kube.test', proxyUrl: at() });
      await ask({ ca, proxyUrl: at() }, `https://kube.test:${port}`);
      assert.deepEqual(asked, [`127.0.0.1:${port}`, `kube.test:${port}`]);
    });

    it('reach a plain server, and carry WebSockets', async () => {
      const plain = new ScriptedServer();
      const client = clientOf(await plain.start(), { proxyUrl: at() });
      plain.handle = (_request, response) => sendJson(response, 200, pod('p', '1'));
      plain.upgrade = (socket) => socket.send(Buffer.concat([Buffer.of(3), Buffer.from('{"status":"Success"}')]));
      await client.get(Pods, 'ns', 'p', never);
      assert.equal(await client.exec({ namespace: 'ns', pod: 'p', command: ['true'], signal: never }), 0);
      assert.equal(asked.length, 1);
      client.dispose();
      await plain.stop();
    });

    it('log in when the proxy wants it', async () => {
      await ask({ ca, tlsServerName: 'kube.test', proxyUrl: at('me:pw@') });
      assert.equal(asked[0], '\x01\x02me\x02pw');
    });

    it('say that the proxy is not there', async () => {
      const gone = at();
      proxy.close();
      await once(proxy, 'close');
      await assert.rejects(
        ask({ insecureSkipTlsVerify: true, proxyUrl: gone }),
        (error) =>
          isWorkbenchError(error, 'cluster-unreachable') &&
          error.message.includes(`through proxy ${gone}`) &&
          /NO_PROXY/.test(error.hint ?? ''),
      );
    });

    it('say why the proxy refuses', async () => {
      answer = 5;
      await assert.rejects(
        ask({ insecureSkipTlsVerify: true, proxyUrl: at() }),
        (error) =>
          isWorkbenchError(error, 'cluster-unreachable') &&
          error.message.includes(`through proxy ${at()}`) &&
          error.message.includes('ConnectionRefused'),
      );
    });
  });
});

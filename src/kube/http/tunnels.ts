import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { callbackify } from 'node:util';
import { errorText, systemCode, WorkbenchError } from '../../base/errors.ts';
import type { Route } from './connection.ts';

/** Called once with a stream that reaches the server, or with why there is none. */
export type Connected = (error: Error | null, socket: Duplex) => void;

/** Opens one stream to the server through a proxy. */
export type Tunnel = (done: Connected) => void;

interface Target {
  readonly host: string;
  readonly port: number;
}

/** What makes an `https://` proxy trusted: the authorities that this machine knows and, as in kubectl, the cluster's own. */
type ProxyTrust = Pick<Route, 'ca' | 'insecureSkipTlsVerify'>;

/** The way through a proxy: CONNECT for `http://` and `https://`, SOCKS 5 for `socks5://` and `socks5h://`, as an SSH bastion offers. */
export function openTunnel(proxy: URL, server: URL, trust: ProxyTrust): Tunnel {
  const target = {
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: Number(server.port) || (server.protocol === 'https:' ? 443 : 80),
  };
  switch (proxy.protocol) {
    case 'http:':
    case 'https:':
      return (done) => connectThroughHttp(proxy, target, trust, done);
    case 'socks5:':
    case 'socks5h:':
      return (done) => callbackify(connectThroughSocks)(proxy, target, done);
    default:
      throw new WorkbenchError({
        code: 'not-supported',
        message: `proxy ${proxy.protocol}//${proxy.host} of ${server.host} is not supported`,
        hint: 'Use an http://, https:// or socks5:// proxy in proxy-url or HTTPS_PROXY.',
      });
  }
}

function refused(proxy: URL, target: Target, why: string): WorkbenchError {
  return new WorkbenchError({
    code: 'cluster-unreachable',
    message: `proxy ${proxy.host} refused a connection to ${target.host}:${target.port}: ${why}`,
    hint: 'Check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY.',
  });
}

const NOT_THERE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** The way to the proxy failed; without these words it would look as if the server had. */
function unreachable(proxy: URL, target: Target, cause: Error): WorkbenchError {
  const code = systemCode(cause);
  const tls = proxy.protocol === 'https:' && (code === undefined || !NOT_THERE.has(code));
  return new WorkbenchError({
    code: tls ? 'tls-failed' : 'cluster-unreachable',
    message: `cannot reach ${target.host}:${target.port} through proxy ${proxy.protocol}//${proxy.host}: ${errorText(cause)}`,
    hint: tls
      ? 'Check that the proxy speaks TLS, and add its authority to certificate-authority in the kubeconfig or to NODE_EXTRA_CA_CERTS.'
      : 'Check that the proxy of proxy-url in the kubeconfig or HTTPS_PROXY is up, and NO_PROXY.',
    cause,
  });
}

/** An error leaves no stream; Node's agents look at the error first. */
function fail(done: Connected, error: Error): void {
  done(error, undefined as never);
}

function login(proxy: URL): { readonly user: string; readonly password: string } | undefined {
  return proxy.username === ''
    ? undefined
    : { user: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) };
}

/** Not through the pool of the server, whose name and client certificate are none of the proxy's business. */
function connectThroughHttp(proxy: URL, target: Target, trust: ProxyTrust, done: Connected): void {
  const path = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const credentials = login(proxy);
  const options: RequestOptions = {
    host,
    method: 'CONNECT',
    path,
    agent: false,
    headers: {
      host: path,
      ...(credentials === undefined
        ? {}
        : {
            'proxy-authorization': `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`,
          }),
    },
  };
  const request =
    proxy.protocol === 'http:'
      ? httpRequest({ ...options, port: proxy.port || 80 })
      : httpsRequest({
          ...options,
          port: proxy.port || 443,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(trust.ca === undefined ? {} : { ca: [...rootCertificates, trust.ca] }),
          rejectUnauthorized: trust.insecureSkipTlsVerify !== true,
        });
  request.once('connect', (response, socket) => {
    if (response.statusCode === 200) {
      done(null, socket);
      return;
    }
    socket.destroy();
    fail(done, refused(proxy, target, `HTTP ${response.statusCode}`));
  });
  request.once('response', (response) => fail(done, refused(proxy, target, `HTTP ${response.statusCode}`)));
  request.once('error', (error) => fail(done, unreachable(proxy, target, error)));
  request.end();
}

const SOCKS_VERSION = 5;
const NO_LOGIN = 0;
const USER_AND_PASSWORD = 2;
const CONNECT = 1;
const DOMAIN_NAME = 3;
const REPLY_ADDRESS_BYTES: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const SOCKS_ERRORS = [
  '',
  'general failure',
  'not allowed by its rules',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'time to live expired',
  'command not supported',
  'address type not supported',
];

/** RFC 1928 with the login of RFC 1929. The proxy resolves the host's name: behind a bastion only it can. */
async function connectThroughSocks(proxy: URL, target: Target): Promise<Duplex> {
  const socket = connect(Number(proxy.port) || 1080, proxy.hostname.replace(/^\[|\]$/g, ''));
  try {
    await negotiate(socket, proxy, target);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function negotiate(socket: Socket, proxy: URL, target: Target): Promise<void> {
  const credentials = login(proxy);
  socket.write(
    Buffer.from(
      credentials === undefined ? [SOCKS_VERSION, 1, NO_LOGIN] : [SOCKS_VERSION, 2, NO_LOGIN, USER_AND_PASSWORD],
    ),
  );
  const method = (await readExactly(socket, 2))[1];
  if (method === USER_AND_PASSWORD && credentials !== undefined) {
    socket.write(Buffer.concat([Buffer.of(1), counted(credentials.user), counted(credentials.password)]));
    if ((await readExactly(socket, 2))[1] !== 0) throw refused(proxy, target, 'it refuses the login');
  } else if (method !== NO_LOGIN) {
    throw refused(proxy, target, 'it asks for a login');
  }
  const port = Buffer.alloc(2);
  port.writeUInt16BE(target.port);
  socket.write(Buffer.concat([Buffer.of(SOCKS_VERSION, CONNECT, 0, DOMAIN_NAME), counted(target.host), port]));
  const [, status = 1, , addressType = 0] = await readExactly(socket, 4);
  if (status !== 0) throw refused(proxy, target, SOCKS_ERRORS[status] ?? `SOCKS error ${status}`);
  const addressBytes =
    addressType === DOMAIN_NAME ? ((await readExactly(socket, 1))[0] ?? 0) : (REPLY_ADDRESS_BYTES[addressType] ?? 4);
  await readExactly(socket, addressBytes + 2);
}

/** A text behind its length in one byte. */
function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}

/** Exactly so many bytes; what follows stays in the socket for its user. */
function readExactly(socket: Socket, count: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      socket.off('readable', attempt).off('end', onEnd).off('error', onError);
      act();
    };
    const attempt = (): void => {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes !== null) settle(() => resolve(bytes));
    };
    const onEnd = (): void => settle(() => reject(new Error('the proxy closed the connection')));
    const onError = (error: Error): void => settle(() => reject(error));
    socket.on('readable', attempt).on('end', onEnd).on('error', onError);
    attempt();
  });
}

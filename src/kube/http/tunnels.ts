import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { callbackify } from 'node:util';
import { errorText, systemCode, WorkbenchError } from '../../base/errors.ts';
import { loadPart } from '../../base/parts.ts';
import type { Route } from './connection.ts';
import type { ProxyLogin, Target } from './socks-tunnel.ts';

/** To a stream that reaches the server, and once more to TLS over it. Who does not answer must not keep a socket for each try. */
const TIMEOUT_MS = 10_000;

/** Calls `late` where nothing came in time; the answer lifts the limit. */
export function limited(late: (error: Error) => void): () => void {
  const error = Object.assign(new Error(`no answer within ${TIMEOUT_MS / 1000} s`), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => late(error), TIMEOUT_MS);
  return () => clearTimeout(timer);
}

/** Called once with a stream that reaches the server, or with why there is none. */
export type Connected = (error: Error | null, socket: Duplex) => void;

/** Opens one stream to the server through a proxy. */
export type Tunnel = (done: Connected) => void;

/** What makes an `https://` proxy trusted: the authorities that this machine knows and, as in kubectl, the cluster's own. */
type ProxyTrust = Pick<Route, 'ca' | 'insecureSkipTlsVerify'>;

/** The way through a proxy: CONNECT for `http://` and `https://`, SOCKS 5 for `socks5://` and `socks5h://`, as an SSH bastion offers. */
export function openTunnel(proxyUrl: string, server: URL, trust: ProxyTrust): Tunnel {
  const { proxy, login } = parsed(proxyUrl, server);
  const target = {
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: Number(server.port) || (server.protocol === 'https:' ? 443 : 80),
  };
  switch (proxy.protocol) {
    case 'http:':
    case 'https:':
      return (done) => connectThroughHttp(proxy, login, target, trust, done);
    case 'socks5:':
    case 'socks5h:':
      return (done) => callbackify(throughSocks)(proxy, login, target, done);
    default:
      throw new WorkbenchError({
        code: 'not-supported',
        message: `proxy ${proxy.protocol}//${proxy.host} of ${server.host} is not supported`,
        hint: 'Use an http://, https:// or socks5:// proxy in proxy-url or HTTPS_PROXY.',
      });
  }
}

/** It may hold a password: what it is does not get into a message. */
function parsed(proxyUrl: string, server: URL): { readonly proxy: URL; readonly login: ProxyLogin | undefined } {
  try {
    const proxy = new URL(proxyUrl);
    const [user, password] = [decodeURIComponent(proxy.username), decodeURIComponent(proxy.password)];
    return { proxy, login: user === '' ? undefined : { user, password } };
  } catch {
    throw new WorkbenchError({
      code: 'kubeconfig-invalid',
      message: `the proxy for ${server.host} is no valid address`,
      hint: 'Write proxy-url in the kubeconfig, or HTTPS_PROXY, as http://host:port; a percent sign in a name or password is %25.',
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
function unreachable(proxy: URL, target: Target, cause: unknown): WorkbenchError {
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

/** Not through the pool of the server, whose name and client certificate are none of the proxy's business. */
function connectThroughHttp(
  proxy: URL,
  login: ProxyLogin | undefined,
  target: Target,
  trust: ProxyTrust,
  done: Connected,
): void {
  const path = `${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const options: RequestOptions = {
    host,
    method: 'CONNECT',
    path,
    agent: false,
    headers: {
      host: path,
      ...(login === undefined
        ? {}
        : {
            'proxy-authorization': `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
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
  const lift = limited((late) => request.destroy(late));
  for (const end of ['connect', 'response', 'error']) request.once(end, lift);
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

/** The library's errors have no code, and its words tell a refusal from a proxy that is not there. */
async function throughSocks(proxy: URL, login: ProxyLogin | undefined, target: Target): Promise<Duplex> {
  const { connectThroughSocks } = await loadPart(() => import('./socks-tunnel.ts'));
  try {
    return await connectThroughSocks(proxy, login, target, TIMEOUT_MS);
  } catch (error) {
    throw unreachable(proxy, target, error);
  }
}

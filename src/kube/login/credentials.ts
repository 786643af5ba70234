import { validateHeaderValue } from 'node:http';
import { abortable, type Clock } from '../../base/clock.ts';
import { WorkbenchError } from '../../base/errors.ts';
import { loadPart } from '../../base/parts.ts';
import { isDue, providedToken } from './auth-provider.ts';
import type { Credentials, CredentialSource } from '../http/connection.ts';
import { isLoopback } from '../http/proxy.ts';
import type { PluginCredential } from './exec-plugin.ts';
import type { ClusterConfig, UserConfig } from './kubeconfig.ts';
import { material, readSecretFile } from './material.ts';
import type { Environment } from '../tools/tool-path.ts';

/** Token files are renewed under our feet (service account tokens); reading them this often is enough and cheap. */
const TOKEN_FILE_MS = 10_000;
/** A credential is renewed this long before its end, so that it does not expire on the way. */
const EARLY_MS = 10_000;
/** Where a clock is wrong, a credential that was just made seems to be expired: it is used for this long, or until a 401. */
const EXPIRED_AT_BIRTH_MS = 60_000;

export interface CredentialContext {
  readonly context: string;
  readonly env: Environment;
  readonly home: string;
  readonly clock: Clock;
  /** Ends a plugin that still runs when nobody wants its answer any more. */
  readonly lifetime: AbortSignal;
  /** As the kubeconfig has them now: a login in a terminal rewrites the file while we run. */
  readonly login: () => Promise<Login>;
  /** Has kubectl renew the login in the kubeconfig; rejects where it says that it did not. */
  readonly renew: () => Promise<void>;
}

/** A user, and the cluster where it is one. */
export interface Login {
  readonly user: UserConfig;
  readonly cluster: ClusterConfig;
}

interface Held {
  /** What they were made from, as text: a kubeconfig read again is another object with the same content. */
  readonly login: string;
  readonly credentials: Credentials;
  readonly expiresAt: number;
}

/** The credentials of a kubeconfig's user: fetched once for all callers, again when they expire, were refused or the file changed. */
export class UserCredentials implements CredentialSource {
  readonly #context: CredentialContext;
  #held: Held | undefined;
  #fetching: Promise<Held> | undefined;

  constructor(context: CredentialContext) {
    this.#context = context;
  }

  async get(signal: AbortSignal): Promise<Credentials> {
    const login = await this.#context.login();
    if (this.#held?.login === JSON.stringify(login) && this.#held.expiresAt > this.#context.clock.now())
      return this.#held.credentials;
    this.#fetching ??= this.#fetch(login).finally(() => {
      this.#fetching = undefined;
    });
    return (await abortable(this.#fetching, signal)).credentials;
  }

  invalidate(refused: Credentials): void {
    if (this.#held?.credentials === refused) this.#held = undefined;
  }

  /** Not bound to the signal of the caller that happened to be first: others wait for it too. */
  async #fetch(known: Login): Promise<Held> {
    const { login, notRenewed } = await this.#renewed(known);
    const { credentials, expiresAt } = await this.#obtain(login, notRenewed);
    const headers = sendable(credentials.headers, this.#context.context);
    const held = { login: JSON.stringify(login), credentials: { ...credentials, headers }, expiresAt };
    this.#held = held;
    return held;
  }

  /** The login as it is after kubectl renewed it, where that was due. What kubectl says counts only if there is no token then: its call may fail for another reason. */
  async #renewed(login: Login): Promise<{ readonly login: Login; readonly notRenewed?: unknown }> {
    const { clock, renew, login: current } = this.#context;
    const { user, cluster } = login;
    const provider = user['auth-provider'];
    const counts = !hasBasic(user) && !hasToken(user) && !isOverheard(new URL(cluster.server));
    if (provider === undefined || !counts || !isDue(provider, clock.now())) return { login };
    try {
      await renew();
      return { login: await current() };
    } catch (notRenewed) {
      return { login: await current(), notRenewed };
    }
  }

  /** As kubectl does: what the kubeconfig holds itself goes before a plugin, and a plugin before an old provider. */
  async #obtain({ user, cluster }: Login, notRenewed: unknown): Promise<Omit<Held, 'login'>> {
    const { context, env, home, clock, lifetime } = this.#context;
    refuseTwoWays(user, context);
    const impersonation = impersonationHeaders(user);
    if (isOverheard(new URL(cluster.server)))
      return { credentials: { headers: impersonation }, expiresAt: Number.POSITIVE_INFINITY };
    const pair = await clientCertificate(user, context);
    const authorization = await ownAuthorization(user, context);
    if (authorization !== undefined) {
      return {
        credentials: { headers: { ...impersonation, authorization }, ...pair },
        expiresAt: user.tokenFile === undefined ? Number.POSITIVE_INFINITY : clock.now() + TOKEN_FILE_MS,
      };
    }
    if (user.exec) {
      const { runExecPlugin } = await loadPart(() => import('./exec-plugin.ts'));
      const plugin = await runExecPlugin(user.exec, { context, cluster, env, home }, lifetime);
      return {
        credentials: fromPlugin(plugin, impersonation, pair),
        expiresAt: goodUntil(plugin.expiresAt, clock.now()),
      };
    }
    if (user['auth-provider']) {
      const { token, expiresAt } = providedToken(user['auth-provider'], context, clock.now(), notRenewed);
      return {
        credentials: { headers: { ...impersonation, authorization: `Bearer ${token}` }, ...pair },
        expiresAt,
      };
    }
    return { credentials: { headers: impersonation, ...pair }, expiresAt: Number.POSITIVE_INFINITY };
  }
}

/** Whether what is sent there could be read on the way: credentials never go over plain HTTP but to this machine. */
function isOverheard({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''));
}

function goodUntil(expiresAt: number, now: number): number {
  const renewal = expiresAt - EARLY_MS;
  return renewal > now ? renewal : now + EXPIRED_AT_BIRTH_MS;
}

function fromPlugin(plugin: PluginCredential, fixed: Credentials['headers'], pair: CertificatePair): Credentials {
  return {
    headers: plugin.token === undefined ? fixed : { ...fixed, authorization: `Bearer ${plugin.token}` },
    ...(plugin.cert === undefined || plugin.key === undefined ? pair : { cert: plugin.cert, key: plugin.key }),
  };
}

/** Whether the kubeconfig holds name and password. */
function hasBasic({ username, password }: UserConfig): boolean {
  return Boolean(username) || Boolean(password);
}

function hasToken({ token, tokenFile }: UserConfig): boolean {
  return Boolean(token) || tokenFile !== undefined;
}

/** The header that the kubeconfig itself gives, in a token, its file, or name and password. */
async function ownAuthorization(user: UserConfig, context: string): Promise<string | undefined> {
  if (hasBasic(user)) return `Basic ${Buffer.from(`${user.username ?? ''}:${user.password ?? ''}`).toString('base64')}`;
  const token =
    user.tokenFile === undefined ? user.token : (await readSecretFile(user.tokenFile, context)).toString('utf8').trim();
  return token ? `Bearer ${token}` : undefined;
}

function refuseTwoWays(user: UserConfig, context: string): void {
  const two =
    hasBasic(user) && hasToken(user)
      ? 'a token and a name with a password'
      : user.exec !== undefined && user['auth-provider'] !== undefined
        ? 'an exec plugin and an auth-provider'
        : undefined;
  if (two === undefined) return;
  throw new WorkbenchError({
    code: 'kubeconfig-invalid',
    message: `the user of context "${context}" has ${two}, of which kubectl takes one alone`,
    hint: 'Take one of the two out of the kubeconfig.',
  });
}

function impersonationHeaders(user: UserConfig): Credentials['headers'] {
  return {
    ...(user.as === undefined ? {} : { 'impersonate-user': user.as }),
    ...(user['as-uid'] === undefined ? {} : { 'impersonate-uid': user['as-uid'] }),
    ...(user['as-groups'].length === 0 ? {} : { 'impersonate-group': [...user['as-groups']] }),
    ...Object.fromEntries(
      Object.entries(user['as-user-extra']).map(([key, values]) => [
        `impersonate-extra-${inHeaderName(key)}`,
        [...values],
      ]),
    ),
  };
}

/** What may not stand in a header's name, and the percent sign itself, as percent and two digits: the server takes it back. */
function inHeaderName(key: string): string {
  return key.replace(/[^\w!#$&'*+.^`|~-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** As Go writes them, in UTF-8, where Node takes a character for a byte. What no header may hold, Node would refuse while it sends: it would look as if the connection had failed. */
function sendable(headers: Credentials['headers'], context: string): Credentials['headers'] {
  const checked = (name: string, value: string): string => {
    const bytes = Buffer.from(value).toString('latin1');
    try {
      validateHeaderValue(name, bytes);
    } catch {
      throw new WorkbenchError({
        code: 'kubeconfig-invalid',
        message: `the ${name} header of context "${context}" would hold a line break or another control character`,
        hint: 'Correct the token or the name in the kubeconfig (no "|" before it), or the plugin that gives it.',
      });
    }
    return bytes;
  };
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? checked(name, value) : value.map((each) => checked(name, each)),
    ]),
  );
}

type CertificatePair = Pick<Credentials, 'cert' | 'key'>;

async function clientCertificate(user: UserConfig, context: string): Promise<CertificatePair> {
  const cert = await material(user['client-certificate-data'], user['client-certificate'], context);
  const key = await material(user['client-key-data'], user['client-key'], context);
  return { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

import { abortable, type Clock } from '../../base/clock.ts';
import { loadPart } from '../../base/parts.ts';
import { isDue, providedToken } from './auth-provider.ts';
import type { Credentials, CredentialSource } from '../http/connection.ts';
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
    const held = { login: JSON.stringify(login), ...(await this.#obtain(login, notRenewed)) };
    this.#held = held;
    return held;
  }

  /** The login as it is after kubectl renewed it, where that was due. What kubectl says counts only if there is no token then: its call may fail for another reason. */
  async #renewed(login: Login): Promise<{ readonly login: Login; readonly notRenewed?: unknown }> {
    const { clock, renew, login: current } = this.#context;
    const provider = login.user['auth-provider'];
    if (provider === undefined || !isDue(provider, clock.now())) return { login };
    try {
      await renew();
      return { login: await current() };
    } catch (notRenewed) {
      return { login: await current(), notRenewed };
    }
  }

  async #obtain({ user: config, cluster }: Login, notRenewed: unknown): Promise<Omit<Held, 'login'>> {
    const { context, env, home, clock, lifetime } = this.#context;
    const impersonation = impersonationHeaders(config);
    const fixed = { ...impersonation, ...basicHeader(config) };
    const pair = await clientCertificate(config, context);
    if (config.exec) {
      const { runExecPlugin } = await loadPart(() => import('./exec-plugin.ts'));
      const plugin = await runExecPlugin(config.exec, { context, cluster, env, home }, lifetime);
      return { credentials: fromPlugin(plugin, fixed, pair), expiresAt: goodUntil(plugin.expiresAt, clock.now()) };
    }
    if (config['auth-provider']) {
      const { token, expiresAt } = providedToken(config['auth-provider'], context, clock.now(), notRenewed);
      return { credentials: { headers: { ...fixed, authorization: `Bearer ${token}` }, ...pair }, expiresAt };
    }
    const token =
      config.tokenFile === undefined
        ? config.token
        : (await readSecretFile(config.tokenFile, context)).toString('utf8').trim();
    const headers = token === undefined || token === '' ? fixed : { ...fixed, authorization: `Bearer ${token}` };
    return {
      credentials: { headers, ...pair },
      expiresAt: config.tokenFile === undefined ? Number.POSITIVE_INFINITY : clock.now() + TOKEN_FILE_MS,
    };
  }
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

function basicHeader(user: UserConfig): Credentials['headers'] {
  if (user.username === undefined || user.password === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}` };
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

type CertificatePair = Pick<Credentials, 'cert' | 'key'>;

async function clientCertificate(user: UserConfig, context: string): Promise<CertificatePair> {
  const cert = await material(user['client-certificate-data'], user['client-certificate'], context);
  const key = await material(user['client-key-data'], user['client-key'], context);
  return { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

import { readFile } from 'node:fs/promises';
import { abortable, type Clock } from '../../base/clock.ts';
import { errorText, WorkbenchError } from '../../base/errors.ts';
import { loadPart } from '../../base/parts.ts';
import { providedToken } from './auth-provider.ts';
import type { Credentials, CredentialSource, Pem } from '../http/connection.ts';
import type { PluginContext, PluginCredential } from './exec-plugin.ts';
import type { ClusterConfig, UserConfig } from './kubeconfig.ts';

/** Token files are renewed under our feet (service account tokens); reading them this often is enough and cheap. */
const TOKEN_FILE_MS = 10_000;
/** A credential is renewed this long before its end, so that it does not expire on the way. */
const EARLY_MS = 10_000;
/** Where a clock is wrong, a credential that was just made seems to be expired: it is used for this long, or until a 401. */
const EXPIRED_AT_BIRTH_MS = 60_000;

export interface CredentialContext extends PluginContext {
  readonly clock: Clock;
  /** Ends a plugin that still runs when nobody wants its answer any more. */
  readonly lifetime: AbortSignal;
  /** The user as the kubeconfig names it now: a login in a terminal rewrites the file while we run. */
  readonly user: () => Promise<UserConfig>;
}

interface Held {
  /** The user that they belong to, as text: a kubeconfig read again is another object with the same content. */
  readonly user: string;
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
    const user = await this.#context.user();
    if (this.#held?.user === JSON.stringify(user) && this.#held.expiresAt > this.#context.clock.now())
      return this.#held.credentials;
    this.#fetching ??= this.#fetch(user).finally(() => {
      this.#fetching = undefined;
    });
    return (await abortable(this.#fetching, signal)).credentials;
  }

  invalidate(refused: Credentials): void {
    if (this.#held?.credentials === refused) this.#held = undefined;
  }

  /** Not bound to the signal of the caller that happened to be first: others wait for it too. */
  async #fetch(user: UserConfig): Promise<Held> {
    const held = await this.#obtain(user);
    this.#held = held;
    return held;
  }

  async #obtain(config: UserConfig): Promise<Held> {
    const user = JSON.stringify(config);
    const { clock } = this.#context;
    const impersonation = impersonationHeaders(config);
    const fixed = { ...impersonation, ...basicHeader(config) };
    const pair = await clientCertificate(config, this.#context.context);
    if (config.exec) {
      const { runExecPlugin } = await loadPart(() => import('./exec-plugin.ts'));
      const plugin = await runExecPlugin(config.exec, this.#context, this.#context.lifetime);
      return {
        user,
        credentials: fromPlugin(plugin, fixed, pair),
        expiresAt: goodUntil(plugin.expiresAt, clock.now()),
      };
    }
    if (config['auth-provider']) {
      const { token, expiresAt } = providedToken(config['auth-provider'], this.#context.context, clock.now());
      return { user, credentials: { headers: { ...fixed, authorization: `Bearer ${token}` }, ...pair }, expiresAt };
    }
    const token =
      config.tokenFile === undefined
        ? config.token
        : (await readSecretFile(config.tokenFile, this.#context.context)).toString('utf8').trim();
    const headers = token === undefined || token === '' ? fixed : { ...fixed, authorization: `Bearer ${token}` };
    return {
      user,
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
    ...(user['as-groups'].length === 0 ? {} : { 'impersonate-group': [...user['as-groups']] }),
  };
}

/** The authority of a kubeconfig's cluster, read again when the kubeconfig was: a server that is set up anew has another. */
export class ClusterAuthority {
  readonly #context: string;
  readonly #cluster: () => Promise<ClusterConfig>;
  #held: { readonly cluster: ClusterConfig; readonly pem: Pem | undefined } | undefined;

  constructor(context: string, cluster: () => Promise<ClusterConfig>) {
    this.#context = context;
    this.#cluster = cluster;
  }

  async get(): Promise<Pem | undefined> {
    const cluster = await this.#cluster();
    if (this.#held?.cluster !== cluster) {
      this.#held = {
        cluster,
        pem: await material(cluster['certificate-authority-data'], cluster['certificate-authority'], this.#context),
      };
    }
    return this.#held.pem;
  }
}

type CertificatePair = Pick<Credentials, 'cert' | 'key'>;

async function clientCertificate(user: UserConfig, context: string): Promise<CertificatePair> {
  const cert = await material(user['client-certificate-data'], user['client-certificate'], context);
  const key = await material(user['client-key-data'], user['client-key'], context);
  return { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
}

/** Data in the kubeconfig wins over a file, as in kubectl. */
async function material(
  base64: string | undefined,
  file: string | undefined,
  context: string,
): Promise<Buffer | undefined> {
  if (base64 !== undefined && base64 !== '') return Buffer.from(base64, 'base64');
  return file === undefined ? undefined : readSecretFile(file, context);
}

async function readSecretFile(file: string, context: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new WorkbenchError({
      code: 'kubeconfig-invalid',
      message: `cannot read ${file}, which context "${context}" of the kubeconfig names: ${errorText(cause)}`,
      hint: 'Log in to the cluster again, or correct the path in the kubeconfig.',
      cause,
    });
  }
}

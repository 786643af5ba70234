import { numberAt } from '../../base/json.ts';
import { errorText, WorkbenchError } from '../../base/errors.ts';
import type { UserConfig } from './kubeconfig.ts';

type AuthProvider = NonNullable<UserConfig['auth-provider']>;

export interface ProvidedToken {
  readonly token: string;
  /** Wall ms. */
  readonly expiresAt: number;
}

/** What came in place of kubectl's old built-in logins. */
const SUCCESSORS: ReadonlyMap<string, string> = new Map([
  [
    'gcp',
    'Install gke-gcloud-auth-plugin and run "gcloud container clusters get-credentials" again: it writes a user with an exec plugin.',
  ],
  ['azure', 'Install kubelogin and run "kubelogin convert-kubeconfig": it writes a user with an exec plugin.'],
]);

/** kubectl takes a token for expired so long before it is. */
const EARLY_MS = 10_000;

/** Whether kubectl would renew the login before it uses it. */
export function isDue(provider: AuthProvider, now: number): boolean {
  return provider.name === 'oidc' && expiryOf(provider.config['id-token'] ?? '') - EARLY_MS <= now;
}

/**
 * The token of a user with an old `auth-provider`. Of these kubectl itself knows `oidc` alone: its id token serves until it
 * expires. `notRenewed` is why there is no newer one, where one was asked for.
 */
export function providedToken(
  provider: AuthProvider,
  context: string,
  now: number,
  notRenewed: unknown,
): ProvidedToken {
  if (provider.name !== 'oidc') {
    throw new WorkbenchError({
      code: 'not-supported',
      message: `the user of context "${context}" logs in by auth-provider "${provider.name}", which Kubernetes replaced by exec plugins`,
      hint:
        SUCCESSORS.get(provider.name) ??
        'Give this user an exec plugin (users[].user.exec) or a token in the kubeconfig.',
    });
  }
  const token = provider.config['id-token'] ?? '';
  const expiresAt = expiryOf(token);
  if (expiresAt > now) return { token, expiresAt };
  throw new WorkbenchError({
    code: 'auth-plugin-failed',
    message: `the id token of context "${context}" (auth-provider "oidc") ${token === '' ? 'is missing' : 'has expired or cannot be read'}${notRenewed === undefined ? '' : `, and was not renewed: ${errorText(notRenewed)}`}`,
    hint: `Run "kubectl --context ${context} get --raw /version": kubectl renews the token in the kubeconfig, and it is used from then on. An exec plugin such as "kubectl oidc-login" renews it by itself.`,
    cause: notRenewed,
  });
}

/** The `exp` of a JSON Web Token in wall ms; 0 when there is none. The server checks the signature. */
function expiryOf(token: string): number {
  const payload = token.split('.')[1];
  if (payload === undefined) return 0;
  try {
    return (numberAt(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')), 'exp') ?? 0) * 1000;
  } catch {
    return 0;
  }
}

import { numberAt } from '../../base/json.ts';
import { WorkbenchError } from '../../base/errors.ts';
import type { UserConfig } from './kubeconfig.ts';

export interface ProvidedToken {
  readonly token: string;
  /** Wall ms. */
  readonly expiresAt: number;
}

/** What came in place of kubectl's old built-in logins. */
const SUCCESSORS: Readonly<Record<string, string>> = {
  gcp: 'Install gke-gcloud-auth-plugin and run "gcloud container clusters get-credentials" again: it writes a user with an exec plugin.',
  azure: 'Install kubelogin and run "kubelogin convert-kubeconfig": it writes a user with an exec plugin.',
};

/**
 * The token of a user with an old `auth-provider`. Of these kubectl itself knows `oidc` alone: its id token serves until it
 * expires. It is not renewed here, since many identity providers take a refresh token only once and its successor would
 * have to be written to the kubeconfig, which only kubectl may.
 */
export function providedToken(
  provider: NonNullable<UserConfig['auth-provider']>,
  context: string,
  now: number,
): ProvidedToken {
  if (provider.name !== 'oidc') {
    throw new WorkbenchError({
      code: 'not-supported',
      message: `the user of context "${context}" logs in by auth-provider "${provider.name}", which Kubernetes replaced by exec plugins`,
      hint:
        SUCCESSORS[provider.name] ?? 'Give this user an exec plugin (users[].user.exec) or a token in the kubeconfig.',
    });
  }
  const token = provider.config?.['id-token'] ?? '';
  const expiresAt = expiryOf(token);
  if (expiresAt > now) return { token, expiresAt };
  throw new WorkbenchError({
    code: 'auth-plugin-failed',
    message: `the id token of context "${context}" (auth-provider "oidc") ${token === '' ? 'is missing' : 'has expired or cannot be read'}`,
    hint: `Run "kubectl --context ${context} get --raw /version": kubectl renews the token in the kubeconfig, and it is used from then on. An exec plugin such as "kubectl oidc-login" renews it by itself.`,
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

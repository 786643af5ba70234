import { WorkbenchError } from '../base/errors.ts';
import { labels, manager } from '../base/labels.ts';
import { applyOurs, requireAllOurs } from '../kube/access/apply-ours.ts';
import type { KubeClient } from '../kube/types.ts';
import type { KubeObject } from '../kube/model/types.ts';
import type { WorkspaceEnv } from './env.ts';
import { SECRETS } from './secret-names.ts';

/**
 * Creates or updates the secrets from `.env`; answers their names. A value never leaves this function but to the API server,
 * and never lands in another's secret.
 */
export async function createSecrets(
  client: KubeClient,
  env: WorkspaceEnv,
  owner: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!env.found) {
    throw new WorkbenchError({
      code: 'env-missing',
      message: `there is no ${env.path}`,
      hint: 'Create it with a line HF_TOKEN=<your Hugging Face token>, and keep it out of git.',
    });
  }
  const missing = SECRETS.find(({ variable, required }) => required && !env.values[variable]);
  if (missing) {
    throw new WorkbenchError({
      code: 'env-incomplete',
      message: `${env.path} has no value for ${missing.variable}`,
      hint: `Add a line ${missing.variable}=<token>.`,
    });
  }
  const objects = SECRETS.flatMap(({ variable, secrets }) => {
    const value = env.values[variable];
    return value ? secrets.map((name) => secret(client.cluster.namespace, name, variable, value, owner)) : [];
  });
  const ours = { claim: { owner }, doing: 'write the secrets', signal };
  await requireAllOurs(client, objects, ours);
  await Promise.all(objects.map((object) => applyOurs(client, object, { ...ours, force: true })));
  return objects.map((object) => object.metadata.name);
}

function secret(namespace: string, name: string, key: string, value: string, owner: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { [labels.managedBy]: manager, [labels.owner]: owner } },
    type: 'Opaque',
    data: { [key]: Buffer.from(value, 'utf8').toString('base64') },
  };
}

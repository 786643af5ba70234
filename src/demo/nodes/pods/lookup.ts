import { isWorkbenchError } from '../../../base/errors.ts';
import { stringMapAt } from '../../../base/json.ts';
import type { ConfigMap, Secret } from '../../../kube/model/kinds.ts';
import type { ResourceType } from '../../../kube/model/types.ts';
import { ConfigMaps, Secrets } from '../../../kube/resources.ts';
import type { KubeClient } from '../../../kube/types.ts';

/** Why a container can't be created from its configuration; the message is the kubelet's own. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads ConfigMaps and Secrets for pods. Undefined when there is none of that name. */
export interface ConfigLookup {
  configMap(namespace: string, name: string): Promise<ReadonlyMap<string, Buffer> | undefined>;
  secret(namespace: string, name: string): Promise<ReadonlyMap<string, Buffer> | undefined>;
}

export function apiLookup(client: Pick<KubeClient, 'get'>, signal: AbortSignal): ConfigLookup {
  const read = async (
    kind: ResourceType<ConfigMap | Secret>,
    namespace: string,
    name: string,
  ): Promise<ReadonlyMap<string, Buffer> | undefined> => {
    try {
      const object = await client.get(kind, namespace, name, signal);
      const entries = new Map<string, Buffer>();
      const encoding = kind === Secrets ? 'base64' : 'utf8';
      for (const [key, value] of Object.entries(stringMapAt(object, 'data')))
        entries.set(key, Buffer.from(value, encoding));
      for (const [key, value] of Object.entries(stringMapAt(object, 'binaryData')))
        entries.set(key, Buffer.from(value, 'base64'));
      return entries;
    } catch (error) {
      if (isWorkbenchError(error, 'not-found')) return undefined;
      throw error;
    }
  };
  return {
    configMap: (namespace, name) => read(ConfigMaps, namespace, name),
    secret: (namespace, name) => read(Secrets, namespace, name),
  };
}

/** One key of a ConfigMap or Secret for a container's environment; undefined when it is optional and missing. */
export async function lookUpKey(
  lookup: ConfigLookup,
  kind: 'configmap' | 'secret',
  namespace: string,
  ref: { readonly name: string; readonly key: string; readonly optional: boolean },
): Promise<string | undefined> {
  const entries = await (kind === 'secret'
    ? lookup.secret(namespace, ref.name)
    : lookup.configMap(namespace, ref.name));
  const value = entries?.get(ref.key);
  if (value !== undefined) return value.toString();
  if (ref.optional) return undefined;
  if (entries === undefined) throw new ConfigError(`${kind} "${ref.name}" not found`);
  throw new ConfigError(
    `couldn't find key ${ref.key} in ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${namespace}/${ref.name}`,
  );
}

import { stringify } from 'yaml';
import { labels } from '../../base/labels.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { KubeObject } from '../../kube/model/types.ts';

const MODEL_SERVER_KINDS = [
  ['leaderworkerset.x-k8s.io/v1', 'LeaderWorkerSet'],
  ['apps/v1', 'Deployment'],
] as const;

/** The model servers that a run loaded, as YAML, so that two runs can be compared by what they ran against. */
export async function deploymentManifests(
  client: KubeClient,
  deployment: string,
  signal: AbortSignal,
): Promise<string> {
  const found: KubeObject[] = [];
  for (const [apiVersion, kind] of MODEL_SERVER_KINDS) {
    const resource = await client.resourceOf(apiVersion, kind, signal);
    if (!resource) continue;
    const objects = await client.list(resource, {
      namespace: client.cluster.namespace,
      labelSelector: `${labels.deployment}=${deployment}`,
      signal,
    });
    // Objects of a list come without their kind.
    found.push(...objects.map((object) => declared({ ...object, apiVersion, kind })));
  }
  return found.map((object) => stringify(object)).join('---\n');
}

/** What a person declared: without what the server added and what changes by itself. */
function declared({ apiVersion, kind, metadata, status: _status, ...rest }: KubeObject): KubeObject {
  const { name, namespace, labels: ownLabels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(ownLabels ? { labels: ownLabels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...rest,
  };
}

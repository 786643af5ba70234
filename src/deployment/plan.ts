import { isDeepStrictEqual } from 'node:util';
import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { manager } from '../base/labels.ts';
import type { KubeClient, KubeObject } from '../kube/types.ts';
import type { PlannedObject } from './types.ts';

/** Asks the server, by dry run, what an apply of each object would do. */
export function planObjects(client: KubeClient, objects: readonly KubeObject[], signal: AbortSignal): Promise<readonly PlannedObject[]> {
  return Promise.all(objects.map((object) => planObject(client, object, signal)));
}

async function planObject(client: KubeClient, object: KubeObject, signal: AbortSignal): Promise<PlannedObject> {
  const live = await liveObject(client, object, signal);
  try {
    const dryRun = await client.apply(object, { fieldManager: manager, dryRun: true, signal });
    if (!live) return { action: 'create', object, live, dryRun, conflict: undefined };
    const same = isDeepStrictEqual(comparable(live), comparable(dryRun));
    return { action: same ? 'unchanged' : 'change', object, live, dryRun, conflict: undefined };
  } catch (error) {
    if (!isWorkbenchError(error, 'conflict')) throw error;
    return { action: 'conflict', object, live, dryRun: undefined, conflict: error.message };
  }
}

async function liveObject(client: KubeClient, object: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
  const resource = await client.resourceOf(object.apiVersion, object.kind, signal);
  if (!resource) {
    throw new WorkbenchError({
      code: 'resource-absent',
      message: `context ${client.cluster.context} does not serve ${object.kind} (${object.apiVersion})`,
      hint: 'Install its custom resource definition, or choose another context.',
    });
  }
  try {
    return await client.get(resource, client.cluster.namespace, object.metadata.name, signal);
  } catch (error) {
    if (isWorkbenchError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** What a person means by "the object": without the server's bookkeeping. */
export function comparable(object: KubeObject): unknown {
  const { status: _status, ...rest } = object as KubeObject & { status?: unknown };
  const { resourceVersion: _v, generation: _g, uid: _u, creationTimestamp: _c, ...metadata } = rest.metadata;
  const visible: Record<string, unknown> = { ...metadata };
  delete visible['managedFields'];
  delete visible['selfLink'];
  return { ...rest, metadata: visible };
}

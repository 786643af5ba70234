import { isDeepStrictEqual } from 'node:util';
import { isWorkbenchError } from '../base/errors.ts';
import { manager } from '../base/labels.ts';
import { liveObject } from '../kube/access/apply-ours.ts';
import { applyConflicts } from '../kube/http/status.ts';
import type { KubeClient } from '../kube/types.ts';
import type { KubeObject } from '../kube/model/types.ts';
import { notOurs, type Claim } from '../kube/access/whose.ts';
import type { Finding, PlannedObject } from './types.ts';

/** Asks the server, by dry run, what an apply of each object would do; what is not ours to change is told without one. */
export function planObjects(
  client: KubeClient,
  objects: readonly KubeObject[],
  claim: Claim,
  signal: AbortSignal,
): Promise<readonly PlannedObject[]> {
  return Promise.all(objects.map((object) => planObject(client, object, claim, signal)));
}

async function planObject(
  client: KubeClient,
  object: KubeObject,
  claim: Claim,
  signal: AbortSignal,
): Promise<PlannedObject> {
  const live = await liveObject(client, object, signal);
  const whose = live && notOurs(live, claim);
  if (whose !== undefined) return { action: 'conflict', object, live, dryRun: undefined, conflict: whose };
  try {
    const dryRun = await client.apply(object, { fieldManager: manager, dryRun: true, signal });
    if (!live) return { action: 'create', object, live, dryRun, conflict: undefined };
    const same = isDeepStrictEqual(comparable(live), comparable(dryRun));
    return { action: same ? 'unchanged' : 'change', object, live, dryRun, conflict: undefined };
  } catch (error) {
    if (!isWorkbenchError(error, 'conflict')) throw error;
    const others = [...new Set(applyConflicts(error).map((conflict) => conflict.manager))];
    const conflict = others.length === 0 ? error.message : `fields of it belong to ${others.join(', ')}`;
    return { action: 'conflict', object, live, dryRun: undefined, conflict };
  }
}

/** What the plan would have to take from others, one finding for each of them: nothing is applied then. */
export function foreignObjects(
  { cluster }: KubeClient,
  planned: readonly PlannedObject[],
  claim: Claim,
): readonly Finding[] {
  const foreign = planned.flatMap(({ object, live }) => {
    const whose = live && notOurs(live, claim);
    return whose === undefined ? [] : [{ name: `${object.kind} ${object.metadata.name}`, whose }];
  });
  return [...Map.groupBy(foreign, ({ whose }) => whose)].map(([whose, objects]): Finding => ({
    severity: 'error',
    code: 'not-yours',
    message: `${objects[0]?.name ?? ''}${objects.length === 1 ? '' : ` (and ${objects.length - 1} more)`} in ${cluster.context}/${cluster.namespace} ${whose}.`,
    hint: `It stays as it is. Deploy under another name than ${claim.deployment ?? ''}, select another namespace, or ask whoever made it.`,
  }));
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

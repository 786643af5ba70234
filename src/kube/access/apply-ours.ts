import { isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { manager } from '../../base/labels.ts';
import { applyConflicts } from '../http/status.ts';
import type { KubeClient } from '../types.ts';
import type { KubeObject } from '../model/types.ts';
import { requireOurs, type Claim } from './whose.ts';

/** A version that no object has: etcd counts from 2. An apply that names it creates, and never changes what is there. */
const NOTHING_THERE = '1';
/** Controllers write to our objects as well, so that the version which was read may be old by the time of the apply. */
const ATTEMPTS = 5;

export interface ApplyOursOptions {
  readonly claim: Claim;
  /** What for, for the message of `not-yours`. */
  readonly doing: string;
  /** Takes back fields of ours that another manager wrote. */
  readonly force?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Server-side apply that takes nothing over. What is there is changed only if it was ours in that very version, and what
 * was not there is only created: whoever comes between the look and the apply makes it a `conflict`, and it looks again.
 * Rejects with `not-yours` when the object is somebody else's or another tool's.
 */
export async function applyOurs(
  client: KubeClient,
  object: KubeObject,
  options: ApplyOursOptions,
): Promise<KubeObject> {
  const { claim, doing, force, signal } = options;
  for (let attempt = 1; ; attempt += 1) {
    const live = await liveObject(client, object, signal);
    if (live) requireOurs(live, claim, client.cluster, doing);
    const seen = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: live?.metadata.resourceVersion ?? NOTHING_THERE },
    };
    try {
      return await client.apply(seen, { fieldManager: manager, ...(force === undefined ? {} : { force }), signal });
    } catch (error) {
      const changedMeanwhile = isWorkbenchError(error, 'conflict') && applyConflicts(error).length === 0;
      if (!changedMeanwhile || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Rejects with `not-yours` when one of the objects is there and not ours: what belongs together is looked at together first. */
export async function requireAllOurs(
  client: KubeClient,
  objects: readonly KubeObject[],
  options: Omit<ApplyOursOptions, 'force'>,
): Promise<void> {
  const { claim, doing, signal } = options;
  const live = await Promise.all(objects.map((object) => liveObject(client, object, signal)));
  for (const object of live) if (object) requireOurs(object, claim, client.cluster, doing);
}

/** The object of this kind and name as it is in the client's namespace, if it is. `resource-absent` where its kind is not served. */
export async function liveObject(
  client: KubeClient,
  { apiVersion, kind, metadata }: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { context, namespace } = client.cluster;
  const resource = await client.resourceOf(apiVersion, kind, signal);
  if (!resource) {
    throw new WorkbenchError({
      code: 'resource-absent',
      message: `context ${context} does not serve ${kind} (${apiVersion})`,
      hint: 'Install its custom resource definition, or choose another context.',
    });
  }
  try {
    return await client.get(resource, namespace, metadata.name, signal);
  } catch (error) {
    if (isWorkbenchError(error, 'not-found')) return undefined;
    throw error;
  }
}

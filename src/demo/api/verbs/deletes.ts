import type { Clock } from '../../../base/clock.ts';
import { numberAt, stringAt } from '../../../base/json.ts';
import type { Admission } from '../admission/admission.ts';
import { present } from '../catalogue/conversion.ts';
import { rulesOf } from '../catalogue/kinds.ts';
import { timestamp, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { DeleteRequest, Propagation, User } from '../base/requests.ts';
import { notFound, preconditionFailed } from '../base/status.ts';
import { keyOf, type Store } from '../storage/store.ts';

/** Finalizers by which the garbage collector is asked to act before an owner goes. */
export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';

const defaultPodGrace = 30;

interface DeleteResult {
  readonly object: ApiObject;
  /** False while a grace period or finalizers hold the object. */
  readonly gone: boolean;
}

export class Deleter {
  readonly #store: Store;
  readonly #admission: Admission;
  readonly #clock: Clock;

  constructor(parts: { readonly store: Store; readonly admission: Admission; readonly clock: Clock }) {
    this.#store = parts.store;
    this.#admission = parts.admission;
    this.#clock = parts.clock;
  }

  delete(
    resource: ServedResource,
    namespace: string | undefined,
    name: string,
    request: DeleteRequest,
    user: User,
  ): DeleteResult {
    const key = keyOf(namespace, name);
    const before = this.#store.get(resource.collection, key);
    if (before === undefined) throw notFound(resource, name);
    checkPreconditions(resource, before, request);
    this.#admission.approveDelete({ resource, object: before, user });
    const finalizers = finalizersAfter(resource, before, request.propagation);
    const grace = graceOf(resource, before, request.gracePeriodSeconds);
    if (finalizers.length === 0 && grace === 0 && resource.collection !== 'namespaces') {
      const last = request.dryRun ? before : (this.#store.remove(resource.collection, key) ?? before);
      return {
        object: present(resource, resource.collection === 'pods' ? this.#marked(last, [], 0) : last),
        gone: true,
      };
    }
    const marked = this.#marked(before, finalizers, grace);
    if (request.dryRun || marked === before) return { object: present(resource, marked), gone: false };
    return { object: present(resource, this.#store.put(resource.collection, key, marked)), gone: false };
  }

  /** The object with its deletion noted. A second delete may only shorten the grace period. */
  #marked(before: ApiObject, finalizers: readonly string[], grace: number): ApiObject {
    const meta = before.metadata;
    const had = meta.deletionGracePeriodSeconds;
    const sameFinalizers = finalizers.join('\n') === (meta.finalizers ?? []).join('\n');
    if (meta.deletionTimestamp !== undefined && had !== undefined && grace >= had && sameFinalizers) return before;
    const { finalizers: _before, ...rest } = meta;
    const marked: ApiObject = {
      ...before,
      metadata: {
        ...rest,
        ...(finalizers.length > 0 ? { finalizers: [...finalizers] } : {}),
        deletionGracePeriodSeconds: grace,
        deletionTimestamp:
          meta.deletionTimestamp !== undefined && had === grace
            ? meta.deletionTimestamp
            : timestamp(this.#clock.now() + grace * 1000),
        ...(meta.generation === undefined || meta.deletionTimestamp !== undefined
          ? {}
          : { generation: meta.generation + 1 }),
      },
    };
    if (before.kind === 'Namespace') {
      const { deletionGracePeriodSeconds: _grace, ...withoutGrace } = marked.metadata;
      return { ...marked, metadata: withoutGrace, status: { phase: 'Terminating' } };
    }
    return marked;
  }
}

function checkPreconditions(resource: ServedResource, before: ApiObject, request: DeleteRequest): void {
  const { name, uid = '', resourceVersion = '' } = before.metadata;
  if (request.uid !== undefined && request.uid !== uid) {
    throw preconditionFailed(resource, name, `UID in precondition: ${request.uid}, UID in object meta: ${uid}`);
  }
  if (request.resourceVersion !== undefined && request.resourceVersion !== resourceVersion) {
    throw preconditionFailed(
      resource,
      name,
      `ResourceVersion in precondition: ${request.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    );
  }
}

function finalizersAfter(
  resource: ServedResource,
  object: ApiObject,
  wish: Propagation | undefined,
): readonly string[] {
  const others = (object.metadata.finalizers ?? []).filter(
    (item) => item !== foregroundFinalizer && item !== orphanFinalizer,
  );
  const had = (object.metadata.finalizers ?? []).find(
    (item) => item === foregroundFinalizer || item === orphanFinalizer,
  );
  switch (wish) {
    case 'Foreground':
      return [...others, foregroundFinalizer];
    case 'Orphan':
      return [...others, orphanFinalizer];
    case 'Background':
      return others;
    case undefined:
      return had !== undefined
        ? [...others, had]
        : rulesOf(resource).orphansByDefault
          ? [...others, orphanFinalizer]
          : others;
  }
}

/** Seconds that the kubelet gets; only pods on a node have a grace period. */
function graceOf(resource: ServedResource, object: ApiObject, asked: number | undefined): number {
  if (resource.collection !== 'pods') return 0;
  const phase = stringAt(object, 'status', 'phase');
  if ((stringAt(object, 'spec', 'nodeName') ?? '') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const wanted =
    asked ??
    object.metadata.deletionGracePeriodSeconds ??
    numberAt(object, 'spec', 'terminationGracePeriodSeconds') ??
    defaultPodGrace;
  const had = object.metadata.deletionGracePeriodSeconds;
  const bounded = wanted < 0 ? 1 : wanted;
  return object.metadata.deletionTimestamp !== undefined && had !== undefined ? Math.min(had, bounded) : bounded;
}

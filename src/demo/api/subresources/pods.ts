import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import { cloneJson, timestamp, type ApiObject } from '../base/object.ts';
import { getObject } from '../verbs/reads.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { DeleteRequest, WriteOptions } from '../base/requests.ts';
import { selectorMatches } from '../verbs/selectors.ts';
import { badRequest, conflict, invalid, tooManyRequests, untypedError } from '../base/status.ts';

const created = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

/** Of an eviction whose budget no controller has looked at yet. */
const retryAfterSeconds = 10;

/** Puts a pod on a node, once. */
export function bindPod(
  core: ApiCore,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
  binding: unknown,
  options: WriteOptions,
): unknown {
  const node = stringAt(binding, 'target', 'name') ?? '';
  if (node === '')
    throw invalid({ group: '', kind: 'Binding' }, name, [
      { path: 'target.name', reason: 'FieldValueRequired', message: 'Required value' },
    ]);
  core.writer.modify(
    { resource, namespace, name, subresource: 'binding' },
    (pod) => bound(core, resource, pod, node, binding),
    options,
  );
  return created;
}

function bound(core: ApiCore, resource: ServedResource, pod: ApiObject, node: string, binding: unknown): ApiObject {
  const { name } = pod.metadata;
  const taken = stringAt(pod, 'spec', 'nodeName') ?? '';
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(
      { group: '', plural: 'pods/binding' },
      name,
      `pod ${name} is being deleted, cannot be assigned to a host`,
    );
  if (taken !== '')
    throw conflict({ group: '', plural: 'pods/binding' }, name, `pod ${name} is already assigned to node "${taken}"`);
  const uid = stringAt(binding, 'metadata', 'uid');
  if (uid !== undefined && uid !== '' && uid !== pod.metadata.uid)
    throw conflict(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ''}`,
    );
  const placed = cloneJson(pod);
  placed['spec'] = { ...(isObject(placed['spec']) ? placed['spec'] : {}), nodeName: node };
  const status = isObject(placed['status']) ? placed['status'] : {};
  const others = arrayAt(status, 'conditions').filter((condition) => stringAt(condition, 'type') !== 'PodScheduled');
  placed['status'] = {
    ...status,
    conditions: [
      ...others,
      { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp(core.clock.now()) },
    ],
  };
  return placed;
}

/** Deletes a pod unless a disruption budget forbids it now. */
export function evictPod(
  core: ApiCore,
  resource: ServedResource,
  namespace: string | undefined,
  name: string,
  eviction: unknown,
  options: WriteOptions,
): unknown {
  const meant = stringAt(eviction, 'metadata', 'name') ?? '';
  if (meant !== name) throw badRequest(`name in URL does not match name in Eviction object: ${name} != ${meant}`);
  const pod = getObject(core.store, resource, namespace, name);
  const budgets = core.store
    .entries('poddisruptionbudgets.policy')
    .map(([, budget]) => budget)
    .filter((budget) => budget.metadata.namespace === namespace && selects(at(budget, 'spec', 'selector'), pod));
  const phase = stringAt(pod, 'status', 'phase');
  if (budgets.length > 1)
    throw untypedError(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  const [budget] = budgets;
  if (budget !== undefined && phase === 'Running' && (numberAt(budget, 'status', 'disruptionsAllowed') ?? 0) <= 0) {
    const message = `The disruption budget ${budget.metadata.name} needs ${numberAt(budget, 'status', 'desiredHealthy') ?? 0} healthy pods and has ${numberAt(budget, 'status', 'currentHealthy') ?? 0} currently`;
    throw tooManyRequests(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      [{ reason: 'DisruptionBudget', message }],
      isSeen(budget) ? undefined : retryAfterSeconds,
    );
  }
  core.deleter.delete(
    resource,
    namespace,
    name,
    deleteRequest(at(eviction, 'deleteOptions'), options.dryRun),
    options.user,
  );
  return created;
}

/** Whether the budget's status is that of its present spec: what is not may soon be another. */
function isSeen(budget: ApiObject): boolean {
  return (numberAt(budget, 'status', 'observedGeneration') ?? 0) >= (budget.metadata.generation ?? 0);
}

function selects(selector: unknown, pod: ApiObject): boolean {
  return isObject(selector) && selectorMatches(selector, pod.metadata.labels ?? {});
}

function deleteRequest(options: unknown, dryRun: boolean): DeleteRequest {
  return {
    gracePeriodSeconds: numberAt(options, 'gracePeriodSeconds'),
    uid: stringAt(options, 'preconditions', 'uid'),
    resourceVersion: stringAt(options, 'preconditions', 'resourceVersion'),
    dryRun,
  };
}

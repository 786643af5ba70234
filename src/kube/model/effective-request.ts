import { arrayAt, at, isObject } from '../../base/json.ts';
import { isGpuResource } from './gpu.ts';
import type { Container, PodSpec } from './kinds.ts';
import { parseQuantity, quantityNumber, unitsOf } from './quantity.ts';

/** Amounts by resource, in billionths of its unit. */
export type Amounts = ReadonlyMap<string, bigint>;

/**
 * What the scheduler sets aside for a pod. Containers and sidecars run together; each init container runs alone but for
 * the sidecars declared before it. The pod holds whatever is largest at any moment of its life. `counts`: the resources
 * that are asked for, all unless told.
 */
export function effectiveRequest(spec: PodSpec | undefined, counts?: (resource: string) => boolean): Amounts {
  let running: Amounts = new Map();
  let most: Amounts = new Map();
  for (const container of arrayAt(spec, 'initContainers')) {
    const request = addAmounts(running, containerRequest(container, counts));
    if (at(container, 'restartPolicy') === 'Always') running = request;
    else most = larger(most, request);
  }
  for (const container of arrayAt(spec, 'containers'))
    running = addAmounts(running, containerRequest(container, counts));
  return addAmounts(larger(most, running), amountsOf(at(spec, 'overhead'), counts));
}

/** GPUs that the scheduler sets aside for a pod; no resource of which there are none. */
export function effectiveGpus(spec: PodSpec | undefined): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [resource, nano] of effectiveRequest(spec, isGpuResource)) found[resource] = unitsOf(nano);
  return found;
}

/** The GPU resources of a list such as a node's `allocatable`; those that are zero are kept, what is below is zero. */
export function gpuQuantities(quantities: unknown): Readonly<Record<string, number>> {
  if (!isObject(quantities)) return {};
  const found: Record<string, number> = {};
  for (const [name, text] of Object.entries(quantities)) {
    const count = isGpuResource(name) ? quantityNumber(text) : undefined;
    if (count !== undefined) found[name] = Math.max(0, count);
  }
  return found;
}

/** A list of resources, such as a node's `allocatable`. Amounts that cannot be read, or are none, are left out. */
export function amountsOf(quantities: unknown, counts?: (resource: string) => boolean): Amounts {
  const amounts = new Map<string, bigint>();
  if (!isObject(quantities)) return amounts;
  for (const [name, text] of Object.entries(quantities)) {
    const quantity = counts?.(name) === false ? undefined : parseQuantity(text);
    if (quantity && quantity.nano > 0n) amounts.set(name, quantity.nano);
  }
  return amounts;
}

export function addAmounts(left: Amounts, right: Amounts): Amounts {
  return combine(left, right, (one, other) => one + other);
}

/** A limit stands in for a request that is absent, resource by resource. */
function containerRequest(container: Container, counts?: (resource: string) => boolean): Amounts {
  const [limits, requests] = [at(container, 'resources', 'limits'), at(container, 'resources', 'requests')];
  return amountsOf({ ...(isObject(limits) ? limits : {}), ...(isObject(requests) ? requests : {}) }, counts);
}

function larger(left: Amounts, right: Amounts): Amounts {
  return combine(left, right, (one, other) => (one > other ? one : other));
}

function combine(left: Amounts, right: Amounts, pick: (one: bigint, other: bigint) => bigint): Amounts {
  if (right.size === 0) return left;
  const combined = new Map(left);
  for (const [name, amount] of right) combined.set(name, pick(combined.get(name) ?? 0n, amount));
  return combined;
}

import { parseQuantity } from '../../api/schema/index.ts';
import { arrayAt, isObject, jsonAt, stringAt, type Json } from '../core/objects.ts';
import type { KubeObject } from '../../../kube/model/types.ts';

/** Amounts by resource name, in billionths of the unit. */
export type Amounts = ReadonlyMap<string, bigint>;

/**
 * What a pod needs of its node. Sidecars (init containers that are always restarted) run beside all that follows;
 * other init containers run one after the other before the rest, so only the largest counts.
 */
export function podRequests(pod: KubeObject): Amounts {
  let together = new Map<string, bigint>();
  let peak = new Map<string, bigint>();
  for (const container of arrayAt(pod, 'spec', 'initContainers')) {
    const own = containerRequests(container);
    if (stringAt(container, 'restartPolicy') === 'Always') {
      together = sum(together, own);
      peak = larger(peak, together);
    } else {
      peak = larger(peak, sum(together, own));
    }
  }
  for (const container of arrayAt(pod, 'spec', 'containers')) together = sum(together, containerRequests(container));
  return sum(larger(peak, together), amountsOf(jsonAt(pod, 'spec', 'overhead')));
}

function containerRequests(container: unknown): Map<string, bigint> {
  return amountsOf({ ...jsonAt(container, 'resources', 'limits'), ...jsonAt(container, 'resources', 'requests') });
}

/** A list of resources, such as a node's allocatable. Amounts that cannot be read count as none. */
export function amountsOf(resources: unknown): Map<string, bigint> {
  const amounts = new Map<string, bigint>();
  if (!isObject(resources)) return amounts;
  for (const [name, value] of Object.entries(resources satisfies Json)) {
    const quantity = parseQuantity(value);
    if (quantity && quantity.nano > 0n) amounts.set(name, quantity.nano);
  }
  return amounts;
}

export function sum(left: Amounts, right: Amounts): Map<string, bigint> {
  return combine(left, right, (one, other) => one + other);
}

function larger(left: Amounts, right: Amounts): Map<string, bigint> {
  return combine(left, right, (one, other) => (one > other ? one : other));
}

function combine(left: Amounts, right: Amounts, pick: (one: bigint, other: bigint) => bigint): Map<string, bigint> {
  const result = new Map(left);
  for (const [name, amount] of right) result.set(name, pick(result.get(name) ?? 0n, amount));
  return result;
}

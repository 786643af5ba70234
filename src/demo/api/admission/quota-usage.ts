import { arrayAt, at, isObject, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { formatQuantity, parseQuantity, type Quantity } from '../../../kube/model/quantity.ts';
import type { Store } from '../storage/store.ts';

/** Amounts by quota name (`pods`, `requests.nvidia.com/gpu`, `count/jobs.batch`). */
export type Usage = ReadonlyMap<string, Quantity>;

const one: Quantity = { nano: 1_000_000_000n, notation: 'decimal' };

/** Kinds that are counted under their plain plural too. */
const plainCounts = new Set([
  'pods',
  'services',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
]);

const countable = (collection: string): readonly string[] =>
  plainCounts.has(collection) ? [collection, `count/${collection}`] : [`count/${collection}`];

/** What one object takes of the amounts that quotas can limit. A pod that is done takes nothing. */
export function usageOf(collection: string, object: ApiObject): Usage {
  if (collection !== 'pods')
    return new Map([...countable(collection), ...serviceTypes(collection, object)].map((name) => [name, one]));
  if (['Succeeded', 'Failed'].includes(stringAt(object, 'status', 'phase') ?? ''))
    return new Map([['count/pods', one]]);
  const usage = new Map<string, Quantity>(countable('pods').map((name) => [name, one]));
  for (const side of ['requests', 'limits']) {
    for (const [resource, amount] of podAmounts(object, side)) {
      usage.set(`${side}.${resource}`, amount);
      if (side === 'requests' && !resource.includes('/')) usage.set(resource, amount);
    }
  }
  return usage;
}

function serviceTypes(collection: string, object: ApiObject): readonly string[] {
  if (collection !== 'services') return [];
  switch (stringAt(object, 'spec', 'type')) {
    case 'LoadBalancer':
      return ['services.loadbalancers', 'services.nodeports'];
    case 'NodePort':
      return ['services.nodeports'];
    default:
      return [];
  }
}

/** The containers together, or the largest init container where that is more. */
function podAmounts(pod: ApiObject, side: string): ReadonlyMap<string, Quantity> {
  const total = new Map<string, Quantity>();
  for (const container of arrayAt(pod, 'spec', 'containers')) {
    for (const [name, amount] of amounts(container, side)) total.set(name, add(total.get(name), amount));
  }
  for (const container of arrayAt(pod, 'spec', 'initContainers')) {
    for (const [name, amount] of amounts(container, side))
      if (amount.nano > (total.get(name)?.nano ?? 0n)) total.set(name, amount);
  }
  return total;
}

function amounts(container: unknown, side: string): readonly (readonly [string, Quantity])[] {
  const found = at(container, 'resources', side);
  if (!isObject(found)) return [];
  return Object.entries(found).flatMap(([name, value]) => {
    const amount = parseQuantity(value);
    return amount === undefined ? [] : [[name, amount] as const];
  });
}

function add(left: Quantity | undefined, right: Quantity): Quantity {
  return left === undefined ? right : { ...right, nano: left.nano + right.nano };
}

/** What the namespace's objects take now of the amounts that a quota limits. */
export function usedOf(store: Store, quota: ApiObject): Usage {
  const hard = hardOf(quota);
  const used = new Map([...hard].map(([name, limit]): [string, Quantity] => [name, { ...limit, nano: 0n }]));
  for (const collection of store.collections()) {
    for (const [, object] of store.entries(collection)) {
      if (object.metadata.namespace !== quota.metadata.namespace) continue;
      for (const [name, amount] of usageOf(collection, object))
        if (used.has(name)) used.set(name, add(used.get(name), amount));
    }
  }
  return used;
}

function hardOf(quota: ApiObject): Usage {
  const hard = at(quota, 'spec', 'hard');
  if (!isObject(hard)) return new Map();
  return new Map(
    Object.entries(hard).flatMap(([name, value]) => {
      const limit = parseQuantity(value);
      return limit === undefined ? [] : [[name, limit] as const];
    }),
  );
}

/** Why a new object may not be, or undefined: `exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`. */
export function quotaRefusal(store: Store, resource: ServedResource, object: ApiObject): string | undefined {
  const asked = usageOf(resource.collection, object);
  for (const [, quota] of store.entries('resourcequotas')) {
    if (quota.metadata.namespace !== object.metadata.namespace) continue;
    const missing = resource.collection === 'pods' ? unspecified(quota, object) : undefined;
    if (missing !== undefined) return missing;
    const hard = hardOf(quota);
    const used = usedOf(store, quota);
    const over = [...hard]
      .filter(
        ([name, limit]) => asked.has(name) && (used.get(name)?.nano ?? 0n) + (asked.get(name)?.nano ?? 0n) > limit.nano,
      )
      .map(([name]) => name)
      .sort();
    if (over.length === 0) continue;
    const list = (usage: Usage): string =>
      over.map((name) => `${name}=${formatQuantity(usage.get(name) ?? { ...one, nano: 0n })}`).join(',');
    return `exceeded quota: ${quota.metadata.name}, requested: ${list(asked)}, used: ${list(used)}, limited: ${list(hard)}`;
  }
  return undefined;
}

/** A quota on cpu or memory asks every container to say how much it wants. */
function unspecified(quota: ApiObject, pod: ApiObject): string | undefined {
  const sides: Readonly<Record<string, readonly [side: string, resource: string]>> = {
    cpu: ['requests', 'cpu'],
    memory: ['requests', 'memory'],
    'requests.cpu': ['requests', 'cpu'],
    'requests.memory': ['requests', 'memory'],
    'limits.cpu': ['limits', 'cpu'],
    'limits.memory': ['limits', 'memory'],
  };
  const lacking = [...hardOf(quota).keys()].sort().flatMap((name) => {
    const [side, resource] = sides[name] ?? [];
    if (side === undefined || resource === undefined) return [];
    const containers = arrayAt(pod, 'spec', 'containers')
      .filter((container) => at(container, 'resources', side, resource) === undefined)
      .map((container) => stringAt(container, 'name') ?? '');
    return containers.length === 0 ? [] : [`${name} for: ${containers.join(',')}`];
  });
  return lacking.length === 0 ? undefined : `failed quota: ${quota.metadata.name}: must specify ${lacking.join('; ')}`;
}

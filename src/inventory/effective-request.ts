import { arrayAt, at, isObject } from '../base/json.ts';
import { isGpuResource } from './gpu-resources.ts';

const SUFFIXES: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A Kubernetes quantity (`8`, `500m`, `1Gi`, `1e3`) as a number; undefined when it is none. */
export function parseQuantity(quantity: unknown): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? quantity : undefined;
  if (typeof quantity !== 'string') return undefined;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(
    quantity.trim(),
  );
  if (!match) return undefined;
  return Number(match[1]) * (SUFFIXES[match[2] ?? ''] ?? Number.NaN);
}

/** The GPU resources of a map of quantities (`allocatable`, `limits`…); those that are zero are kept, what is below is zero. */
export function gpuQuantities(quantities: unknown): Readonly<Record<string, number>> {
  if (!isObject(quantities)) return {};
  const found: Record<string, number> = {};
  for (const [name, quantity] of Object.entries(quantities)) {
    const value = isGpuResource(name) ? parseQuantity(quantity) : undefined;
    if (value !== undefined) found[name] = Math.max(0, value);
  }
  return found;
}

/**
 * GPUs that the scheduler sets aside for a pod. Containers and sidecars run together; each init container runs alone
 * but for the sidecars declared before it. The pod holds whatever is largest at any moment of its life.
 */
export function effectiveGpus(podSpec: unknown): Readonly<Record<string, number>> {
  let running: Record<string, number> = {};
  let most: Record<string, number> = {};
  for (const container of arrayAt(podSpec, 'initContainers')) {
    const request = containerGpus(container);
    if (at(container, 'restartPolicy') === 'Always') running = combine(running, request, (a, b) => a + b);
    else
      most = combine(
        most,
        combine(running, request, (a, b) => a + b),
        Math.max,
      );
  }
  for (const container of arrayAt(podSpec, 'containers'))
    running = combine(running, containerGpus(container), (a, b) => a + b);
  const effective = combine(most, running, Math.max);
  return Object.fromEntries(Object.entries(effective).filter(([, count]) => count > 0));
}

/** A limit stands in for a request that is absent, resource by resource. */
function containerGpus(container: unknown): Readonly<Record<string, number>> {
  return {
    ...gpuQuantities(at(container, 'resources', 'limits')),
    ...gpuQuantities(at(container, 'resources', 'requests')),
  };
}

function combine(
  one: Readonly<Record<string, number>>,
  other: Readonly<Record<string, number>>,
  by: (a: number, b: number) => number,
): Record<string, number> {
  const combined: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) combined[name] = by(combined[name] ?? 0, count);
  return combined;
}

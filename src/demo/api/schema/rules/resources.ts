import { isObject } from '../../../../base/json.ts';
import { invalid, required } from '../field-errors.ts';
import { formatQuantity, parseQuantity } from '../../../../kube/model/quantity.ts';
import type { Violation } from '../types.ts';
import { qualifiedNameErrors } from './names.ts';

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage']);

/** Limits and requests of a container: known names, no negative amounts, requests within limits, devices never overcommitted. */
export function resourceViolations(resources: unknown, path: string): Violation[] {
  if (!isObject(resources)) return [];
  const limits = isObject(resources['limits']) ? resources['limits'] : {};
  const requests = isObject(resources['requests']) ? resources['requests'] : {};
  return [
    ...Object.entries(limits).flatMap(([name, amount]) => amountViolations(name, amount, `${path}.limits`)),
    ...Object.entries(requests).flatMap(([name, amount]) => [
      ...amountViolations(name, amount, `${path}.requests`),
      ...withinLimit(name, amount, limits[name], path),
    ]),
  ];
}

/** Devices and huge pages: they cannot be shared out twice. */
export function isDevice(name: string): boolean {
  return name.startsWith('hugepages-') || (name.includes('/') && !name.includes('kubernetes.io/'));
}

function amountViolations(name: string, amount: unknown, path: string): Violation[] {
  const violations = qualifiedNameErrors(name).map((error) => invalid(`${path}[${name}]`, name, error));
  if (!name.includes('/') && !STANDARD.has(name) && !isDevice(name))
    violations.push(invalid(`${path}[${name}]`, name, 'must be a standard resource type or fully qualified'));
  const quantity = parseQuantity(amount);
  if (quantity && quantity.nano < 0n)
    violations.push(invalid(`${path}[${name}]`, formatQuantity(quantity), 'must be greater than or equal to 0'));
  if (quantity && isDevice(name) && quantity.nano % 1_000_000_000n !== 0n)
    violations.push(invalid(`${path}[${name}]`, formatQuantity(quantity), 'must be an integer'));
  return violations;
}

function withinLimit(name: string, request: unknown, limit: unknown, path: string): Violation[] {
  const wanted = parseQuantity(request);
  if (!wanted) return [];
  const most = parseQuantity(limit);
  if (!most)
    return isDevice(name) ? [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')] : [];
  if (isDevice(name) && wanted.nano !== most.nano)
    return [
      invalid(`${path}.requests`, formatQuantity(wanted), `must be equal to ${name} limit of ${formatQuantity(most)}`),
    ];
  if (wanted.nano > most.nano)
    return [
      invalid(
        `${path}.requests`,
        formatQuantity(wanted),
        `must be less than or equal to ${name} limit of ${formatQuantity(most)}`,
      ),
    ];
  return [];
}

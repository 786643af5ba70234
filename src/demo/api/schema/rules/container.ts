import { isObject, stringAt } from '../../../../base/json.ts';
import { duplicate, invalid, notFound, notSupported, required } from '../field-errors.ts';
import { isList } from '../json.ts';
import type { Json, Violation } from '../types.ts';
import { dnsLabelErrors, environmentNameErrors, portNameErrors } from './names.ts';
import { resourceViolations } from './resources.ts';

/** What containers of a pod share: names are unique, mounts name its volumes. */
export interface PodNames {
  readonly volumes: ReadonlySet<string>;
  /** Names of containers seen so far. */
  readonly taken: Set<string>;
}

export function containerViolations(container: Json, path: string, names: PodNames): Violation[] {
  return [
    ...nameViolations(container['name'], path, names.taken),
    ...imageViolations(container['image'], path),
    ...portViolations(container['ports'], `${path}.ports`),
    ...environmentViolations(container['env'], `${path}.env`),
    ...mountViolations(container['volumeMounts'], `${path}.volumeMounts`, names.volumes),
    ...resourceViolations(container['resources'], `${path}.resources`),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
      probeViolations(container[probe], `${path}.${probe}`, probe),
    ),
  ];
}

function nameViolations(name: unknown, path: string, taken: Set<string>): Violation[] {
  if (typeof name !== 'string' || name === '') return [required(`${path}.name`)];
  if (taken.has(name)) return [duplicate(`${path}.name`, name)];
  taken.add(name);
  return dnsLabelErrors(name).map((error) => invalid(`${path}.name`, name, error));
}

function imageViolations(image: unknown, path: string): Violation[] {
  if (typeof image !== 'string' || image === '') return [required(`${path}.image`)];
  return image === image.trim()
    ? []
    : [invalid(`${path}.image`, image, 'must not have leading or trailing whitespace')];
}

export function portNumberErrors(port: unknown): string[] {
  return typeof port === 'number' && port >= 1 && port <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];
}

function portViolations(ports: unknown, path: string): Violation[] {
  if (!isList(ports)) return [];
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    if (!isObject(port)) return [];
    const here = `${path}[${index}]`;
    const violations: Violation[] = [];
    const { name, containerPort, hostPort } = port;
    if (typeof name === 'string' && name !== '') {
      violations.push(...portNameErrors(name).map((error) => invalid(`${here}.name`, name, error)));
      if (names.has(name)) violations.push(duplicate(`${here}.name`, name));
      names.add(name);
    }
    if (containerPort === undefined || containerPort === 0) violations.push(required(`${here}.containerPort`));
    else
      violations.push(
        ...portNumberErrors(containerPort).map((error) => invalid(`${here}.containerPort`, containerPort, error)),
      );
    if (hostPort !== undefined && hostPort !== 0)
      violations.push(...portNumberErrors(hostPort).map((error) => invalid(`${here}.hostPort`, hostPort, error)));
    return violations;
  });
}

function environmentViolations(variables: unknown, path: string): Violation[] {
  if (!isList(variables)) return [];
  return variables.flatMap((variable, index) => {
    if (!isObject(variable)) return [];
    const here = `${path}[${index}]`;
    const { name, value, valueFrom } = variable;
    const violations =
      typeof name !== 'string' || name === ''
        ? [required(`${here}.name`)]
        : environmentNameErrors(name).map((error) => invalid(`${here}.name`, name, error));
    if (!isObject(valueFrom)) return violations;
    if (typeof value === 'string' && value !== '')
      violations.push(invalid(`${here}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    const sources = Object.keys(valueFrom);
    if (sources.length !== 1)
      violations.push(
        invalid(
          `${here}.valueFrom`,
          '',
          sources.length === 0
            ? 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'
            : 'may not have more than one field specified at a time',
        ),
      );
    return violations;
  });
}

function mountViolations(mounts: unknown, path: string, volumes: ReadonlySet<string>): Violation[] {
  if (!isList(mounts)) return [];
  const seen = new Set<string>();
  return mounts.flatMap((mount, index) => {
    if (!isObject(mount)) return [];
    const here = `${path}[${index}]`;
    const name = stringAt(mount, 'name') ?? '';
    const mountPath = stringAt(mount, 'mountPath') ?? '';
    const violations: Violation[] = [];
    if (name === '') violations.push(required(`${here}.name`));
    else if (!volumes.has(name)) violations.push(notFound(`${here}.name`, name));
    if (mountPath === '') violations.push(required(`${here}.mountPath`));
    else if (seen.has(mountPath)) violations.push(invalid(`${here}.mountPath`, mountPath, 'must be unique'));
    seen.add(mountPath);
    return violations;
  });
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function probeViolations(probe: unknown, path: string, kind: string): Violation[] {
  if (!isObject(probe)) return [];
  const violations: Violation[] = [];
  const handlers = HANDLERS.filter((handler) => probe[handler] !== undefined);
  if (handlers.length === 0) violations.push(required(path, 'must specify a handler type'));
  violations.push(
    ...handlers.slice(1).map((handler) => ({
      path: `${path}.${handler}`,
      reason: 'FieldValueForbidden' as const,
      message: 'Forbidden: may not specify more than 1 handler type',
    })),
  );
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    const value = probe[field];
    if (typeof value === 'number' && value < 0)
      violations.push(invalid(`${path}.${field}`, value, 'must be greater than or equal to 0'));
  }
  const { successThreshold, httpGet } = probe;
  if (kind !== 'readinessProbe' && typeof successThreshold === 'number' && successThreshold !== 1)
    violations.push(invalid(`${path}.successThreshold`, successThreshold, 'must be 1'));
  if (isObject(httpGet)) {
    const { port, scheme } = httpGet;
    if (typeof port === 'string')
      violations.push(...portNameErrors(port).map((error) => invalid(`${path}.httpGet.port`, port, error)));
    else violations.push(...portNumberErrors(port).map((error) => invalid(`${path}.httpGet.port`, port, error)));
    if (scheme !== undefined && scheme !== 'HTTP' && scheme !== 'HTTPS')
      violations.push(notSupported(`${path}.httpGet.scheme`, scheme, ['HTTP', 'HTTPS']));
  }
  return violations;
}

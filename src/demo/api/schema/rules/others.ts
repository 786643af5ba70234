import { isObject, numberAt, stringAt } from '../../../../base/json.ts';
import { duplicate, forbidden, immutable, invalid, required } from '../field-errors.ts';
import { equalJson, isList } from '../json.ts';
import type { Json, Violation } from '../types.ts';
import { portNumberErrors } from './container.ts';
import { labelViolations } from './metadata.ts';
import { configKeyErrors, dnsLabelErrors, portNameErrors } from './names.ts';

export function validateService(service: Json): Violation[] {
  const spec = isObject(service['spec']) ? service['spec'] : {};
  const ports = isList(spec['ports']) ? spec['ports'] : [];
  const headless = spec['clusterIP'] === 'None';
  const external = spec['type'] === 'ExternalName';
  const seen = new Set<string>();
  const numbers = new Set<string>();
  return [
    ...(ports.length === 0 && !headless && !external ? [required('spec.ports')] : []),
    ...(external && !stringAt(spec, 'externalName') ? [required('spec.externalName')] : []),
    ...labelViolations(spec['selector'], 'spec.selector'),
    ...ports.flatMap((port, index) =>
      isObject(port) ? servicePortViolations(port, `spec.ports[${index}]`, ports.length > 1, seen, numbers) : [],
    ),
  ];
}

function servicePortViolations(
  port: Json,
  path: string,
  named: boolean,
  names: Set<string>,
  numbers: Set<string>,
): Violation[] {
  const violations: Violation[] = [];
  const name = stringAt(port, 'name') ?? '';
  if (name === '' && named) violations.push(required(`${path}.name`));
  if (name !== '') {
    violations.push(...dnsLabelErrors(name).map((error) => invalid(`${path}.name`, name, error)));
    if (names.has(name)) violations.push(duplicate(`${path}.name`, name));
    names.add(name);
  }
  violations.push(...portNumberErrors(port['port']).map((error) => invalid(`${path}.port`, port['port'] ?? 0, error)));
  const { targetPort } = port;
  if (typeof targetPort === 'string')
    violations.push(...portNameErrors(targetPort).map((error) => invalid(`${path}.targetPort`, targetPort, error)));
  else if (targetPort !== undefined)
    violations.push(...portNumberErrors(targetPort).map((error) => invalid(`${path}.targetPort`, targetPort, error)));
  const key = `${String(port['protocol'])}/${String(port['port'])}`;
  if (numbers.has(key))
    violations.push({
      path,
      reason: 'FieldValueDuplicate',
      message: `Duplicate value: ${JSON.stringify({ port: port['port'], protocol: port['protocol'] })}`,
    });
  numbers.add(key);
  return violations;
}

export function validateServiceUpdate(service: Json, old: Json): Violation[] {
  const now = isObject(service['spec']) ? service['spec'] : {};
  const before = isObject(old['spec']) ? old['spec'] : {};
  if (
    now['type'] === 'ExternalName' ||
    before['type'] === 'ExternalName' ||
    equalJson(now['clusterIP'], before['clusterIP'])
  )
    return [];
  return [invalid('spec.clusterIPs[0]', [now['clusterIP']], 'may not change once set')];
}

export function validateConfigMap(map: Json): Violation[] {
  return ['data', 'binaryData'].flatMap((field) => keyViolations(map[field], field));
}

export function validateSecret(secret: Json): Violation[] {
  return [...keyViolations(secret['data'], 'data'), ...typedSecretViolations(secret)];
}

/** The keys that each type of secret has to have; of basic-auth one is enough. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/basic-auth': ['username', 'password'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};
const ACCOUNT_NAME = 'kubernetes.io/service-account.name';

function typedSecretViolations(secret: Json): Violation[] {
  const type = stringAt(secret, 'type') ?? '';
  const data = isObject(secret['data']) ? secret['data'] : {};
  if (type === 'kubernetes.io/service-account-token')
    return stringAt(secret, 'metadata', 'annotations', ACCOUNT_NAME)
      ? []
      : [required(`metadata.annotations[${ACCOUNT_NAME}]`)];
  const keys = SECRET_KEYS[type] ?? [];
  const missing = keys.filter((key) => data[key] === undefined);
  if (type === 'kubernetes.io/basic-auth' && missing.length < keys.length) return [];
  if (missing.length > 0) return missing.map((key) => required(`data[${key}]`));
  return type.startsWith('kubernetes.io/docker')
    ? keys.flatMap((key) => jsonViolations(data[key], `data[${key}]`))
    : [];
}

function jsonViolations(encoded: unknown, path: string): Violation[] {
  try {
    if (isObject(JSON.parse(Buffer.from(String(encoded), 'base64').toString('utf8')))) return [];
  } catch {
    // What is no JSON at all is refused like JSON of another type.
  }
  return [invalid(path, '<secret contents redacted>', 'is no JSON object')];
}

function keyViolations(data: unknown, field: string): Violation[] {
  if (!isObject(data)) return [];
  return Object.keys(data).flatMap((key) =>
    configKeyErrors(key).map((error) => invalid(`${field}[${key}]`, key, error)),
  );
}

/** A config map or secret that was declared immutable stays as it is. */
export function validateDataUpdate(object: Json, old: Json): Violation[] {
  const violations = object['type'] === old['type'] ? [] : [immutable('type', object['type'])];
  if (old['immutable'] !== true) return violations;
  return [
    ...violations,
    ...['data', 'binaryData']
      .filter((field) => !equalJson(object[field], old[field]))
      .map((field) => forbidden(field, 'field is immutable when `immutable` is set')),
    ...(object['immutable'] === true ? [] : [forbidden('immutable', 'field is immutable when `immutable` is set')]),
  ];
}

export function validateClaim(claim: Json): Violation[] {
  const spec = isObject(claim['spec']) ? claim['spec'] : {};
  const modes = isList(spec['accessModes']) ? spec['accessModes'] : [];
  return [
    ...(modes.length === 0 ? [required('spec.accessModes', 'at least 1 access mode is required')] : []),
    ...(isObject(spec['resources']) && stringAt(spec, 'resources', 'requests', 'storage') !== undefined
      ? []
      : [required('spec.resources[storage]')]),
  ];
}

export function validateClaimUpdate(claim: Json, old: Json): Violation[] {
  const frozen = (object: Json): Json => {
    const spec = isObject(object['spec']) ? object['spec'] : {};
    const { resources: _resources, volumeAttributesClassName: _class, ...rest } = spec;
    return rest;
  };
  const before = frozen(old);
  const now = frozen(claim);
  // The binder names the volume and the default class once.
  const bound = {
    ...before,
    volumeName: before['volumeName'] ?? now['volumeName'],
    storageClassName: before['storageClassName'] ?? now['storageClassName'],
  };
  return equalJson({ ...now, volumeName: now['volumeName'], storageClassName: now['storageClassName'] }, bound)
    ? []
    : [
        forbidden(
          'spec',
          'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
        ),
      ];
}

export function validateAutoscaler(autoscaler: Json): Violation[] {
  const spec = isObject(autoscaler['spec']) ? autoscaler['spec'] : {};
  const [least, most] = [numberAt(spec, 'minReplicas') ?? 1, numberAt(spec, 'maxReplicas') ?? 0];
  const reference = (field: string): Violation[] =>
    stringAt(spec, 'scaleTargetRef', field) ? [] : [required(`spec.scaleTargetRef.${field}`)];
  return [
    ...(least < 1 ? [invalid('spec.minReplicas', least, 'must be greater than or equal to 1')] : []),
    ...(most < least ? [invalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')] : []),
    ...reference('kind'),
    ...reference('name'),
    ...(stringAt(spec, 'scaleTargetRef', 'apiVersion')
      ? []
      : [invalid('spec.scaleTargetRef.apiVersion', '', 'apiVersion must specify API group')]),
    ...(most === 0 ? [required('spec.maxReplicas')] : []),
  ];
}

export function validateBindingUpdate(binding: Json, old: Json): Violation[] {
  return equalJson(binding['roleRef'], old['roleRef'])
    ? []
    : [invalid('roleRef', binding['roleRef'], 'cannot change roleRef')];
}

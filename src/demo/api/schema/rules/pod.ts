import { isObject, stringAt } from '../../../../base/json.ts';
import { duplicate, forbidden, invalid, notSupported, required } from '../field-errors.ts';
import { equalJson, isList } from '../json.ts';
import type { Json, Violation } from '../types.ts';
import { containerViolations, type PodNames } from './container.ts';
import { annotationViolations, labelViolations } from './metadata.ts';
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from './names.ts';

export function validatePod(pod: Json): Violation[] {
  return podSpecViolations(pod['spec'], 'spec');
}

/** A workload's template: what is wrong in a pod is wrong here. */
export function templateViolations(template: unknown, path: string): Violation[] {
  const inner = isObject(template) ? template : {};
  const metadata = isObject(inner['metadata']) ? inner['metadata'] : {};
  return [
    ...labelViolations(metadata['labels'], `${path}.metadata.labels`),
    ...annotationViolations(metadata['annotations'], `${path}.metadata.annotations`),
    ...podSpecViolations(inner['spec'], `${path}.spec`),
  ];
}

/** Only pods that are always restarted can be kept at a number. */
export function alwaysRestarted(template: unknown, path: string): Violation[] {
  const policy = stringAt(template, 'spec', 'restartPolicy');
  return policy === undefined || policy === 'Always'
    ? []
    : [notSupported(`${path}.spec.restartPolicy`, policy, ['Always'])];
}

function podSpecViolations(value: unknown, path: string): Violation[] {
  const spec = isObject(value) ? value : {};
  const volumes = isList(spec['volumes']) ? spec['volumes'] : [];
  const names: PodNames = {
    volumes: new Set(volumes.flatMap((volume) => stringAt(volume, 'name') ?? [])),
    taken: new Set(),
  };
  const containers = isList(spec['containers']) ? spec['containers'] : [];
  const initContainers = isList(spec['initContainers']) ? spec['initContainers'] : [];
  return [
    ...volumeViolations(volumes, `${path}.volumes`),
    ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
    ...containers.flatMap((container, index) =>
      isObject(container) ? containerViolations(container, `${path}.containers[${index}]`, names) : [],
    ),
    ...initContainers.flatMap((container, index) =>
      isObject(container) ? initContainerViolations(container, `${path}.initContainers[${index}]`, names) : [],
    ),
    ...labelViolations(spec['nodeSelector'], `${path}.nodeSelector`),
    ...tolerationViolations(spec['tolerations'], `${path}.tolerations`),
    ...numberViolations(spec, path),
    ...namedObjects(spec, path),
  ];
}

function initContainerViolations(container: Json, path: string, names: PodNames): Violation[] {
  const policy = container['restartPolicy'];
  const sidecar = policy === 'Always';
  const probes = sidecar
    ? []
    : ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle']
        .filter((field) => container[field] !== undefined)
        .map((field) =>
          forbidden(`${path}.${field}`, 'may not be set for init containers without restartPolicy=Always'),
        );
  return [...containerViolations(container, path, names), ...probes];
}

function volumeViolations(volumes: readonly unknown[], path: string): Violation[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    if (!isObject(volume)) return [];
    const here = `${path}[${index}]`;
    const name = stringAt(volume, 'name') ?? '';
    const violations =
      name === ''
        ? [required(`${here}.name`)]
        : dnsLabelErrors(name).map((error) => invalid(`${here}.name`, name, error));
    if (name !== '' && seen.has(name)) violations.push(duplicate(`${here}.name`, name));
    seen.add(name);
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    violations.push(
      ...sources.slice(1).map((source) => forbidden(`${here}.${source}`, 'may not specify more than 1 volume type')),
    );
    if (isObject(volume['persistentVolumeClaim']) && !stringAt(volume, 'persistentVolumeClaim', 'claimName'))
      violations.push(required(`${here}.persistentVolumeClaim.claimName`));
    if (isObject(volume['hostPath']) && !stringAt(volume, 'hostPath', 'path'))
      violations.push(required(`${here}.hostPath.path`));
    return violations;
  });
}

function tolerationViolations(tolerations: unknown, path: string): Violation[] {
  if (!isList(tolerations)) return [];
  return tolerations.flatMap((toleration, index) => {
    if (!isObject(toleration)) return [];
    const here = `${path}[${index}]`;
    const key = stringAt(toleration, 'key') ?? '';
    const operator = toleration['operator'];
    const violations = key === '' ? [] : qualifiedNameErrors(key).map((error) => invalid(`${here}.key`, key, error));
    if (key === '' && operator !== 'Exists')
      violations.push(
        invalid(
          `${here}.operator`,
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (operator === 'Exists' && stringAt(toleration, 'value'))
      violations.push(
        invalid(`${here}.operator`, toleration['value'], "value must be empty when `operator` is 'Exists'"),
      );
    if (toleration['tolerationSeconds'] !== undefined && toleration['effect'] !== 'NoExecute')
      violations.push(
        invalid(
          `${here}.effect`,
          toleration['effect'] ?? '',
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
      );
    return violations;
  });
}

function numberViolations(spec: Json, path: string): Violation[] {
  const { terminationGracePeriodSeconds, activeDeadlineSeconds } = spec;
  const violations: Violation[] = [];
  if (typeof terminationGracePeriodSeconds === 'number' && terminationGracePeriodSeconds < 0)
    violations.push(
      invalid(
        `${path}.terminationGracePeriodSeconds`,
        terminationGracePeriodSeconds,
        'must be greater than or equal to 0',
      ),
    );
  if (typeof activeDeadlineSeconds === 'number' && activeDeadlineSeconds < 1)
    violations.push(
      invalid(`${path}.activeDeadlineSeconds`, activeDeadlineSeconds, 'must be between 1 and 2147483647, inclusive'),
    );
  return violations;
}

function namedObjects(spec: Json, path: string): Violation[] {
  const check = (field: string, errors: (name: string) => string[]): Violation[] => {
    const name = spec[field];
    return typeof name === 'string' && name !== ''
      ? errors(name).map((error) => invalid(`${path}.${field}`, name, error))
      : [];
  };
  return [
    ...check('serviceAccountName', dnsSubdomainErrors),
    ...check('nodeName', dnsSubdomainErrors),
    ...check('hostname', dnsLabelErrors),
    ...check('subdomain', dnsLabelErrors),
  ];
}

const POD_UPDATE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A pod's spec hardly changes once it stands; its node is named once, by binding. */
export function validatePodUpdate(pod: Json, old: Json): Violation[] {
  const now = isObject(pod['spec']) ? pod['spec'] : {};
  const before = isObject(old['spec']) ? old['spec'] : {};
  const tolerations = isList(now['tolerations']) ? now['tolerations'] : [];
  const known = isList(before['tolerations']) ? before['tolerations'] : [];
  if (!known.every((toleration) => tolerations.some((one) => equalJson(one, toleration)))) {
    return [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
  }
  const bound = before['nodeName'] === undefined ? { ...before, nodeName: now['nodeName'] } : before;
  return equalJson(frozen({ ...now, nodeName: now['nodeName'] }), frozen({ ...bound, nodeName: bound['nodeName'] }))
    ? []
    : [forbidden('spec', POD_UPDATE)];
}

function frozen(spec: Json): Json {
  const { tolerations: _tolerations, activeDeadlineSeconds: _deadline, schedulingGates: _gates, ...rest } = spec;
  const withoutImages = (list: unknown): unknown =>
    isList(list) ? list.map((container) => (isObject(container) ? { ...container, image: '' } : container)) : list;
  return {
    ...rest,
    containers: withoutImages(spec['containers']),
    initContainers: withoutImages(spec['initContainers']),
    ephemeralContainers: undefined,
  };
}

import { at, isObject, numberAt } from '../../../base/json.ts';
import { cloneJson, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { Violation } from '../schema/index.ts';
import { formatSelector } from './selectors.ts';
import { invalid } from '../base/status.ts';
import { jsonPath } from '../base/json-path.ts';

/** `autoscaling/v1` Scale of any kind that has a count of replicas. */
export function scaleOf(resource: ServedResource, object: ApiObject): ApiObject {
  const custom = resource.custom?.scale;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = custom ? firstNumber(object, custom.specReplicasPath) : (numberAt(object, 'spec', 'replicas') ?? 0);
  const current = custom
    ? firstNumber(object, custom.statusReplicasPath)
    : (numberAt(object, 'status', 'replicas') ?? 0);
  const selector = custom ? firstText(object, custom.labelSelectorPath) : selectorText(resource, object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: Object.fromEntries(
      Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
        ([, value]) => value !== undefined,
      ),
    ) as ApiObject['metadata'],
    // As the server's own type has it: none is not written.
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: current, ...(selector === '' ? {} : { selector }) },
  };
}

/** The object with the count that a Scale asks for. */
export function withScale(resource: ServedResource, object: ApiObject, scale: unknown): ApiObject {
  const replicas = numberAt(scale, 'spec', 'replicas') ?? 0;
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name, [
      {
        path: 'spec.replicas',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
      },
    ]);
  }
  const wantedVersion = at(scale, 'metadata', 'resourceVersion');
  const path = (resource.custom?.scale?.specReplicasPath ?? '.spec.replicas').split('.').filter((key) => key !== '');
  const changed = cloneJson(object);
  if (typeof wantedVersion === 'string' && wantedVersion !== '') changed.metadata.resourceVersion = wantedVersion;
  setAt(changed, path, replicas);
  return changed;
}

const maxReplicas = 2_147_483_647;

/** Where a definition says that the counts of a scale are, there must be counts. */
export function scaleViolations(resource: ServedResource, object: ApiObject): readonly Violation[] {
  const scale = resource.custom?.scale;
  if (scale === undefined) return [];
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path): Violation[] => {
    const count = firstNumber(object, path);
    const refused = (why: string): Violation => ({
      path,
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${count}: ${why}`,
    });
    if (count < 0) return [refused('should be a non-negative integer')];
    return count > maxReplicas ? [refused(`should be less than or equal to ${maxReplicas}`)] : [];
  });
}

function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    root[key] = value;
    return;
  }
  const child = isObject(root[key]) ? root[key] : {};
  root[key] = child;
  setAt(child, rest, value);
}

function selectorText(resource: ServedResource, object: ApiObject): string {
  const selector = at(object, 'spec', 'selector');
  if (!isObject(selector)) return '';
  return formatSelector(
    resource.kind === 'ReplicationController' ? { matchLabels: selector as Record<string, string> } : selector,
  );
}

function firstNumber(object: ApiObject, path: string): number {
  const [value] = jsonPath(object, path);
  return typeof value === 'number' ? value : 0;
}

function firstText(object: ApiObject, path: string | undefined): string {
  const [value] = path === undefined ? [] : jsonPath(object, path);
  return typeof value === 'string' ? value : '';
}

import type { Clock } from '../../../base/clock.ts';
import { arrayAt, at, isObject, stringAt } from '../../../base/json.ts';
import { cleanupFinalizer, definitionCollection, establishedStatus } from '../catalogue/custom-resources.ts';
import { sameJson, type ApiObject } from '../base/object.ts';
import { invalid, type FieldError } from '../base/status.ts';
import type { AdmissionRule } from './admission.ts';

/** Fills in the names that a CustomResourceDefinition may leave out; there is no second step before it is established. */
export function definitionDefaults(clock: Clock): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      if (resource.collection !== definitionCollection) return;
      fillNames(object);
      check(object);
      object.metadata.finalizers = [...new Set([...(object.metadata.finalizers ?? []), cleanupFinalizer])];
    },
    approveCreate({ resource, object }) {
      if (resource.collection === definitionCollection) object['status'] = establishedStatus(object, clock.now());
    },
    approveUpdate({ resource, object, before, subresource }) {
      if (
        resource.collection !== definitionCollection ||
        subresource !== '' ||
        sameJson(object['spec'], before['spec'])
      )
        return;
      fillNames(object);
      object['status'] = establishedStatus(object, clock.now());
    },
  };
}

function fillNames(definition: ApiObject): void {
  const spec = definition['spec'];
  const names = at(spec, 'names');
  if (!isObject(spec) || !isObject(names)) return;
  const kind = stringAt(names, 'kind') ?? '';
  names['singular'] ??= kind.toLowerCase();
  names['listKind'] ??= `${kind}List`;
  spec['conversion'] ??= { strategy: 'None' };
}

function check(definition: ApiObject): void {
  const problems = [...nameProblems(definition), ...scopeProblems(definition), ...versionProblems(definition)];
  if (problems.length > 0)
    throw invalid(
      { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
      definition.metadata.name,
      problems,
    );
}

function nameProblems({ metadata, ...definition }: ApiObject): readonly FieldError[] {
  const wanted = `${stringAt(definition, 'spec', 'names', 'plural') ?? ''}.${stringAt(definition, 'spec', 'group') ?? ''}`;
  if (metadata.name === wanted) return [];
  return [
    {
      path: 'metadata.name',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(metadata.name)}: must be spec.names.plural+"."+spec.group`,
    },
  ];
}

const scopes = ['Cluster', 'Namespaced'];

function scopeProblems(definition: ApiObject): readonly FieldError[] {
  const scope = stringAt(definition, 'spec', 'scope') ?? '';
  if (scopes.includes(scope)) return [];
  return [
    {
      path: 'spec.scope',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${JSON.stringify(scope)}: supported values: ${scopes.map((each) => JSON.stringify(each)).join(', ')}`,
    },
  ];
}

/** Objects are stored in one version, and each is described. */
function versionProblems(definition: ApiObject): readonly FieldError[] {
  const versions = arrayAt(definition, 'spec', 'versions');
  const undescribed = versions.flatMap((version, index): readonly FieldError[] =>
    isObject(at(version, 'schema', 'openAPIV3Schema'))
      ? []
      : [
          {
            path: `spec.versions[${index}].schema.openAPIV3Schema`,
            reason: 'FieldValueRequired',
            message: 'Required value: schemas are required',
          },
        ],
  );
  if (versions.filter((version) => at(version, 'storage') === true).length === 1) return undescribed;
  return [
    {
      path: 'spec.versions',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: must have exactly one version marked as storage version',
    },
    {
      path: 'status.storedVersions',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: []: must have at least one stored version',
    },
    ...undescribed,
  ];
}

import type { Clock } from '../../../base/clock.ts';
import { at, isObject, stringAt } from '../../../base/json.ts';
import { definitionCollection, establishedStatus } from '../custom-resources.ts';
import { sameJson, type ApiObject } from '../object.ts';
import { invalid } from '../status.ts';
import type { AdmissionRule } from './admission.ts';

/** Fills in the names that a CustomResourceDefinition may leave out; there is no second step before it is established. */
export function definitionDefaults(clock: Clock): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      if (resource.collection !== definitionCollection) return;
      fillNames(object);
      checkName(object);
    },
    approveCreate({ resource, object }) {
      if (resource.collection === definitionCollection) object['status'] = establishedStatus(object, clock.now());
    },
    approveUpdate({ resource, object, before, subresource }) {
      if (resource.collection !== definitionCollection || subresource !== '' || sameJson(object['spec'], before['spec'])) return;
      fillNames(object);
      object['status'] = establishedStatus(object, clock.now());
    },
  };
}

function fillNames(definition: ApiObject): void {
  const names = at(definition, 'spec', 'names');
  if (!isObject(names)) return;
  const kind = stringAt(names, 'kind') ?? '';
  names['singular'] ??= kind.toLowerCase();
  names['listKind'] ??= `${kind}List`;
}

function checkName(definition: ApiObject): void {
  const wanted = `${stringAt(definition, 'spec', 'names', 'plural') ?? ''}.${stringAt(definition, 'spec', 'group') ?? ''}`;
  const { name } = definition.metadata;
  if (name === wanted) return;
  throw invalid({ group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' }, name, [
    { path: 'metadata.name', reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(name)}: must be spec.names.plural+"."+spec.group` },
  ]);
}

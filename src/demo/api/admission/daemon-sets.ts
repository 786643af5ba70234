import { at } from '../../../base/json.ts';
import { sameJson, type ApiObject } from '../base/object.ts';
import type { AdmissionRule } from './admission.ts';

/** Kept for clients of before generations were. */
const generationKey = 'deprecated.daemonset.template.generation';

/** Counts the templates of daemon sets in an annotation. */
export function templateGenerations(): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      if (resource.collection === 'daemonsets.apps') annotate(object, 1);
    },
    prepareUpdate({ resource, object, before, subresource }) {
      if (resource.collection !== 'daemonsets.apps' || subresource !== '') return;
      const last = Number(before.metadata.annotations?.[generationKey] ?? 1);
      annotate(object, sameJson(at(object, 'spec', 'template'), at(before, 'spec', 'template')) ? last : last + 1);
    },
  };
}

function annotate(object: ApiObject, generation: number): void {
  object.metadata.annotations = { ...object.metadata.annotations, [generationKey]: String(generation) };
}

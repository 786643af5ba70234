import { protections } from '../controllers/storage-protection.ts';
import type { AdmissionRule } from './admission.ts';

/** Claims and volumes stay, once deleted, as long as somebody uses them. */
export function storageInUse(): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      const protection = protections[resource.collection];
      const { finalizers = [] } = object.metadata;
      if (protection !== undefined && !finalizers.includes(protection))
        object.metadata.finalizers = [...finalizers, protection];
    },
  };
}

import type { AdmissionRule } from './admission.ts';

/** Finalizers that every claim and volume is created with. */
export const protections: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

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

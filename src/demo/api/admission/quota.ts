import { quotaRefusal } from './quota-usage.ts';
import { forbidden } from '../base/status.ts';
import type { Store } from '../storage/store.ts';
import type { AdmissionRule } from './admission.ts';

/** Refuses a new object that would take more than a quota of its namespace leaves. */
export function resourceQuotas(store: Store): AdmissionRule {
  return {
    approveCreate({ resource, object }) {
      if (!resource.namespaced) return;
      const refusal = quotaRefusal(store, resource, object);
      if (refusal !== undefined) throw forbidden(resource, object.metadata.name, refusal);
    },
  };
}

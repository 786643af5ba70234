import { isObject, stringAt } from '../../../base/json.ts';
import { forbidden } from '../status.ts';
import { keyOf, type Store } from '../store.ts';
import type { AdmissionRule } from './admission.ts';

/** A pod's service account and priority class must be there; the class gives its value. */
export function podReferences(store: Store): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      const { spec } = object;
      if (resource.collection !== 'pods' || !isObject(spec)) return;
      const { name, namespace = '' } = object.metadata;
      const account = stringAt(spec, 'serviceAccountName') ?? 'default';
      if (store.get('serviceaccounts', keyOf(namespace, account)) === undefined) {
        throw forbidden(resource, name, `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`);
      }
      const className = stringAt(spec, 'priorityClassName') ?? '';
      if (className === '') return;
      const priority = store.get('priorityclasses.scheduling.k8s.io', className);
      if (priority === undefined) throw forbidden(resource, name, `no PriorityClass with name ${className} was found`);
      spec['priority'] = priority['value'] ?? 0;
      spec['preemptionPolicy'] = stringAt(priority, 'preemptionPolicy') ?? 'PreemptLowerPriority';
    },
  };
}

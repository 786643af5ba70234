import { isObject } from '../../../base/json.ts';
import { forbidden, notFound } from '../base/status.ts';
import type { Store } from '../storage/store.ts';
import type { AdmissionRule } from './admission.ts';

const namespaces = { group: '', plural: 'namespaces' };

/** The namespaces that a cluster cannot be without. */
export const permanentNamespaces = ['default', 'kube-system', 'kube-public'];

/** Objects go into namespaces that exist and are not on their way out. */
export function namespaceLifecycle(store: Store): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      const { namespace } = object.metadata;
      if (resource.collection === 'namespaces') {
        object['spec'] = { ...(isObject(object['spec']) ? object['spec'] : {}), finalizers: ['kubernetes'] };
        object['status'] = { phase: 'Active' };
        object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
      }
      if (!resource.namespaced || namespace === undefined) return;
      const found = store.get('namespaces', namespace);
      if (found === undefined) throw notFound(namespaces, namespace);
      if (found.metadata.deletionTimestamp === undefined) return;
      throw forbidden(
        resource,
        object.metadata.name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      );
    },
    approveDelete({ resource, object }) {
      if (resource.collection !== 'namespaces' || !permanentNamespaces.includes(object.metadata.name)) return;
      throw forbidden(namespaces, object.metadata.name, 'this namespace may not be deleted');
    },
  };
}

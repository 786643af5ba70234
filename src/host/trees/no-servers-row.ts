import type { ClusterRef } from '../../kube/types.ts';
import type { OwnerFilter } from './model-server-rows.ts';
import type { Row } from './row.ts';

/** In place of the view's welcome, which VS Code does not show below a message: that there is nothing, and where more may be. */
export function noServersRow(cluster: ClusterRef, filter: OwnerFilter, hidden: boolean): Row {
  if (hidden) {
    return {
      id: 'none',
      label: filter === 'mine' ? 'no model server of mine' : "no model server of other people's",
      description: 'show everybody...',
      icon: { id: 'filter' },
      opens: 'llmd.filterModelServers',
    };
  }
  return {
    id: 'none',
    label: `no model server in ${cluster.namespace}`,
    description: 'choose another namespace...',
    tooltip: 'Only this namespace can be looked at: pods of all namespaces may not be listed.',
    icon: { id: 'info' },
    opens: 'llmd.selectNamespace',
  };
}

import type { ClusterRef } from '../../kube/types.ts';
import type { Confirmation } from '../notifications.ts';

/** What a command asks in a context that is marked as production: its own question, or one where it has none and `disturbs` what runs there. */
export function productionConfirmation(
  cluster: ClusterRef,
  title: string,
  disturbs: boolean,
  own: Confirmation | undefined,
): Confirmation | undefined {
  const warning = `Context ${cluster.context} is marked as production (setting llmd.productionContexts).`;
  if (own) return { ...own, detail: `${warning}\n\n${own.detail}` };
  if (!disturbs) return undefined;
  const action = title.replace(/\.\.\.$/, '');
  return {
    message: `${action} in ${cluster.context}/${cluster.namespace}?`,
    detail: `${warning} This changes or loads what runs in namespace ${cluster.namespace} on ${cluster.server}.`,
    action,
  };
}

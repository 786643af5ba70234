import { describeNeeds } from '../../kube/access/access.ts';
import type { AccessNeed } from '../../kube/access/types.ts';
import type { ClusterRef } from '../../kube/types.ts';
import { plainText, WARNING, type Row } from './row.ts';

/** That actions are hidden, and what is missing for them; undefined: none is. */
export function accessRow(missing: readonly AccessNeed[], cluster: ClusterRef): Row | undefined {
  if (missing.length === 0) return undefined;
  const verbs = describeNeeds(missing);
  return {
    id: 'denied/actions',
    label: 'some actions are hidden',
    description: `your role in ${cluster.namespace} does not allow them`,
    tooltip: `In namespace ${plainText(cluster.namespace)} of context ${plainText(cluster.context)} you may not:\n\n${verbs.map((line) => `- ${plainText(line)}`).join('\n')}\n\nAsk the administrator of this cluster for a role with these verbs.`,
    spoken: `Some actions are hidden, because in ${cluster.namespace} you may not ${verbs.join('; ')}`,
    icon: { id: 'lock', color: WARNING },
    context: 'trouble',
  };
}

import { timeLimit } from '../../base/clock.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import type { ClusterRef } from '../../kube/types.ts';
import type { Contexts } from '../../kube/login/types.ts';
import { requireAccess } from './access.ts';
import type { CommandId } from './table.ts';

/** A cluster that does not answer in time must not delay a command: it judges the command's own calls then. */
const PATIENCE_MS = 3000;

export interface Guarded {
  readonly id: CommandId;
  /** The verb phrase of error messages: "deploy". */
  readonly doing: string;
}

/** Throws when it is known that the cluster would refuse the command in this namespace. What could not be asked is noted, and refuses nothing. */
export async function permitted(
  contexts: Contexts,
  errors: { note(error: unknown, doing: string): void },
  cluster: ClusterRef,
  { id, doing }: Guarded,
  namespace: string,
): Promise<void> {
  try {
    await requireAccess(
      id,
      doing,
      await contexts.client(cluster),
      namespace,
      timeLimit(PATIENCE_MS, `ask whether one may ${doing}`),
    );
  } catch (error) {
    if (isWorkbenchError(error, 'forbidden')) throw error;
    errors.note(error, `ask whether one may ${doing}`);
  }
}

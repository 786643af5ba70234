import { accessError } from '../../kube/access/access.ts';
import type { AccessNeed } from '../../kube/access/types.ts';
import type { KubeClient } from '../../kube/types.ts';
import { COMMAND_IDS, COMMANDS, type CommandId } from './table.ts';

/** What a command has to be allowed; empty: no server is asked. */
export function accessOf(id: CommandId): readonly AccessNeed[] {
  return COMMANDS[id].access ?? [];
}

/** The commands that a cluster may refuse. */
export const GUARDED_COMMANDS: readonly CommandId[] = COMMAND_IDS.filter((id) => accessOf(id).length > 0);

/** The key of `when` clauses that is true once it is known that the command is refused. Unset it hides nothing. */
export function deniedKey(id: CommandId): `llmd.denied.${string}` {
  return `llmd.denied.${id.slice('llmd.'.length)}`;
}

/** The commands that would be refused in a namespace, each with what is missing. */
export async function deniedCommands(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<CommandId, readonly AccessNeed[]>> {
  const found = await Promise.all(
    GUARDED_COMMANDS.map(async (id) => [id, await client.missing(accessOf(id), namespace, signal)] as const),
  );
  return new Map(found.filter(([, missing]) => missing.length > 0));
}

/** Ends a command that would be refused before it asks anything or begins. */
export async function requireAccess(
  id: CommandId,
  doing: string,
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const missing = await client.missing(accessOf(id), namespace, signal);
  if (missing.length > 0) throw accessError(doing, missing, client.cluster, namespace);
}

import { WorkbenchError } from '../../base/errors.ts';
import type { ClusterRef } from '../../kube/types.ts';
import type { Host } from '../host.ts';
import { confirmed, type Confirmation } from '../notifications.ts';
import { isProduction } from '../production.ts';
import { clusterOf } from '../session.ts';
import { hostSettings } from '../settings.ts';
import { permitted } from './permitted.ts';
import { productionConfirmation } from './production-confirmation.ts';
import { COMMANDS, titleOf, type ArgumentOf, type ClusterCommandId, type CommandId } from './table.ts';

export interface CommandCall {
  readonly host: Host;
  /** Above what it asks. */
  readonly title: string;
}

export interface ClusterCall extends CommandCall {
  /** Pinned: the one that was chosen when the command began. */
  readonly cluster: ClusterRef;
}

/** What a command of the table does, once it is loaded. */
export interface CommandDefinition<Id extends CommandId = CommandId> {
  readonly id: Id;
  /** It has a question of its own before it acts. */
  readonly hasQuestion: boolean;
  /** `given`: what its reader made of what was handed over, or what `run` gave it. */
  readonly execute: (host: Host, given: unknown) => Promise<void>;
}

/** The steps of a command that asks: one after the other, so that all questions come before the yes. */
interface Asking<Call extends CommandCall, Given, Wanted> extends Acting<Call, Wanted> {
  /** Finds out what was not handed over. Undefined: the person went away. */
  readonly ask: (call: Call, given: Given | undefined) => Promise<Wanted | undefined>;
}

/** The steps of one that asks nothing: what it acts on is what was handed over. */
interface Acting<Call extends CommandCall, Wanted> {
  /** The question of a command that the table confirms `always`. */
  readonly confirm?: (call: Call, wanted: Wanted) => Promise<Confirmation>;
  readonly run: (call: Call, wanted: Wanted) => Promise<void>;
}

/** As the functions below see steps: the compiler has checked them against the table where they were written. */
interface Steps<Call extends CommandCall> {
  ask?(call: Call, given: unknown): Promise<unknown>;
  namespaceOf?(given: unknown): string;
  confirm?(call: Call, wanted: unknown): Promise<Confirmation>;
  place?(call: Call, wanted: unknown): Promise<ClusterRef | undefined>;
  run(call: Call, wanted: unknown): Promise<void>;
}

/** A command that needs a cluster: it gets the chosen one, or the error that says how to choose. */
export function clusterCommand<Id extends ClusterCommandId, Wanted>(
  id: Id,
  steps: Asking<ClusterCall, ArgumentOf<Id>, Wanted> & {
    /** Where it acts, if that is not the chosen namespace. */
    readonly namespaceOf?: (given: ArgumentOf<Id>) => string;
  },
): CommandDefinition<Id>;
export function clusterCommand<Id extends ClusterCommandId>(
  id: Id,
  steps: Acting<ClusterCall, ArgumentOf<Id> | undefined>,
): CommandDefinition<Id>;
export function clusterCommand(id: ClusterCommandId, steps: Steps<ClusterCall>): CommandDefinition {
  return command(id, steps, async (host, given) => {
    const cluster = clusterOf(await host.session.settled());
    const namespace = given === undefined ? undefined : steps.namespaceOf?.(given);
    const { doing } = COMMANDS[id];
    await permitted(host.workbench.contexts, host.errors, cluster, { id, doing }, namespace ?? cluster.namespace);
    return { host, title: titleOf(id), cluster };
  });
}

/** A command that works without a cluster. */
export function windowCommand<Id extends Exclude<CommandId, ClusterCommandId>, Wanted>(
  id: Id,
  steps: Asking<CommandCall, ArgumentOf<Id>, Wanted> & {
    /** The cluster that it acts on all the same. */
    readonly place?: (call: CommandCall, wanted: Wanted) => Promise<ClusterRef | undefined>;
  },
): CommandDefinition<Id>;
export function windowCommand<Id extends Exclude<CommandId, ClusterCommandId>>(
  id: Id,
  steps: Acting<CommandCall, ArgumentOf<Id> | undefined>,
): CommandDefinition<Id>;
export function windowCommand(id: CommandId, steps: Steps<CommandCall>): CommandDefinition {
  return command(id, steps, (host) => Promise.resolve({ host, title: titleOf(id) }));
}

function command<Call extends CommandCall & { readonly cluster?: ClusterRef }>(
  id: CommandId,
  steps: Steps<Call>,
  begin: (host: Host, given: unknown) => Promise<Call>,
): CommandDefinition {
  const { needs, confirms, title } = COMMANDS[id];
  return {
    id,
    hasQuestion: steps.confirm !== undefined,
    async execute(host, given) {
      if (needs?.includes('workspace')) requireWorkspace(host);
      const call = await begin(host, given);
      const wanted = steps.ask ? await steps.ask(call, given) : given;
      if (steps.ask && wanted === undefined) return;
      const own = await steps.confirm?.(call, wanted);
      const place = call.cluster ?? (await steps.place?.(call, wanted));
      const question =
        place && isProduction(place.context, hostSettings().productionContexts)
          ? productionConfirmation(place, title, confirms === 'in production', own)
          : own;
      if (question && !(await confirmed(question))) return;
      await steps.run(call, wanted);
    },
  };
}

function requireWorkspace({ workbench }: Host): void {
  if (workbench.workspace !== undefined) return;
  throw new WorkbenchError({
    code: 'bad-usage',
    message: 'no folder is open',
    hint: 'Open a folder: results, traces and .env live in it.',
  });
}

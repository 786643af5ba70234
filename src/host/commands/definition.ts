import { WorkbenchError } from '../../base/errors.ts';
import type { ClusterRef } from '../../kube/types.ts';
import type { Host } from '../host.ts';
import { confirmed, type Confirmation } from '../notifications.ts';
import { isProduction } from '../production.ts';
import { clusterOf } from '../session.ts';
import { hostSettings } from '../settings.ts';
import { permitted } from './permitted.ts';
import type { CommandId } from './ids.ts';
import { productionConfirmation } from './production-confirmation.ts';

/** What must be there before a command can run. */
export type Need = 'cluster' | 'workspace';

export interface CommandCall {
  readonly host: Host;
}

export interface ClusterCall extends CommandCall {
  /** Pinned: the one that was chosen when the command began. */
  readonly cluster: ClusterRef;
}

export interface CommandDefinition<Argument, Call extends CommandCall> {
  readonly id: CommandId;
  /** As in package.json. */
  readonly title: string;
  readonly needs: readonly Need[];
  /** The verb phrase of error messages: "deploy". */
  readonly doing: string;
  /** Reads what a tree, an editor or another caller handed over. Undefined: nothing usable, so `ask`. */
  readonly argument: (given: readonly unknown[]) => Argument | undefined;
  /** Asks the person instead. Undefined: they went away. */
  readonly ask: (call: Call) => Promise<Argument | undefined>;
  readonly confirm?: (call: Call, argument: Argument) => Promise<Confirmation | undefined>;
  readonly run: (call: Call, argument: Argument) => Promise<void>;
  /** Throws when the cluster would refuse what the command does. */
  readonly permit?: (call: Call, argument: Argument | undefined) => Promise<void>;
}

type ClusterDefinition<Argument> = Omit<CommandDefinition<Argument, ClusterCall>, 'needs' | 'permit'> & {
  readonly alsoNeeds?: readonly Need[];
  /** It changes the cluster or loads what runs there: in a production context it asks first, also where it asks nowhere else. */
  readonly disturbs?: true;
  /** Where it acts, if that is not the chosen namespace. */
  readonly namespaceOf?: (argument: Argument) => string;
};

/** A command of the table with its argument's type closed over. */
export interface TableEntry {
  readonly id: CommandId;
  readonly title: string;
  readonly needs: readonly Need[];
  readonly confirms: boolean;
  readonly doing: string;
  readonly execute: (host: Host, given: readonly unknown[]) => Promise<void>;
}

/** A command that needs a cluster: it gets the chosen one, or the error that says how to choose. */
export function clusterCommand<Argument>(definition: ClusterDefinition<Argument>): TableEntry {
  const needs: readonly Need[] = ['cluster', ...(definition.alsoNeeds ?? [])];
  const permit = ({ host, cluster }: ClusterCall, argument: Argument | undefined): Promise<void> =>
    permitted(
      host.workbench.contexts,
      host.errors,
      cluster,
      definition,
      (argument === undefined ? undefined : definition.namespaceOf?.(argument)) ?? cluster.namespace,
    );
  const confirm = async (call: ClusterCall, argument: Argument): Promise<Confirmation | undefined> => {
    const own = await definition.confirm?.(call, argument);
    return isProduction(call.cluster.context, hostSettings().productionContexts)
      ? productionConfirmation(call.cluster, definition.title, definition.disturbs === true, own)
      : own;
  };
  const command = entry({ ...definition, needs, permit, confirm }, async (host) => ({
    host,
    cluster: clusterOf(await host.session.settled()),
  }));
  return { ...command, confirms: definition.confirm !== undefined };
}

/** A command that works without a cluster. */
export function windowCommand<Argument>(
  definition: Omit<CommandDefinition<Argument, CommandCall>, 'needs'> & { readonly needs?: readonly Need[] },
): TableEntry {
  return entry({ ...definition, needs: definition.needs ?? [] }, (host) => Promise.resolve({ host }));
}

/** For commands that take nothing. */
export const noArgument = {
  argument: (): true => true,
  ask: (): Promise<true> => Promise.resolve(true),
} as const;

function entry<Argument, Call extends CommandCall>(
  definition: CommandDefinition<Argument, Call>,
  callOf: (host: Host) => Promise<Call>,
): TableEntry {
  return {
    id: definition.id,
    title: definition.title,
    needs: definition.needs,
    confirms: definition.confirm !== undefined,
    doing: definition.doing,
    async execute(host, given) {
      if (definition.needs.includes('workspace')) requireWorkspace(host);
      const call = await callOf(host);
      const handed = definition.argument(given);
      await definition.permit?.(call, handed);
      const argument = handed ?? (await definition.ask(call));
      if (argument === undefined) return;
      const confirmation = await definition.confirm?.(call, argument);
      if (confirmation && !(await confirmed(confirmation))) return;
      await definition.run(call, argument);
    },
  };
}

export function requireWorkspace(host: Host): string {
  if (host.workbench.workspace === undefined) {
    throw new WorkbenchError({
      code: 'bad-usage',
      message: 'no folder is open',
      hint: 'Open a folder: results, traces and .env live in it.',
    });
  }
  return host.workbench.workspace;
}

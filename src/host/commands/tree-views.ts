import { choose } from '../ask/steps.ts';
import type { OwnerFilter } from '../trees/model-server-rows.ts';
import { windowCommand, type CommandCall, type TableEntry } from './definition.ts';

const OWNER_CHOICES: readonly { readonly value: OwnerFilter; readonly label: string; readonly detail: string }[] = [
  { value: 'everybody', label: 'Everybody', detail: "Mine on top, other people's folded away below" },
  { value: 'mine', label: 'Only mine', detail: 'Deployments whose owner label names me' },
  { value: 'others', label: "Only other people's", detail: 'To look at; they cannot be changed from here' },
];

/** How the trees show what they show. */
export const TREE_VIEW_COMMANDS: readonly TableEntry[] = [
  windowCommand<OwnerFilter>({
    id: 'llmd.filterModelServers',
    title: 'Filter Model Servers by Owner...',
    doing: 'filter the model servers',
    argument: () => undefined,
    ask: askOwners,
    run: ({ host }, owners) => host.treeChoices.chooseOwners(owners),
  }),
];

async function askOwners({ host }: CommandCall): Promise<OwnerFilter | undefined> {
  const current = host.treeChoices.owners;
  const answer = await choose<OwnerFilter>({
    title: 'Filter Model Servers by Owner',
    placeholder: `I am "${host.workbench.owner}"; the setting llmd.owner changes that`,
    choices: () => Promise.resolve(OWNER_CHOICES.map((choice) => ({ ...choice, label: choice.value === current ? `$(check) ${choice.label}` : choice.label }))),
    last: (owners) => owners === current,
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

import { gpuReport } from '../../inventory/gpus.ts';
import { Places } from '../../inventory/places.ts';
import { plural } from '../../protocol/format.ts';
import { choose } from '../ask/steps.ts';
import { BY_PRODUCT, groupingLevel } from '../trees/cluster-rows.ts';
import type { OwnerFilter } from '../trees/model-server-rows.ts';
import { windowCommand, type CommandCall } from './definition.ts';

const OWNER_CHOICES: readonly { readonly value: OwnerFilter; readonly label: string; readonly detail: string }[] = [
  { value: 'everybody', label: 'Everybody', detail: "Mine on top, other people's folded away below" },
  { value: 'mine', label: 'Only mine', detail: 'Deployments whose owner label names me' },
  { value: 'others', label: "Only other people's", detail: 'To look at; they cannot be changed from here' },
];

/** What each level is, for people who know their provider's word for it. */
const LEVEL_DETAILS: Readonly<Record<string, string>> = {
  leafgroup: 'Nodes under one leaf switch',
  subblock: 'Nodes of one sub-block',
  block: 'Nodes of one block',
  nvlink: 'Nodes that one NVLink domain joins',
  rack: 'Nodes of one rack',
  superpod: 'Nodes of one superpod',
  spine: 'Nodes under one spine switch',
  core: 'Nodes under one core switch',
  fabric: 'Nodes of one fabric',
  zone: 'Nodes of one zone',
  region: 'Nodes of one region',
};

/** How the trees show what they show. */
export const TREE_VIEW_COMMANDS = {
  'llmd.filterModelServers': windowCommand('llmd.filterModelServers', {
    ask: askOwners,
    run: ({ host }, owners) => host.treeChoices.chooseOwners(owners),
  }),
  'llmd.groupNodes': windowCommand('llmd.groupNodes', {
    ask: askGrouping,
    run: ({ host }, grouping) => host.treeChoices.chooseGrouping(grouping),
  }),
};

async function askOwners({ host, title }: CommandCall): Promise<OwnerFilter | undefined> {
  const current = host.treeChoices.owners;
  const answer = await choose<OwnerFilter>({
    title,
    placeholder: `I am "${host.workbench.owner}"; the setting llmd.owner changes that`,
    choices: () =>
      Promise.resolve(
        OWNER_CHOICES.map((choice) => ({ ...choice, ...(choice.value === current ? { icon: 'check' } : {}) })),
      ),
    last: (owners) => owners === current,
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

async function askGrouping({ host, title }: CommandCall): Promise<string | undefined> {
  const { snapshot } = host.workbench.inventory;
  const places = snapshot && Places.of(gpuReport(snapshot), snapshot);
  const levels = places?.levels ?? [];
  const current = groupingLevel(levels, host.treeChoices.grouping) ?? BY_PRODUCT;
  const mark = (value: string): { readonly icon?: string } => (value === current ? { icon: 'check' } : {});
  const answer = await choose<string>({
    title,
    placeholder: 'Kept for this folder. Levels come from the labels of the nodes that have GPUs',
    choices: () =>
      Promise.resolve([
        ...levels.map((level) => ({
          value: level,
          ...mark(level),
          label: level,
          description: plural(places?.at(level).length ?? 0, 'group'),
          detail: LEVEL_DETAILS[level] ?? '',
        })),
        {
          value: BY_PRODUCT,
          ...mark(BY_PRODUCT),
          label: BY_PRODUCT,
          description: plural(places?.at(undefined).length ?? 0, 'group'),
          detail: 'Nodes of one GPU, wherever they stand',
        },
      ]),
    last: (grouping) => grouping === current,
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

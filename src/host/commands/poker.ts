import { pokerPod } from '../../poker/pod-name.ts';
import { clusterCommand, noArgument, type TableEntry } from './definition.ts';
import { firstTarget } from './arguments.ts';
import { placeOf } from '../session.ts';

export const POKER_COMMANDS: readonly TableEntry[] = [
  clusterCommand<true>({
    id: 'llmd.startPoker',
    title: 'Start Poker Pod',
    doing: 'start the poker pod',
    disturbs: true,
    ...noArgument,
    async run({ host, cluster }) {
      const status = await host.jobs.run(`Start ${pokerPod(host.workbench.owner)} in ${placeOf(cluster)}`, (call) =>
        host.workbench.poker.start(cluster, call),
      );
      host.say(`${status.pod} is ${status.phase} in ${placeOf(cluster)}.`);
    },
  }),
  clusterCommand<{ readonly deployment: string | undefined }>({
    id: 'llmd.openPokerShell',
    title: 'Open Poker Shell',
    doing: 'open the poker shell',
    disturbs: true,
    argument: (given) => ({ deployment: firstTarget(given, 'deployment')?.name }),
    ask: () => Promise.resolve(undefined),
    async run({ host, cluster }, { deployment }) {
      await host.jobs.run(`Poker shell in ${placeOf(cluster)}`, (call) => host.shells.show(cluster, deployment, call));
    },
  }),
  clusterCommand<true>({
    id: 'llmd.stopPoker',
    title: 'Stop Poker Pod...',
    doing: 'stop the poker pod',
    ...noArgument,
    confirm: ({ host, cluster }) =>
      Promise.resolve({
        message: `Stop ${pokerPod(host.workbench.owner)}?`,
        detail: `The pod ${pokerPod(host.workbench.owner)} in namespace ${cluster.namespace} of context ${cluster.context} is deleted with what its shells and benchmarks have not yet copied out.`,
        action: 'Stop',
      }),
    async run({ host, cluster }) {
      await host.jobs.run(`Stop ${pokerPod(host.workbench.owner)}`, (call) => host.workbench.poker.stop(cluster, call));
      host.say(`${pokerPod(host.workbench.owner)} was stopped in ${placeOf(cluster)}.`);
    },
  }),
];

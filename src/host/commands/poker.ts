import { pokerPod } from '../../poker/pod-name.ts';
import { clusterCommand } from './definition.ts';
import { placeOf } from '../../kube/place.ts';

export const POKER_COMMANDS = {
  'llmd.startPoker': clusterCommand('llmd.startPoker', {
    async run({ host, cluster }) {
      const status = await host.jobs.run(`Start ${pokerPod(host.workbench.owner)} in ${placeOf(cluster)}`, (call) =>
        host.workbench.poker.start(cluster, call),
      );
      host.say(`${status.pod} is ${status.phase} in ${placeOf(cluster)}.`);
    },
  }),
  'llmd.openPokerShell': clusterCommand('llmd.openPokerShell', {
    async run({ host, cluster }, deployment) {
      await host.jobs.run(`Poker shell in ${placeOf(cluster)}`, (call) => host.shells.show(cluster, deployment, call));
    },
  }),
  'llmd.stopPoker': clusterCommand('llmd.stopPoker', {
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
};

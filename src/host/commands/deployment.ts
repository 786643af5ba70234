import { timeLimit } from '../../base/clock.ts';
import type { ClusterRef } from '../../kube/types.ts';
import { formatDuration } from '../../protocol/format.ts';
import { askDeployment } from '../ask/deployment.ts';
import type { Host } from '../host.ts';
import { placeOf } from '../../kube/place.ts';
import type { Confirmation } from '../notifications.ts';
import { clusterCommand, type ClusterCall } from './definition.ts';
import { askDeploy } from './deploy-flow.ts';
import { button } from './run.ts';

export const DEPLOYMENT_COMMANDS = {
  'llmd.deploy': clusterCommand('llmd.deploy', {
    ask: askDeploy,
    async run({ host, cluster }, plan) {
      const { name } = plan.request;
      await host.jobs.run(`Deploy ${name} to ${placeOf(cluster)}`, (call) =>
        host.workbench.deployments.apply(plan, call),
      );
      await waitAndTell(host, cluster, name);
    },
  }),
  'llmd.stopDeployment': clusterCommand('llmd.stopDeployment', {
    ask: askDeployment,
    confirm: stopConfirmation,
    async run({ host, cluster }, name) {
      await host.jobs.run(`Stop ${name} in ${placeOf(cluster)}`, (call) =>
        host.workbench.deployments.stop(cluster, name, call),
      );
      host.say(`${name} was stopped in ${placeOf(cluster)}.`);
    },
  }),
  'llmd.restartDeployment': clusterCommand('llmd.restartDeployment', {
    ask: askDeployment,
    confirm: ({ cluster }, name) =>
      Promise.resolve({
        message: `Restart the model servers of ${name}?`,
        detail: `Every prefill and decode pod of ${name} in namespace ${cluster.namespace} of context ${cluster.context} is deleted and made again, and loads its model again. The gateway and the pool stay.`,
        action: 'Restart',
      }),
    async run({ host, cluster }, name) {
      await host.jobs.run(`Restart ${name} in ${placeOf(cluster)}`, (call) =>
        host.workbench.deployments.restart(cluster, name, call),
      );
      await waitAndTell(host, cluster, name);
    },
  }),
  'llmd.redeployRouting': clusterCommand('llmd.redeployRouting', {
    ask: askDeployment,
    async run({ host, cluster }, name) {
      await host.jobs.run(`Redeploy the routing of ${name}`, (call) =>
        host.workbench.deployments.redeployRouting(cluster, name, call),
      );
      host.say(`The routing of ${name} was redeployed.`);
    },
  }),
  'llmd.waitUntilReady': clusterCommand('llmd.waitUntilReady', {
    ask: askDeployment,
    run: ({ host, cluster }, name) => waitAndTell(host, cluster, name),
  }),
};

/** Ends minutes later, so it deserves a notification, with the next step of the loop on it. */
async function waitAndTell(host: Host, cluster: ClusterRef, name: string): Promise<void> {
  const readiness = await host.jobs.run(`${name} in ${placeOf(cluster)}`, (call) =>
    host.workbench.deployments.waitReady(cluster, name, call),
  );
  host.offer(
    `${name} serves ${readiness.model ?? 'its model'} in ${placeOf(cluster)}: ${readiness.readyPods}/${readiness.pods} pods ready after ${formatDuration(readiness.seconds)}.`,
    { ...button('llmd.runBenchmark'), ...button('llmd.openPokerShell') },
  );
}

const LISTED = 30;

async function stopConfirmation({ host, cluster }: ClusterCall, name: string): Promise<Confirmation> {
  const targets = await host.workbench.deployments.stopTargets(
    cluster,
    name,
    timeLimit(30_000, `list what belongs to ${name} in ${placeOf(cluster)}`),
  );
  const names = targets.map((object) => `${object.kind} ${object.metadata.name}`);
  const shown = names.length > LISTED ? [...names.slice(0, LISTED), `and ${names.length - LISTED} more`] : names;
  return {
    message: `Stop ${name} in ${placeOf(cluster)}?`,
    detail: `Context: ${cluster.context}\nNamespace: ${cluster.namespace}\n\n${names.length === 0 ? 'No object of it is left.' : `These are deleted:\n${shown.join('\n')}`}`,
    action: 'Stop',
  };
}

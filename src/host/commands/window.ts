import * as vscode from 'vscode';
import { timeLimit } from '../../base/clock.ts';
import { WorkbenchError } from '../../base/errors.ts';
import { choose } from '../ask/steps.ts';
import type { Job } from '../jobs.ts';
import { placeOf } from '../../kube/place.ts';
import { featureSettings } from '../settings.ts';
import { showLogTerminal } from '../terminals/log-terminal.ts';
import type { ContainerView, PodView } from '../../inventory/types.ts';
import type { PodName } from './arguments.ts';
import { clusterCommand, windowCommand, type ClusterCall, type CommandCall } from './definition.ts';

export const WINDOW_COMMANDS = {
  'llmd.refresh': windowCommand('llmd.refresh', {
    async run({ host }) {
      await host.workbench.contexts.reload();
      host.workbench.inventory.refresh();
      await host.session.refresh();
      await host.remoteTraces.refresh();
    },
  }),
  'llmd.showLogs': clusterCommand('llmd.showLogs', {
    namespaceOf: ({ namespace }) => namespace,
    ask: askPod,
    run: showLog,
  }),
  'llmd.startDemo': windowCommand('llmd.startDemo', {
    async run({ host }) {
      const { demoSpeed } = featureSettings();
      const demo = await host.jobs.run('Start the demo cluster', ({ signal }) =>
        host.workbench.demo.start({ ...(demoSpeed === undefined ? {} : { speed: demoSpeed }), signal }),
      );
      await host.workbench.contexts.reload();
      await host.workbench.contexts.select(demo.context);
      await host.session.refresh();
      await vscode.commands.executeCommand('llmd.cluster.focus');
    },
  }),
  'llmd.stopDemo': windowCommand('llmd.stopDemo', {
    confirm: () =>
      Promise.resolve({
        message: 'Stop the demo cluster?',
        detail: 'Everything that was deployed to it is gone afterwards. Results and traces in the folder stay.',
        action: 'Stop',
      }),
    async run({ host }) {
      const demo = await host.jobs.run('Stop the demo cluster', ({ signal }) => host.workbench.demo.stop(signal));
      if (demo) await host.workbench.contexts.leave(demo.context);
      if (!demo?.ran) host.say('No demo cluster is running.');
      await host.workbench.contexts.reload();
      await host.session.refresh();
    },
  }),
  'llmd.showJobs': windowCommand('llmd.showJobs', {
    ask: askJob,
    run: (_call, job) => Promise.resolve(job.cancel()),
  }),
  'llmd.openSettings': windowCommand('llmd.openSettings', {
    async run() {
      await vscode.commands.executeCommand('workbench.action.openSettings', '@ext:llm-d-workbench.llm-d-workbench');
    },
  }),
  'llmd.showOutput': windowCommand('llmd.showOutput', {
    run: ({ host }) => Promise.resolve(host.output.show()),
  }),
};

async function askJob({ host }: CommandCall): Promise<Job | undefined> {
  const jobs = host.jobs.list();
  if (jobs.length === 0) {
    host.say('Nothing is running.');
    return undefined;
  }
  const answer = await choose<Job>({
    title: 'Running Jobs',
    placeholder: 'Enter cancels the job',
    choices: () =>
      Promise.resolve(
        jobs.map((job) => ({
          icon: 'sync~spin',
          label: job.title,
          description: job.progress.message,
          detail: 'Cancel',
          value: job,
        })),
      ),
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

async function askPod({ host, title, cluster }: ClusterCall, given: PodName | undefined): Promise<PodName | undefined> {
  if (given !== undefined) return given;
  const lease = host.workbench.inventory.lease();
  try {
    const answer = await choose<PodView>({
      title,
      placeholder: `Pods in ${placeOf(cluster)}`,
      async choices() {
        const snapshot = await host.workbench.inventory.whenComplete(
          timeLimit(30_000, `list the pods of ${placeOf(cluster)}`),
        );
        return snapshot.pods
          .values()
          .filter((pod) => pod.namespace === cluster.namespace)
          .map((pod) => ({
            label: pod.name,
            description: [pod.phase, pod.reason].filter((part) => part !== undefined).join(' · '),
            value: pod,
          }))
          .toArray();
      },
    });
    return answer.kind === 'answer' ? answer.value : undefined;
  } finally {
    lease.dispose();
  }
}

async function showLog({ host, cluster }: ClusterCall, { namespace, name }: PodName): Promise<void> {
  const pod = host.workbench.inventory.snapshot?.pods.get(`${namespace}/${name}`);
  if (!pod)
    throw new WorkbenchError({
      code: 'pod-gone',
      message: `pod ${name} is no longer in ${cluster.context}/${namespace}`,
      hint: 'Refresh the tree.',
    });
  const container = await askContainer(pod);
  if (container)
    showLogTerminal(host.workbench.contexts, {
      cluster,
      namespace,
      pod: name,
      container: container.name,
      restarted: container.restarts > 0,
    });
}

/** The only one without asking; else a list, the containers that serve first. */
async function askContainer(pod: PodView): Promise<ContainerView | undefined> {
  const main = pod.containers.filter((container) => container.role === 'main');
  if (pod.containers.length === 1 || main.length === 1) return main[0] ?? pod.containers[0];
  const answer = await choose<ContainerView>({
    title: `Show Logs of ${pod.name}`,
    placeholder: 'Which container',
    choices: () =>
      Promise.resolve(
        [...main, ...pod.containers.filter((container) => container.role !== 'main')].map((container) => ({
          label: container.name,
          description: [container.role, container.reason].filter((part) => part !== undefined).join(' · '),
          detail: container.image,
          value: container,
        })),
      ),
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

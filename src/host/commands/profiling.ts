import { timeLimit } from '../../base/clock.ts';
import { WorkbenchError } from '../../base/errors.ts';
import { podsReport } from '../../inventory/pods.ts';
import type { ProfileOutcome } from '../../profiling/types.ts';
import { plural } from '../../protocol/format.ts';
import { choose } from '../ask/steps.ts';
import { placeOf } from '../../kube/place.ts';
import { hostSettings } from '../settings.ts';
import { clusterCommand, type ClusterCall } from './definition.ts';
import { button } from './run.ts';

type Selection = { readonly pod: string } | { readonly allDecode: string | undefined };

export const PROFILING_COMMANDS = {
  'llmd.profilePod': clusterCommand('llmd.profilePod', {
    ask: async (call, pod) => pod?.name ?? askPod(call),
    run: (call, pod) => profile(call, { pod }),
  }),
  'llmd.profileDecode': clusterCommand('llmd.profileDecode', {
    run: (call, deployment) => profile(call, { allDecode: deployment }),
  }),
  'llmd.stopProfiling': clusterCommand('llmd.stopProfiling', { run: stopProfiling }),
};

async function stopProfiling({ host, cluster }: ClusterCall): Promise<void> {
  const outcomes = await host.jobs.run(`Stop profiling in ${placeOf(cluster)}`, (call) =>
    host.workbench.profiling.stop(cluster, call),
  );
  await host.remoteTraces.refresh();
  const stopped = outcomes.filter((outcome) => outcome.ok);
  const [failed] = outcomes.filter((outcome) => !outcome.ok);
  if (failed)
    throw new WorkbenchError({
      code: 'server-error',
      message: `the profiler of ${plural(outcomes.length - stopped.length, 'server')} in ${placeOf(cluster)} could not be stopped: ${failed.target.pod}: ${failed.reason ?? 'no reason given'}`,
      hint: 'Try again; a pod that is restarted profiles no more.',
    });
  if (stopped.length === 0) host.say(`No profiler is on in ${placeOf(cluster)}.`);
  else
    host.offer(
      `Stopped the profiler of ${plural(stopped.length, 'server')} in ${placeOf(cluster)}.`,
      button('llmd.copyTraces'),
    );
}

async function profile({ host, cluster }: ClusterCall, selection: Selection): Promise<void> {
  const { profileSeconds: seconds } = hostSettings();
  const what =
    'pod' in selection
      ? selection.pod
      : `the decode ranks${selection.allDecode === undefined ? '' : ` of ${selection.allDecode}`}`;
  const outcomes = await host.jobs.run(`Profile ${what} for ${seconds} s`, async (call) => {
    const targets = await host.workbench.profiling.targets(cluster, selection, call.signal);
    return host.workbench.profiling.profile({ cluster, targets, seconds }, call);
  });
  await host.remoteTraces.refresh();
  const failed = outcomes.filter((outcome) => !outcome.ok);
  for (const outcome of failed)
    host.workbench.logger.warn(
      `profile ${outcome.target.pod}:${outcome.target.port} in ${placeOf(cluster)}: ${outcome.reason ?? 'failed'}`,
    );
  if (failed.length === outcomes.length) throw allFailed(placeOf(cluster), failed);
  const partly =
    failed.length === 0
      ? ''
      : ` ${failed.length} failed: ${failed[0]?.target.pod ?? ''}: ${failed[0]?.reason ?? 'no reason given'}`;
  host.offer(
    `Profiled ${plural(outcomes.length - failed.length, 'instance')} for ${seconds} s in ${placeOf(cluster)}.${partly}`,
    button('llmd.copyTraces'),
  );
}

function allFailed(place: string, failed: readonly ProfileOutcome[]): WorkbenchError {
  const [first] = failed;
  return first
    ? new WorkbenchError({
        code: 'profiling-disabled',
        message: `no instance in ${place} could be profiled: ${first.target.pod}: ${first.reason ?? 'no reason given'}`,
        hint: 'The output ("llm-d: Show Output") tells why for each instance.',
      })
    : new WorkbenchError({
        code: 'not-ready',
        message: `no decode instance in ${place} is ready to be profiled`,
        hint: 'Deploy a guide and wait until it is ready.',
      });
}

async function askPod({ host, title, cluster }: ClusterCall): Promise<string | undefined> {
  const lease = host.workbench.inventory.lease();
  try {
    const answer = await choose<string>({
      title,
      placeholder: `Ready model servers in ${placeOf(cluster)}`,
      async choices() {
        const snapshot = await host.workbench.inventory.whenComplete(
          timeLimit(30_000, `list the model servers of ${placeOf(cluster)}`),
        );
        const report = podsReport(snapshot, host.workbench.owner);
        const pods = report.deployments
          .filter((deployment) => deployment.mine && deployment.namespace === cluster.namespace)
          .flatMap((deployment) =>
            deployment.roles
              .filter(({ role }) => role === 'decode' || role === 'prefill' || role === 'both')
              .flatMap(({ role, groups }) =>
                groups.flatMap((group) =>
                  group.pods
                    .filter((pod) => pod.ready)
                    .map((pod) => ({ label: pod.name, description: `${deployment.name} · ${role}`, value: pod.name })),
                ),
              ),
          );
        if (pods.length === 0) throw allFailed(placeOf(cluster), []);
        return pods;
      },
    });
    return answer.kind === 'answer' ? answer.value : undefined;
  } finally {
    lease.dispose();
  }
}

import { systemClock } from '../../base/clock.ts';
import { podsReport } from '../../inventory/pods.ts';
import type { ModelServerDeployment, ModelServerPod, PodsReport } from '../../inventory/types.ts';
import { formatDuration, plural } from '../../protocol/format.ts';
import type { Invocation } from '../command.ts';
import { exit, line, type Io } from '../io.ts';
import { chosenCluster, requireSight, services } from '../services.ts';
import { table } from '../table.ts';

export async function pods(invocation: Invocation, io: Io): Promise<number> {
  const workbench = services(invocation, io);
  try {
    const cluster = await chosenCluster(workbench, invocation);
    const snapshot = await workbench.inventory.whenComplete(io.signal);
    requireSight(snapshot, 'list model servers', ['pods']);
    const everybody = podsReport(snapshot, workbench.owner);
    const report = invocation.flag('mine')
      ? { ...everybody, deployments: everybody.deployments.filter(({ mine }) => mine) }
      : everybody;
    io.out(
      invocation.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : forPeople(report, systemClock.now()),
    );
    for (const warning of report.warnings) io.err(line`warning: ${warning.message}`);
    if (invocation.flag('write-decode-pods')) {
      const written = await workbench.decodePods.write(cluster, io.signal);
      io.err(
        line`${written.path} names ${plural(written.pods, 'decode pod')} of ${cluster.context}/${cluster.namespace}`,
      );
    }
    return exit.ok;
  } finally {
    workbench.dispose();
  }
}

function forPeople(report: PodsReport, now: number): string {
  if (report.deployments.length === 0) return 'No model servers.\n';
  return table(
    ['DEPLOYMENT', 'OWNER', 'ROLE', 'GROUP', 'RANK', 'POD', 'NODE', 'STATE', 'RESTARTS', 'LAST EXIT', 'AGE'],
    report.deployments.flatMap((deployment) => rows(deployment, now)),
    new Set([3, 4, 8]),
  );
}

function rows(deployment: ModelServerDeployment, now: number): readonly (readonly string[])[] {
  return deployment.roles.flatMap((role) =>
    role.groups.flatMap((group) =>
      group.pods.map((pod) => [
        deployment.name,
        deployment.mine ? 'you' : (deployment.owner ?? '-'),
        role.role,
        String(group.index),
        rankOf(pod),
        pod.name,
        pod.node ?? '-',
        pod.ready ? 'ready' : (pod.reason ?? pod.phase),
        String(pod.restarts),
        pod.lastExit === null
          ? '-'
          : [pod.lastExit.reason, pod.lastExit.exitCode].filter((part) => part !== undefined).join(' '),
        pod.createdAt === null ? '-' : formatDuration((now - Date.parse(pod.createdAt)) / 1000),
      ]),
    ),
  );
}

/** Data-parallel ranks where they are known, else the place in the group. */
function rankOf({ rank, ranks }: ModelServerPod): string {
  if (ranks !== null) return ranks.first === ranks.last ? String(ranks.first) : `${ranks.first}-${ranks.last}`;
  return rank === null ? '-' : String(rank);
}

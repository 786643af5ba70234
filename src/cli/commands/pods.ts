import { podsReport } from '../../inventory/pods.ts';
import type { ModelServerDeployment, PodsReport } from '../../inventory/types.ts';
import type { Invocation } from '../command.ts';
import { exit, type Io } from '../io.ts';
import { chosenCluster, services } from '../services.ts';
import { table } from '../table.ts';

export async function pods(invocation: Invocation, io: Io): Promise<number> {
  const workbench = services(invocation, io);
  try {
    await chosenCluster(workbench, invocation);
    const report = podsReport(await workbench.inventory.whenComplete(io.signal), workbench.owner);
    io.out(invocation.flag('json') ? `${JSON.stringify(report, undefined, 2)}\n` : forPeople(report));
    for (const warning of report.warnings) io.err(`warning: ${warning.message}\n`);
    return exit.ok;
  } finally {
    workbench.dispose();
  }
}

function forPeople(report: PodsReport): string {
  if (report.deployments.length === 0) return 'No model servers.\n';
  return table(['DEPLOYMENT', 'OWNER', 'ROLE', 'GROUP', 'RANK', 'POD', 'NODE', 'STATE', 'RESTARTS'], report.deployments.flatMap(rows), new Set([3, 4, 8]));
}

function rows(deployment: ModelServerDeployment): readonly (readonly string[])[] {
  return deployment.roles.flatMap((role) =>
    role.groups.flatMap((group) =>
      group.pods.map((pod) => [
        deployment.name,
        deployment.mine ? 'you' : (deployment.owner ?? '-'),
        role.role,
        String(group.index),
        pod.rank === null ? '-' : String(pod.rank),
        pod.name,
        pod.node ?? '-',
        pod.ready ? 'ready' : (pod.reason ?? pod.phase),
        String(pod.restarts),
      ]),
    ),
  );
}

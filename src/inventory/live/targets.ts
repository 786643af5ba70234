import { podsReport } from '../pods.ts';
import { apiServerPorts, serverContainer } from '../ports.ts';
import type { InventorySnapshot, PodView, Role } from '../types.ts';
import type { MetricsTarget } from './types.ts';

/** Where endpoint pickers of all releases serve their metrics unless told otherwise. */
const PICKER_PORT = 9090;
const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';

/** The metrics pages of the owner's pods that are ready. A pod that is not is left alone: it has nothing to tell, and its start-up must not be disturbed. */
export function metricsTargets(snapshot: InventorySnapshot, owner: string): readonly MetricsTarget[] {
  return podsReport(snapshot, owner)
    .deployments.filter(({ mine }) => mine)
    .flatMap((deployment) =>
      deployment.roles.flatMap(({ role, groups }) =>
        groups.flatMap((group) =>
          group.pods.flatMap(({ namespace, name }) => {
            const pod = snapshot.pods.get(`${namespace}/${name}`);
            return pod === undefined || !isReady(pod)
              ? []
              : pagesOf(pod, role).map(({ kind, port }) =>
                  targetOf(pod, kind, port, deployment.name, role, group.index),
                );
          }),
        ),
      ),
    );
}

function isReady(pod: PodView): boolean {
  return pod.ready && pod.phase === 'Running' && !pod.deleting;
}

function pagesOf(pod: PodView, role: Role): readonly { readonly kind: MetricsTarget['kind']; readonly port: number }[] {
  if (role === 'routing')
    return pod.labels[GATEWAY_LABEL] === undefined ? [{ kind: 'picker', port: pickerPort(pod) }] : [];
  // A worker without an API server has no page: its group's leader tells of its engines.
  if (/(?<![\w-])--headless(?![\w-])/.test(serverContainer(pod)?.command.join(' ') ?? '')) return [];
  return apiServerPorts(pod).map((port) => ({ kind: 'server', port }));
}

function pickerPort(pod: PodView): number {
  const main = pod.containers.filter(({ role }) => role === 'main');
  const told = main
    .map(({ command }) => /(?<![\w-])--?metrics-port[= ]["']?(\d+)\b/.exec(command.join(' '))?.[1])
    .find((port) => port !== undefined);
  if (told !== undefined) return Number(told);
  return main.flatMap(({ ports }) => ports).find(({ name }) => name === 'metrics')?.port ?? PICKER_PORT;
}

function targetOf(
  pod: PodView,
  kind: MetricsTarget['kind'],
  port: number,
  deployment: string,
  role: Role,
  group: number,
): MetricsTarget {
  return {
    id: `${pod.key}:${port}`,
    podKey: pod.key,
    namespace: pod.namespace,
    pod: pod.name,
    uid: pod.uid,
    restarts: serverContainer(pod)?.restarts ?? 0,
    port,
    kind,
    deployment,
    role,
    group,
  };
}

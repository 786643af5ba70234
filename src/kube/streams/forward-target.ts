import { WorkbenchError } from '../../base/errors.ts';
import { arrayAt, numberAt, stringAt, stringMapAt } from '../../base/json.ts';
import { Pods, Services } from '../resources.ts';
import type { ForwardTarget } from './types.ts';
import type { KubeClient } from '../types.ts';
import type { Pod, ServicePort } from '../model/kinds.ts';
import { containersOf, hasEnded, isServing } from '../model/pod.ts';

/** One very pod, and the port of it that is meant. */
export interface ForwardedPod {
  readonly name: string;
  readonly uid: string;
  readonly port: number;
}

type Reader = Pick<KubeClient, 'cluster' | 'get' | 'list'>;

/** `pod "p", port 8000`: what a port-forward leads to, for messages. */
export function describeTarget(target: ForwardTarget, namespace: string, port: number): string {
  const what =
    'pod' in target
      ? `pod "${target.pod}"`
      : 'service' in target
        ? `service "${target.service}"`
        : `pods "${target.labelSelector}"`;
  return `port ${port} of ${what} in namespace "${namespace}"`;
}

/**
 * The pod that a new connection goes to. A name leads to the pod that has it now; a selector or Service leads to a ready
 * pod, to `current` as long as that is one. Throws where there is none.
 */
export async function resolveTarget(
  client: Reader,
  namespace: string,
  target: ForwardTarget,
  port: number,
  current: string | undefined,
  signal: AbortSignal,
): Promise<ForwardedPod> {
  if ('pod' in target)
    return identityOf(running(await client.get(Pods, namespace, target.pod, signal), client, namespace), port);
  if ('labelSelector' in target)
    return identityOf(await readyPod(client, namespace, target.labelSelector, current, signal), port);
  const service = await client.get(Services, namespace, target.service, signal);
  const selector = Object.entries(stringMapAt(service, 'spec', 'selector'))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const served = arrayAt(service, 'spec', 'ports').find((each) => numberAt(each, 'port') === port);
  if (selector === '' || served === undefined) {
    throw new WorkbenchError({
      code: 'not-supported',
      message: `cannot forward ${describeTarget(target, namespace, port)} (context "${client.cluster.context}"): the service ${selector === '' ? 'selects no pods' : `has no port ${port}`}`,
      hint: 'Forward to a pod instead.',
    });
  }
  const pod = await readyPod(client, namespace, selector, current, signal);
  return identityOf(pod, targetPort(served, pod) ?? port);
}

/** A Service names the pod's port by number or by the name that a container gives it. */
function targetPort(served: ServicePort, pod: Pod): number | undefined {
  const name = stringAt(served, 'targetPort');
  if (name === undefined) return numberAt(served, 'targetPort');
  const named = containersOf(pod)
    .flatMap((container) => arrayAt(container, 'ports'))
    .find((each) => stringAt(each, 'name') === name);
  return numberAt(named, 'containerPort');
}

function identityOf(pod: Pod, port: number): ForwardedPod {
  return { name: pod.metadata.name, uid: pod.metadata.uid ?? '', port };
}

/** A pod that is being deleted may still answer; one that does not run cannot. */
function running(pod: Pod, { cluster }: Reader, namespace: string): Pod {
  const phase = stringAt(pod, 'status', 'phase') ?? 'Pending';
  if (phase === 'Running') return pod;
  const ended = hasEnded(pod);
  throw new WorkbenchError({
    code: ended ? 'pod-gone' : 'not-ready',
    message: `pod "${pod.metadata.name}" in namespace "${namespace}" (context "${cluster.context}") ${ended ? `has ended (${phase})` : `does not run yet (${phase})`}`,
    hint: ended ? 'Look at its log for the reason.' : 'Wait until it runs.',
  });
}

async function readyPod(
  client: Reader,
  namespace: string,
  labelSelector: string,
  current: string | undefined,
  signal: AbortSignal,
): Promise<Pod> {
  const pods = (await client.list(Pods, { namespace, labelSelector, signal }))
    .filter(isServing)
    .toSorted((a, b) => a.metadata.name.localeCompare(b.metadata.name));
  const chosen = pods.find((pod) => pod.metadata.uid === current) ?? pods[0];
  if (chosen) return chosen;
  throw new WorkbenchError({
    code: 'not-ready',
    message: `no pod of "${labelSelector}" in namespace "${namespace}" (context "${client.cluster.context}") is ready`,
    hint: 'Wait until one is, or look at why they are not.',
  });
}

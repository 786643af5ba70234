import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import { isReady } from '../../../kube/model/pod.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import type { ApiObject } from '../base/object.ts';
import { selectorMatches } from '../verbs/selectors.ts';
import { badRequest, notFound, serviceUnavailable } from '../base/status.ts';
import { keyOf, type Store } from '../storage/store.ts';

/** A port of a pod. */
export interface ProxyTarget {
  readonly pod: ApiObject;
  readonly port: number;
}

/** Whom `pods/NAME:PORT/proxy` or `services/NAME:PORT/proxy` means; a service stands for its first ready pod. */
export function proxyTarget(store: Store, about: ResourceRequest): ProxyTarget {
  const [name = '', port = ''] = about.name.replace(/^https?:/, '').split(':');
  const found = store.get(about.plural, keyOf(about.namespace, name));
  if (found === undefined) throw notFound(about, name);
  // Without an address there is nothing that a proxy may reach.
  if (about.plural === 'pods' && !stringAt(found, 'status', 'podIP')) throw badRequest('address not allowed');
  return about.plural === 'pods' ? { pod: found, port: containerPort(found, port) } : behindService(store, found, port);
}

function containerPort(pod: ApiObject, wanted: string): number {
  if (/^\d+$/.test(wanted)) return Number(wanted);
  const ports = arrayAt(pod, 'spec', 'containers').flatMap((container) => arrayAt(container, 'ports'));
  const port = numberAt(
    ports.find((candidate) => wanted === '' || stringAt(candidate, 'name') === wanted),
    'containerPort',
  );
  if (port === undefined && wanted !== '') throw badRequest(`pod ${pod.metadata.name} has no port named "${wanted}"`);
  return port ?? 80;
}

function behindService(store: Store, service: ApiObject, wanted: string): ProxyTarget {
  const { name, namespace } = service.metadata;
  const ports = arrayAt(service, 'spec', 'ports');
  const port = ports.find(
    (candidate) =>
      wanted === '' || stringAt(candidate, 'name') === wanted || String(numberAt(candidate, 'port')) === wanted,
  );
  const selector = at(service, 'spec', 'selector');
  const pod = store
    .entries('pods')
    .map(([, candidate]) => candidate)
    .find(
      (candidate) =>
        candidate.metadata.namespace === namespace &&
        isReady(candidate) &&
        isObject(selector) &&
        selectorMatches({ matchLabels: selector as Record<string, string> }, candidate.metadata.labels ?? {}),
    );
  if (port === undefined)
    throw serviceUnavailable(`no service port ${JSON.stringify(wanted)} found for service ${JSON.stringify(name)}`);
  if (pod === undefined) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const target = at(port, 'targetPort') ?? at(port, 'port');
  return {
    pod,
    port: containerPort(pod, typeof target === 'number' || typeof target === 'string' ? String(target) : ''),
  };
}

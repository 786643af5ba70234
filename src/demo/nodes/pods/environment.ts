import { stringMapAt } from '../../../base/json.ts';
import { ConfigError, lookUpKey, type ConfigLookup } from './lookup.ts';
import { hostnameOf, type ContainerSpec, type EnvVarSpec, type NodePod } from './pod-spec.ts';
import { quantityNumber } from '../../../kube/model/quantity.ts';

/** Where the pod runs, for downward fields. */
export interface PodPlacement {
  readonly podIp: string;
  readonly hostIp: string;
  readonly nodeName: string;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** What every image sets. */
const imageEnv: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
};

/** A container's whole environment. Rejects with ConfigError when something it refers to is missing. */
export async function resolveEnvironment(
  pod: NodePod,
  container: ContainerSpec,
  placement: PodPlacement,
  lookup: ConfigLookup,
): Promise<Readonly<Record<string, string>>> {
  const env: Record<string, string> = {
    ...imageEnv,
    HOSTNAME: hostnameOf(pod),
    KUBERNETES_SERVICE_HOST: 'kubernetes.default.svc',
    KUBERNETES_SERVICE_PORT: '443',
  };
  for (const source of container.envFrom) {
    const ref = source.configMapRef ?? source.secretRef;
    if (ref === undefined) continue;
    const isSecret = source.configMapRef === undefined;
    const entries = await (isSecret
      ? lookup.secret(pod.namespace, ref.name)
      : lookup.configMap(pod.namespace, ref.name));
    if (entries === undefined && !ref.optional)
      throw new ConfigError(`${isSecret ? 'secret' : 'configmap'} "${ref.name}" not found`);
    for (const [key, value] of entries ?? []) env[source.prefix + key] = value.toString();
  }
  for (const variable of container.env) {
    const value = await valueOf(variable, pod, container, placement, lookup, env);
    if (value !== undefined) env[variable.name] = value;
  }
  return env;
}

async function valueOf(
  variable: EnvVarSpec,
  pod: NodePod,
  container: ContainerSpec,
  placement: PodPlacement,
  lookup: ConfigLookup,
  env: Readonly<Record<string, string>>,
): Promise<string | undefined> {
  const from = variable.valueFrom;
  if (from === undefined) return expandVariables(variable.value ?? '', env);
  if (from.fieldRef !== undefined) return fieldValue(from.fieldRef.fieldPath, pod, placement);
  if (from.resourceFieldRef !== undefined) return resourceValue(from.resourceFieldRef, pod, container, placement);
  if (from.secretKeyRef !== undefined) return lookUpKey(lookup, 'secret', pod.namespace, from.secretKeyRef);
  if (from.configMapKeyRef !== undefined) return lookUpKey(lookup, 'configmap', pod.namespace, from.configMapKeyRef);
  return '';
}

/** `$(NAME)` in values, commands and arguments; `$$(NAME)` stays as `$(NAME)`, an unknown name as it is. */
export function expandVariables(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  );
}

/** A field of the downward API. */
export function fieldValue(path: string, pod: NodePod, placement: PodPlacement): string {
  const { labels, annotations } = pod.object.metadata;
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (subscript !== null)
    return stringMapAt(subscript[1] === 'labels' ? labels : annotations)[subscript[2] ?? ''] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.name;
    case 'metadata.namespace':
      return pod.namespace;
    case 'metadata.uid':
      return pod.uid;
    case 'metadata.labels':
    case 'metadata.annotations':
      return Object.entries(stringMapAt(path === 'metadata.labels' ? labels : annotations))
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .join('\n');
    case 'spec.nodeName':
      return placement.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName;
    case 'status.podIP':
    case 'status.podIPs':
      return placement.podIp;
    case 'status.hostIP':
    case 'status.hostIPs':
      return placement.hostIp;
    default:
      throw new ConfigError(`unsupported fieldPath: ${path}`);
  }
}

/** `limits.cpu` and the like, rounded up to the divisor; a limit that is not set is what the node can give. */
export function resourceValue(
  ref: {
    readonly containerName?: string | undefined;
    readonly resource: string;
    readonly divisor?: string | number | undefined;
  },
  pod: NodePod,
  container: ContainerSpec,
  placement: PodPlacement,
): string {
  const target =
    ref.containerName === undefined
      ? container
      : [...pod.spec.containers, ...pod.spec.initContainers].find(({ name }) => name === ref.containerName);
  const [kind = '', ...rest] = ref.resource.split('.');
  const resource = rest.join('.');
  const given =
    kind === 'requests'
      ? target?.resources.requests?.[resource]
      : (target?.resources.limits?.[resource] ?? placement.allocatable[resource]);
  const divisor = quantityNumber(ref.divisor) ?? 1;
  return String(Math.ceil((quantityNumber(given) ?? 0) / (divisor === 0 ? 1 : divisor)));
}

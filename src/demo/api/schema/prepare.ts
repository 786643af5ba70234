import { isObject } from '../../../base/json.ts';
import { each, fill, within } from './defaults/fill.ts';
import { isList } from './json.ts';
import { parseQuantity } from './quantity.ts';
import type { Json, ObjectSchema } from './types.ts';

/** What the server adds to a new object that no manager owns. `suffix`: five random characters for generated names. */
export interface PrepareOptions {
  readonly suffix: string;
}

/** Sets what admission and the kind's create strategy set. Name, namespace and uid stand already. */
export function prepareForCreate(schema: ObjectSchema, object: Json, options: PrepareOptions): Json {
  switch (`${schema.group}/${schema.kind}`) {
    case '/Pod':
      return preparePod(object, options);
    case '/Namespace':
      return { ...object, spec: { ...(isObject(object['spec']) ? object['spec'] : {}), finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
    case 'batch/Job':
      return prepareJob(object);
    default:
      return object;
  }
}

function preparePod(pod: Json, options: PrepareOptions): Json {
  const admitted = within(pod, 'spec', (spec) => {
    const account = spec['serviceAccountName'] ?? 'default';
    const filled = fill(spec, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
    return withTokenVolume({ ...filled, serviceAccountName: account, serviceAccount: account, tolerations: withNodeTolerations(spec['tolerations']) }, options.suffix);
  });
  return { ...admitted, status: { phase: 'Pending', qosClass: qosClass(admitted['spec']) } };
}

/** A pod stays five minutes on a node that is not ready or cannot be reached, unless it says otherwise. */
function withNodeTolerations(tolerations: unknown): unknown[] {
  const own = isList(tolerations) ? tolerations : [];
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter((key) => !own.some((one) => tolerates(one, key)));
  return [...own, ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))];
}

function tolerates(toleration: unknown, key: string): boolean {
  if (!isObject(toleration)) return false;
  const anyKey = !toleration['key'] && toleration['operator'] === 'Exists';
  return (anyKey || toleration['key'] === key) && (!toleration['effect'] || toleration['effect'] === 'NoExecute');
}

const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

function withTokenVolume(spec: Json, suffix: string): Json {
  if (spec['automountServiceAccountToken'] === false) return spec;
  const name = `kube-api-access-${suffix}`;
  const volume = {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
  const mount = (container: Json): Json => {
    const mounts = isList(container['volumeMounts']) ? container['volumeMounts'] : [];
    if (mounts.some((one) => isObject(one) && one['mountPath'] === TOKEN_PATH)) return container;
    return { ...container, volumeMounts: [...mounts, { name, readOnly: true, mountPath: TOKEN_PATH }] };
  };
  const volumes = isList(spec['volumes']) ? spec['volumes'] : [];
  return each(each({ ...spec, volumes: [...volumes, volume] }, 'containers', mount), 'initContainers', mount);
}

function qosClass(spec: unknown): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = isObject(spec) ? [spec['containers'], spec['initContainers']].flatMap((list) => (isList(list) ? list : [])) : [];
  const amounts = containers.map((container) => {
    const resources = isObject(container) && isObject(container['resources']) ? container['resources'] : {};
    const amount = (kind: string, name: string): bigint => parseQuantity(isObject(resources[kind]) ? resources[kind][name] : undefined)?.nano ?? 0n;
    return ['cpu', 'memory'].map((name) => ({ limit: amount('limits', name), request: amount('requests', name) }));
  });
  if (amounts.flat().every(({ limit, request }) => limit === 0n && request === 0n)) return 'BestEffort';
  return amounts.flat().every(({ limit, request }) => limit > 0n && limit === request) ? 'Guaranteed' : 'Burstable';
}

/** A job finds its pods by its own uid, unless it was told how to. */
function prepareJob(job: Json): Json {
  const metadata = isObject(job['metadata']) ? job['metadata'] : {};
  const { uid, name } = metadata;
  return within(job, 'spec', (spec) => {
    if (spec['manualSelector'] === true) return spec;
    const own = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name };
    const template = within(fill(spec['template'], { metadata: {} }), 'metadata', (meta) => ({ ...meta, labels: { ...fill(meta['labels'], {}), ...own } }));
    return { ...spec, selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }, template };
  });
}

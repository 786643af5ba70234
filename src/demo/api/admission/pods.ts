import { isObject, stringAt } from '../../../base/json.ts';
import { nameSuffix } from '../base/names.ts';
import { parseQuantity } from '../../../kube/model/quantity.ts';
import { forbidden } from '../base/status.ts';
import { keyOf, type Store } from '../storage/store.ts';
import type { AdmissionRule } from './admission.ts';

type Spec = Record<string, unknown>;

const evictionTolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const evictionSeconds = 300;
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const tokenSeconds = 3607;

/** What the server writes into every new pod: service account and its token, the tolerations of failing nodes, priority, quality of service. */
export function podDefaults(store: Store): AdmissionRule {
  return {
    prepareCreate({ resource, object }) {
      const { spec } = object;
      if (resource.collection !== 'pods' || !isObject(spec)) return;
      const { name, namespace = '' } = object.metadata;
      const account = stringAt(spec, 'serviceAccountName') ?? 'default';
      if (store.get('serviceaccounts', keyOf(namespace, account)) === undefined) {
        throw forbidden(
          resource,
          name,
          `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
        );
      }
      spec['serviceAccountName'] = account;
      spec['serviceAccount'] = account;
      const className = stringAt(spec, 'priorityClassName') ?? '';
      const priority = className === '' ? undefined : store.get('priorityclasses.scheduling.k8s.io', className);
      if (className !== '' && priority === undefined)
        throw forbidden(resource, name, `no PriorityClass with name ${className} was found`);
      spec['priority'] = priority?.['value'] ?? 0;
      spec['preemptionPolicy'] = stringAt(priority, 'preemptionPolicy') ?? 'PreemptLowerPriority';
      addTolerations(spec);
      if (spec['automountServiceAccountToken'] !== false) addTokenVolume(spec);
      object['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
    },
  };
}

function objectsIn(spec: Spec, list: string): readonly Spec[] {
  const items = spec[list];
  return Array.isArray(items) ? items.filter(isObject) : [];
}

/** A pod stays five minutes on a node that is not ready or cannot be reached, unless it says otherwise. */
function addTolerations(spec: Spec): void {
  const own = objectsIn(spec, 'tolerations');
  const tolerated = (key: string): boolean =>
    own.some((item) => {
      const anyKey = !item['key'] && item['operator'] === 'Exists';
      return (anyKey || item['key'] === key) && (!item['effect'] || item['effect'] === 'NoExecute');
    });
  const added = evictionTolerations
    .filter((key) => !tolerated(key))
    .map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: evictionSeconds }));
  spec['tolerations'] = [...own, ...added];
}

/** Mounts the account's token, the cluster's CA and the namespace where client libraries look for them. */
function addTokenVolume(spec: Spec): void {
  const name = `kube-api-access-${nameSuffix()}`;
  const containers = [...objectsIn(spec, 'containers'), ...objectsIn(spec, 'initContainers')].filter(
    (container) => !objectsIn(container, 'volumeMounts').some((mount) => mount['mountPath'] === tokenPath),
  );
  for (const container of containers)
    container['volumeMounts'] = [
      ...objectsIn(container, 'volumeMounts'),
      { name, readOnly: true, mountPath: tokenPath },
    ];
  if (containers.length === 0) return;
  spec['volumes'] = [
    ...objectsIn(spec, 'volumes'),
    {
      name,
      projected: {
        defaultMode: 0o644,
        sources: [
          { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          {
            downwardAPI: {
              items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
            },
          },
        ],
      },
    },
  ];
}

/** BestEffort: no container asks for cpu or memory; Guaranteed: each is limited in both and asks for as much; else Burstable. */
function qosClass(spec: Spec): string {
  const amounts = [...objectsIn(spec, 'containers'), ...objectsIn(spec, 'initContainers')].flatMap((container) => {
    const resources = isObject(container['resources']) ? container['resources'] : {};
    const amount = (side: string, name: string): bigint =>
      parseQuantity(isObject(resources[side]) ? resources[side][name] : undefined)?.nano ?? 0n;
    return ['cpu', 'memory'].map((name) => ({ limit: amount('limits', name), request: amount('requests', name) }));
  });
  if (amounts.every(({ limit, request }) => limit === 0n && request === 0n)) return 'BestEffort';
  return amounts.every(({ limit, request }) => limit > 0n && limit === request) ? 'Guaranteed' : 'Burstable';
}

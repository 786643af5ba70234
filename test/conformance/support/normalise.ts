import { isObject } from '../../../src/base/json.ts';

/** Fields that two servers never share; that they are there, and of which kind, is still compared. */
const varying: ReadonlySet<string> = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'time',
  'continue',
  'lastTransitionTime',
  'lastProbeTime',
  'lastUpdateTime',
  'startTime',
  'startedAt',
  'finishedAt',
  'firstTimestamp',
  'lastTimestamp',
  'eventTime',
  'expirationTimestamp',
  'token',
  'clusterIP',
  'clusterIPs',
  'containerID',
  'podIP',
  'hostIP',
  'nodeName',
]);

const uid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const tokenVolume = /kube-api-access-[a-z0-9]{5}/g;
/** What a ReplicaSet's hash and the random end of a pod's name are made of. */
const podOfReplicaSet = /-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g;
const generatedSuffix = /^[a-z0-9]{5}$/;

/** An answer with what differs between any two servers blanked. */
export function normalise(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .replaceAll(uid, '<uid>')
      .replaceAll(time, '<time>')
      .replaceAll(tokenVolume, 'kube-api-access-<x>')
      .replaceAll(podOfReplicaSet, '-<hash>-<x>');
  if (Array.isArray(value)) return value.map(normalise);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, field(value, key, item)]));
}

function field(owner: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (varying.has(key) && !isObject(value)) return value === '' || value === null ? value : `<${key}>`;
  if (key === 'managedFields' && Array.isArray(value))
    return value.map(normalise).sort((a, b) => order(a).localeCompare(order(b)));
  const generated = owner['generateName'];
  if (
    key === 'name' &&
    typeof value === 'string' &&
    typeof generated === 'string' &&
    value.startsWith(generated) &&
    generatedSuffix.test(value.slice(generated.length))
  )
    return `${generated}<x>`;
  return normalise(value);
}

/** The server sorts managers by time, of which two writes within one second share one. */
function order(entry: unknown): string {
  const { manager, operation, subresource } = entry as Record<string, unknown>;
  return `${String(manager)} ${String(operation)} ${String(subresource)}`;
}

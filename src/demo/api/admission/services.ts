import { isIP } from 'node:net';
import { arrayAt, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import { invalid } from '../base/status.ts';
import type { Store } from '../storage/store.ts';
import type { AdmissionRule } from './admission.ts';

const serviceNetwork = '10.96';
const nodePorts = { first: 30_000, last: 32_767 };
const service = { group: '', kind: 'Service' };

/** The address of the `kubernetes` service: the first of the service network. */
export const kubernetesServiceIp = `${serviceNetwork}.0.1`;

/** Gives services their cluster IP and node ports. */
export function serviceAddresses(store: Store): AdmissionRule {
  const allocate = (object: ApiObject, before: ApiObject | undefined): void => {
    const { spec } = object;
    if (!isObject(spec)) return;
    const type = stringAt(spec, 'type') ?? 'ClusterIP';
    if (type === 'ExternalName') return;
    const others = store
      .entries('services')
      .map(([, other]) => other)
      .filter((other) => other.metadata.uid !== object.metadata.uid);
    const kept = stringAt(before, 'spec', 'clusterIP');
    const asked = stringAt(spec, 'clusterIP') ?? '';
    const address = asked !== '' ? asked : (kept ?? freeAddress(others));
    if (before === undefined && asked !== '' && asked !== 'None') checkFree(object, asked, others);
    spec['clusterIP'] = address;
    spec['clusterIPs'] = [address];
    spec['ipFamilies'] ??= ['IPv4'];
    spec['ipFamilyPolicy'] ??= 'SingleStack';
    if (type === 'NodePort' || type === 'LoadBalancer') givePorts(spec, others, before);
  };
  return {
    prepareCreate({ resource, object }) {
      if (resource.collection === 'services') allocate(object, undefined);
    },
    prepareUpdate({ resource, object, before, subresource }) {
      if (resource.collection === 'services' && subresource === '') allocate(object, before);
    },
  };
}

function freeAddress(others: readonly ApiObject[]): string {
  const taken = new Set(others.map((other) => stringAt(other, 'spec', 'clusterIP')));
  for (let index = 2; index < 0xffff; index += 1) {
    const address = `${serviceNetwork}.${index >> 8}.${index & 0xff}`;
    if (!taken.has(address)) return address;
  }
  throw invalid(service, '', [
    {
      path: 'spec.clusterIPs',
      reason: 'FieldValueInvalid',
      message: 'Invalid value: []: failed to allocate IP: range is full',
    },
  ]);
}

function checkFree(object: ApiObject, address: string, others: readonly ApiObject[]): void {
  if (isIP(address) === 0) {
    throw invalid(service, object.metadata.name, [
      {
        path: 'spec.clusterIPs[0]',
        reason: 'FieldValueInvalid',
        message: `Invalid value: "${address}": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`,
      },
    ]);
  }
  if (!address.startsWith(`${serviceNetwork}.`)) {
    throw invalid(service, object.metadata.name, [
      {
        path: 'spec.clusterIPs',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ["${address}"]: failed to allocate IP ${address}: the provided IP (${address}) is not in the valid range. The range of valid IPs is ${serviceNetwork}.0.0/16`,
      },
    ]);
  }
  if (!others.some((other) => stringAt(other, 'spec', 'clusterIP') === address)) return;
  throw invalid(service, object.metadata.name, [
    {
      path: 'spec.clusterIPs',
      reason: 'FieldValueInvalid',
      message: `Invalid value: ["${address}"]: failed to allocate IP ${address}: provided IP is already allocated`,
    },
  ]);
}

function givePorts(spec: Record<string, unknown>, others: readonly ApiObject[], before: ApiObject | undefined): void {
  const taken = new Set(
    others.flatMap((other) => arrayAt(other, 'spec', 'ports')).map((port) => numberAt(port, 'nodePort')),
  );
  const kept = new Map(
    arrayAt(before, 'spec', 'ports').map((port) => [numberAt(port, 'port'), numberAt(port, 'nodePort')]),
  );
  let next = nodePorts.first;
  for (const port of arrayAt(spec, 'ports').filter(isObject)) {
    port['nodePort'] ??= kept.get(numberAt(port, 'port'));
    if (port['nodePort'] !== undefined && port['nodePort'] !== 0) continue;
    while (taken.has(next) && next < nodePorts.last) next += 1;
    taken.add(next);
    port['nodePort'] = next;
  }
}

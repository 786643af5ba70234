import { arrayAt, at, isObject, numberAt, stringAt } from '../../base/json.ts';
import { isGpuDriver } from '../../kube/model/gpu.ts';
import { objectKey } from '../../kube/resources.ts';
import type { Pod, ResourceClaim, ResourceSlice, SliceDevice } from '../../kube/model/kinds.ts';
import type { ClaimView, ExtendedClaim, OfferedDevice, SliceView } from './types.ts';

/** Every claim is kept, also one without GPUs: a pod that names it is then known to hold none through it. */
export function projectClaim(object: ResourceClaim): ClaimView {
  const { metadata, status } = object;
  const allocation = at(status, 'allocation');
  return {
    key: objectKey(object),
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    devices: arrayAt(allocation, 'devices', 'results').flatMap((result) => {
      const driver = stringAt(result, 'driver') ?? '';
      if (!isGpuDriver(driver) || at(result, 'adminAccess') === true) return [];
      return [{ driver, pool: stringAt(result, 'pool') ?? '', device: stringAt(result, 'device') ?? '' }];
    }),
    wanted: allocation === undefined ? wantedOf(object) : {},
    reservedFor: arrayAt(status, 'reservedFor').flatMap((consumer) => {
      const pod = stringAt(consumer, 'name');
      return stringAt(consumer, 'resource') !== 'pods' || pod === undefined
        ? []
        : [{ pod, uid: stringAt(consumer, 'uid') ?? '' }];
    }),
  };
}

/** By device class, which is named after its driver. "All" devices of a node are at least one. */
function wantedOf(claim: ResourceClaim): Readonly<Record<string, number>> {
  const wanted: Record<string, number> = {};
  for (const request of arrayAt(claim, 'spec', 'devices', 'requests')) {
    // v1beta1 writes the fields into the request itself; of alternatives the first is the one that is hoped for.
    const exact = at(request, 'exactly') ?? arrayAt(request, 'firstAvailable')[0] ?? request;
    const deviceClass = stringAt(exact, 'deviceClassName') ?? '';
    if (!isGpuDriver(deviceClass) || at(exact, 'adminAccess') === true) continue;
    wanted[deviceClass] = (wanted[deviceClass] ?? 0) + (numberAt(exact, 'count') ?? 1);
  }
  return wanted;
}

/** Undefined for a slice of another driver than a GPU's. */
export function projectSlice(object: ResourceSlice): SliceView | undefined {
  const { metadata, spec } = object;
  const driver = stringAt(spec, 'driver') ?? '';
  if (!isGpuDriver(driver)) return undefined;
  return {
    name: metadata.name,
    driver,
    pool: stringAt(spec, 'pool', 'name') ?? '',
    generation: numberAt(spec, 'pool', 'generation') ?? 0,
    node: stringAt(spec, 'nodeName') || undefined,
    devices: arrayAt(spec, 'devices').map(offeredDevice),
  };
}

function offeredDevice(device: SliceDevice): OfferedDevice {
  // v1beta1 keeps all but the name under `basic`.
  const body = at(device, 'basic') ?? device;
  const node = stringAt(body, 'nodeName');
  const product = attribute(body, 'productName');
  const partition = partitionOf(body);
  return {
    name: stringAt(device, 'name') ?? '',
    ...(node === undefined ? {} : { node }),
    counterSets: arrayAt(body, 'consumesCounters').flatMap((counters) => stringAt(counters, 'counterSet') ?? []),
    ...(product === undefined ? {} : { product }),
    ...(partition === undefined ? {} : { partition }),
    tainted: arrayAt(body, 'taints').some((taint) => stringAt(taint, 'effect') !== 'None'),
  };
}

/** NVIDIA names a MIG device's `profile`; AMD names every device's `partitionProfile`, where SPX is a GPU in one piece. */
function partitionOf(device: SliceDevice): string | undefined {
  const profile = attribute(device, 'profile');
  if (profile !== undefined) return `mig-${profile}`;
  const mode = attribute(device, 'partitionProfile');
  return mode === undefined || /^spx/i.test(mode) ? undefined : mode;
}

/** An attribute under its short name or under its driver's domain. */
function attribute(device: SliceDevice, name: string): string | undefined {
  const attributes = at(device, 'attributes');
  if (!isObject(attributes)) return undefined;
  const key = Object.keys(attributes).find((candidate) => candidate === name || candidate.endsWith(`/${name}`));
  return key === undefined ? undefined : stringAt(attributes[key], 'string');
}

interface ClaimReference {
  readonly name?: string;
  readonly resourceClaimName?: string;
  /** Where the name stood before 1.31. */
  readonly source?: { readonly resourceClaimName?: string };
}

/** The claims of a pod by their names in its namespace: named in its spec, or made from a template and named in its status. */
export function podClaims(pod: Pod): readonly string[] {
  const made = new Map(
    arrayAt(pod, 'status', 'resourceClaimStatuses').map((entry) => [
      stringAt(entry, 'name'),
      stringAt(entry, 'resourceClaimName'),
    ]),
  );
  return arrayAt(pod, 'spec', 'resourceClaims').flatMap((entry: ClaimReference) => {
    const named = stringAt(entry, 'resourceClaimName') ?? stringAt(entry, 'source', 'resourceClaimName');
    return named ?? made.get(stringAt(entry, 'name')) ?? [];
  });
}

export function extendedClaim(pod: Pod): ExtendedClaim | undefined {
  const claim = stringAt(pod, 'status', 'extendedResourceClaimStatus', 'resourceClaimName');
  if (claim === undefined) return undefined;
  const resources = arrayAt(pod, 'status', 'extendedResourceClaimStatus', 'requestMappings').flatMap(
    (mapping) => stringAt(mapping, 'resourceName') ?? [],
  );
  return { claim, resources: [...new Set(resources)] };
}

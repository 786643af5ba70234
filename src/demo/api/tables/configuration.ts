import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import { ageOf, count, pairs, selectorCell, templateCells, type Printer } from './cells.ts';
import { age } from './duration.ts';

/** Kinds that hold configuration, storage, permissions and reports. */
export const configurationCells: Readonly<Record<string, Printer>> = {
  namespaces: (namespace, now) => [
    namespace.metadata.name,
    stringAt(namespace, 'status', 'phase') ?? 'Active',
    ageOf(namespace, now),
  ],
  secrets: (secret, now) => [
    secret.metadata.name,
    stringAt(secret, 'type') ?? 'Opaque',
    keyCount(secret, 'data'),
    ageOf(secret, now),
  ],
  configmaps: (map, now) => [map.metadata.name, keyCount(map, 'data') + keyCount(map, 'binaryData'), ageOf(map, now)],
  serviceaccounts: (account, now) => [account.metadata.name, ageOf(account, now)],
  resourcequotas: (quota, now) => [
    quota.metadata.name,
    quotaUse(quota, (name) => !name.startsWith('limits.')),
    quotaUse(quota, (name) => name.startsWith('limits.')),
    ageOf(quota, now),
  ],
  events: eventCells,
  'leases.coordination.k8s.io': (lease, now) => [
    lease.metadata.name,
    stringAt(lease, 'spec', 'holderIdentity') ?? '',
    ageOf(lease, now),
  ],
  'customresourcedefinitions.apiextensions.k8s.io': (definition) => [
    definition.metadata.name,
    stringAt(definition, 'spec', 'scope') ?? '',
    arrayAt(definition, 'spec', 'versions').map(versionCell).join(','),
    definition.metadata.creationTimestamp ?? '',
    stringAt(definition, 'spec', 'group') ?? '',
    stringAt(definition, 'spec', 'names', 'kind') ?? '',
    arrayAt(definition, 'spec', 'names', 'shortNames').map(String).join(','),
    arrayAt(definition, 'status', 'conditions').some(
      (condition) => stringAt(condition, 'type') === 'Established' && stringAt(condition, 'status') === 'True',
    ),
  ],
  'networkpolicies.networking.k8s.io': (policy, now) => [
    policy.metadata.name,
    selectorCell(at(policy, 'spec', 'podSelector')),
    ageOf(policy, now),
  ],
  'clusterroles.rbac.authorization.k8s.io': (role) => [role.metadata.name, role.metadata.creationTimestamp ?? ''],
  'roles.rbac.authorization.k8s.io': (role) => [role.metadata.name, role.metadata.creationTimestamp ?? ''],
  'clusterrolebindings.rbac.authorization.k8s.io': bindingCells,
  'rolebindings.rbac.authorization.k8s.io': bindingCells,
  'priorityclasses.scheduling.k8s.io': (priority, now) => [
    priority.metadata.name,
    count(priority, 'value'),
    at(priority, 'globalDefault') === true,
    ageOf(priority, now),
    stringAt(priority, 'preemptionPolicy') ?? 'PreemptLowerPriority',
  ],
  'storageclasses.storage.k8s.io': (storage, now) => [
    storage.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
      ? `${storage.metadata.name} (default)`
      : storage.metadata.name,
    stringAt(storage, 'provisioner') ?? '',
    stringAt(storage, 'reclaimPolicy') ?? 'Delete',
    stringAt(storage, 'volumeBindingMode') ?? 'Immediate',
    String(at(storage, 'allowVolumeExpansion') === true),
    ageOf(storage, now),
  ],
  persistentvolumeclaims: (claim, now) => [
    claim.metadata.name,
    claim.metadata.deletionTimestamp === undefined ? (stringAt(claim, 'status', 'phase') ?? '') : 'Terminating',
    stringAt(claim, 'spec', 'volumeName') ?? '',
    stringAt(claim, 'spec', 'volumeName') ? (stringAt(claim, 'status', 'capacity', 'storage') ?? '') : '',
    accessModes(arrayAt(claim, 'status', 'accessModes')),
    stringAt(claim, 'spec', 'storageClassName') ?? '',
    stringAt(claim, 'spec', 'volumeAttributesClassName') ?? '<unset>',
    ageOf(claim, now),
    stringAt(claim, 'spec', 'volumeMode') ?? '<unset>',
  ],
  persistentvolumes: (volume, now) => [
    volume.metadata.name,
    stringAt(volume, 'spec', 'capacity', 'storage') ?? '',
    accessModes(arrayAt(volume, 'spec', 'accessModes')),
    stringAt(volume, 'spec', 'persistentVolumeReclaimPolicy') ?? 'Retain',
    volume.metadata.deletionTimestamp === undefined ? (stringAt(volume, 'status', 'phase') ?? '') : 'Terminating',
    claimOf(volume),
    stringAt(volume, 'spec', 'storageClassName') ?? '',
    stringAt(volume, 'spec', 'volumeAttributesClassName') ?? '<unset>',
    stringAt(volume, 'status', 'reason') ?? '',
    ageOf(volume, now),
    stringAt(volume, 'spec', 'volumeMode') ?? '<unset>',
  ],
  'validatingwebhookconfigurations.admissionregistration.k8s.io': webhookCells,
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': webhookCells,
  'runtimeclasses.node.k8s.io': (runtime, now) => [
    runtime.metadata.name,
    stringAt(runtime, 'handler') ?? '',
    ageOf(runtime, now),
  ],
  podtemplates: (template) => [
    template.metadata.name,
    ...templateCells(at(template, 'template')),
    pairs(at(template, 'template', 'metadata', 'labels')),
  ],
};

function webhookCells(configuration: ApiObject, now: number): readonly unknown[] {
  return [configuration.metadata.name, arrayAt(configuration, 'webhooks').length, ageOf(configuration, now)];
}

function versionCell(version: unknown): string {
  return `${stringAt(version, 'name') ?? ''}${at(version, 'storage') === true ? '(storage)' : ''}`;
}

function keyCount(object: unknown, field: string): number {
  const found = at(object, field);
  return isObject(found) ? Object.keys(found).length : 0;
}

function quotaUse(quota: ApiObject, wanted: (name: string) => boolean): string {
  const hard = at(quota, 'status', 'hard') ?? at(quota, 'spec', 'hard');
  if (!isObject(hard)) return '';
  return Object.keys(hard)
    .filter(wanted)
    .sort()
    .map((name) => `${name}: ${stringAt(quota, 'status', 'used', name) ?? '0'}/${String(hard[name])}`)
    .join(', ');
}

/** LAST SEEN TYPE REASON OBJECT SUBOBJECT SOURCE MESSAGE FIRST SEEN COUNT NAME, of either form of event. */
function eventCells(event: ApiObject, now: number): readonly unknown[] {
  const subject = at(event, 'involvedObject') ?? at(event, 'regarding');
  const series = numberAt(event, 'series', 'count');
  const first =
    stringAt(event, 'firstTimestamp') ?? stringAt(event, 'deprecatedFirstTimestamp') ?? stringAt(event, 'eventTime');
  const last =
    stringAt(event, 'series', 'lastObservedTime') ??
    stringAt(event, 'lastTimestamp') ??
    stringAt(event, 'deprecatedLastTimestamp') ??
    first;
  const host = stringAt(event, 'source', 'host') ?? stringAt(event, 'deprecatedSource', 'host');
  const component =
    stringAt(event, 'source', 'component') ??
    stringAt(event, 'deprecatedSource', 'component') ??
    stringAt(event, 'reportingComponent') ??
    stringAt(event, 'reportingController') ??
    '';
  return [
    age(last, now),
    stringAt(event, 'type') ?? '',
    stringAt(event, 'reason') ?? '',
    `${(stringAt(subject, 'kind') ?? '').toLowerCase()}/${stringAt(subject, 'name') ?? ''}`,
    stringAt(subject, 'fieldPath') ?? '',
    host ? `${component}, ${host}` : component,
    (stringAt(event, 'message') ?? stringAt(event, 'note') ?? '').trim(),
    age(first, now),
    String(series ?? numberAt(event, 'count') ?? numberAt(event, 'deprecatedCount') ?? 1),
    event.metadata.name,
  ];
}

function bindingCells(binding: ApiObject, now: number): readonly unknown[] {
  const subjects = (kind: string): string =>
    arrayAt(binding, 'subjects')
      .filter((subject) => stringAt(subject, 'kind') === kind)
      .map((subject) =>
        kind === 'ServiceAccount'
          ? `${stringAt(subject, 'namespace') ?? ''}/${stringAt(subject, 'name') ?? ''}`
          : (stringAt(subject, 'name') ?? ''),
      )
      .join(', ');
  return [
    binding.metadata.name,
    `${stringAt(binding, 'roleRef', 'kind') ?? ''}/${stringAt(binding, 'roleRef', 'name') ?? ''}`,
    ageOf(binding, now),
    subjects('User'),
    subjects('Group'),
    subjects('ServiceAccount'),
  ];
}

const modeLetters: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

function accessModes(modes: readonly unknown[]): string {
  return [...new Set(modes.map(String))].map((mode) => modeLetters[mode] ?? mode).join(',');
}

function claimOf(volume: ApiObject): string {
  const name = stringAt(volume, 'spec', 'claimRef', 'name');
  return name === undefined ? '' : `${stringAt(volume, 'spec', 'claimRef', 'namespace') ?? ''}/${name}`;
}

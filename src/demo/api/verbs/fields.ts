import { arrayAt, at } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';

const ofEveryKind = ['metadata.name', 'metadata.namespace'];

const eventSubject = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The fields beside name and namespace by which objects of a kind can be selected. */
const byCollection: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase', 'name'],
  secrets: ['type'],
  services: ['spec.clusterIP', 'spec.type'],
  'replicasets.apps': ['status.replicas'],
  replicationcontrollers: ['status.replicas'],
  'jobs.batch': ['status.successful'],
  events: [
    ...eventSubject.flatMap((field) => [`involvedObject.${field}`, `regarding.${field}`]),
    'reason',
    'reportingComponent',
    'reportingController',
    'source',
    'type',
  ],
};

export function selectableFields(resource: ServedResource): readonly string[] {
  return [...ofEveryKind, ...(byCollection[resource.collection] ?? [])];
}

/** The values of an object's selectable fields, as text; an absent field is the empty string, a false or zero one its Go text. */
export function fieldValues(resource: ServedResource, object: ApiObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    selectableFields(resource).map((field) => [field, fieldValue(resource.collection, object, field)]),
  );
}

const goZero: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.replicas': '0',
  'status.successful': '0',
};

function fieldValue(collection: string, object: ApiObject, field: string): string {
  if (collection === 'events') return eventField(object, field);
  if (field === 'name') return object.metadata.name;
  if (field === 'status.podIPs')
    return arrayAt(object, 'status', 'podIPs')
      .map((entry) => text(at(entry, 'ip')))
      .join(',');
  if (field === 'status.successful') return text(at(object, 'status', 'succeeded')) || '0';
  return text(at(object, ...field.split('.'))) || (goZero[field] ?? '');
}

function eventField(object: ApiObject, field: string): string {
  if (field === 'source') return text(at(object, 'source', 'component')) || text(object['reportingComponent']);
  if (field === 'reportingController') return text(object['reportingComponent']);
  return text(at(object, ...field.replace(/^regarding\./, 'involvedObject.').split('.')));
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

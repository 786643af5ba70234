import { fromV1, toV1 } from './autoscaler-conversion.ts';
import { groupVersionOf, type ApiObject } from '../base/object.ts';
import type { ServedResource } from './registry.ts';

/** Core fields of an Event and what `events.k8s.io/v1` calls them. */
const eventFields: readonly (readonly [core: string, newer: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function isNewerEvent(resource: ServedResource): boolean {
  return resource.group === 'events.k8s.io' && resource.kind === 'Event';
}

function isOldAutoscaler(resource: ServedResource): boolean {
  return resource.group === 'autoscaling' && resource.version === 'v1' && resource.kind === 'HorizontalPodAutoscaler';
}

/** A stored object as the resource's version shows it. Stored kinds with several versions have the same fields in each, Events and autoscalers apart. */
export function present(resource: ServedResource, stored: ApiObject): ApiObject {
  const apiVersion = groupVersionOf(resource.group, resource.version);
  if (stored.apiVersion === apiVersion) return stored;
  const shown = isNewerEvent(resource)
    ? renameFields(stored, eventFields)
    : isOldAutoscaler(resource)
      ? toV1(stored)
      : stored;
  return { ...shown, apiVersion, kind: resource.kind };
}

/** The object as it is stored, from what a client of the resource's version sent. */
export function toStored(resource: ServedResource, object: ApiObject): ApiObject {
  if (isOldAutoscaler(resource)) return fromV1(object);
  if (!isNewerEvent(resource)) return object;
  const renamed = renameFields(
    object,
    eventFields.map(([core, newer]) => [newer, core] as const),
  );
  return { ...renamed, apiVersion: 'v1' };
}

function renameFields(object: ApiObject, names: readonly (readonly [from: string, to: string])[]): ApiObject {
  const renamed: ApiObject = { ...object };
  for (const [from, to] of names) {
    if (!(from in renamed)) continue;
    renamed[to] = renamed[from];
    delete renamed[from];
  }
  return renamed;
}

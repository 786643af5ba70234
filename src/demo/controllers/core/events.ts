import type { Clock } from '../../../base/clock.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import { timestamp } from './conditions.ts';
import type { Collection } from './collection.ts';
import { namespaceOf, numberAt, uidOf } from './objects.ts';

/** What a controller tells of an object; the same thing told again counts up. */
export interface EventRecorder {
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}

/** Names kept for counting up; older ones start again, as they do after an event's hour has passed. */
const REMEMBERED = 2000;

export function eventRecorder(events: Collection, clock: Clock, component: string): EventRecorder {
  const names = new Map<string, { readonly namespace: string; readonly name: string }>();
  return {
    record(object, type, reason, message) {
      const namespace = namespaceOf(object) || 'default';
      const identity = [uidOf(object), type, reason, message].join('\n');
      const at = names.get(identity);
      const known = at === undefined ? undefined : events.get(at.namespace, at.name);
      const now = timestamp(clock.now());
      if (known) {
        events.update({ ...known, count: (numberAt(known, 'count') ?? 1) + 1, lastTimestamp: now });
        return;
      }
      const name = `${object.metadata.name}.${Math.floor(clock.now() * 1e6).toString(16)}${names.size.toString(16)}`;
      events.create({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject: {
          apiVersion: object.apiVersion,
          kind: object.kind,
          name: object.metadata.name,
          uid: uidOf(object),
          ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
          ...(object.metadata.resourceVersion === undefined
            ? {}
            : { resourceVersion: object.metadata.resourceVersion }),
        },
        reason,
        message,
        type,
        source: { component },
        reportingComponent: component,
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      });
      if (names.size >= REMEMBERED) names.clear();
      names.set(identity, { namespace, name });
    },
  };
}

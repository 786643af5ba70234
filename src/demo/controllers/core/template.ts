import { errorText } from '../../../base/errors.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Collection } from './collection.ts';
import type { EventRecorder } from './events.ts';
import { controllerReference, jsonAt, namespaceOf, type Json, type NewObject } from './objects.ts';

export interface PodShape {
  readonly name?: string;
  readonly generateName?: string;
  readonly labels?: Json;
  readonly annotations?: Json;
  /** Fields over those of the template's spec. */
  readonly spec?: Json;
}

/** A pod of a template, managed by `owner`. */
export function podOf(owner: KubeObject, template: Json, shape: PodShape): NewObject {
  const metadata = jsonAt(template, 'metadata');
  const annotations = { ...jsonAt(metadata, 'annotations'), ...shape.annotations };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(shape.name === undefined ? { generateName: shape.generateName } : { name: shape.name }),
      namespace: namespaceOf(owner),
      labels: { ...jsonAt(metadata, 'labels'), ...shape.labels },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: { ...jsonAt(template, 'spec'), ...shape.spec },
  };
}

/** Creates a pod for its owner, and tells the owner's reader when it was refused (a quota, a missing service account). */
export function createPod(pods: Collection, events: EventRecorder, owner: KubeObject, pod: NewObject): KubeObject {
  try {
    return pods.create(pod);
  } catch (error) {
    events.record(owner, 'Warning', 'FailedCreate', `Error creating: ${errorText(error)}`);
    throw error;
  }
}

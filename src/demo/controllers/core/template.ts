import type { KubeObject } from '../../../kube/types.ts';
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

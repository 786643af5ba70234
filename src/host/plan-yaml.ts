import { stringify } from 'yaml';
import { isObject } from '../base/json.ts';
import type { PlannedObject } from '../deployment/types.ts';
import type { KubeObject } from '../kube/model/types.ts';

/** An object as YAML for reading: without the server's bookkeeping, and a Secret without its values. */
export function readableYaml(object: KubeObject): string {
  const {
    managedFields: _managed,
    resourceVersion: _version,
    uid: _uid,
    creationTimestamp: _created,
    generation: _generation,
    ...metadata
  } = object.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  const { status: _status, ...rest } = object;
  const shown: Record<string, unknown> = { ...rest, metadata };
  if (object.kind === 'Secret') {
    for (const field of ['data', 'stringData'])
      if (isObject(shown[field]))
        shown[field] = Object.fromEntries(Object.keys(shown[field]).map((key) => [key, '(not shown)']));
  }
  return stringify(shown, { lineWidth: 0 });
}

/** The whole plan as one YAML stream, as it would be applied. */
export function planYaml(objects: readonly PlannedObject[]): string {
  return objects
    .map(
      ({ action, conflict, object }) =>
        `# ${action}${conflict === undefined ? '' : `: ${conflict}`}\n${readableYaml(object)}`,
    )
    .join('---\n');
}

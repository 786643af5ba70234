import type { ProtobufLayout } from './data.ts';
import type { OmitsZero } from '../schema/index.ts';

/** Which fields of native types JSON leaves out when they are zero; the layout of the types' messages knows it. */
export function omittedZeros(layout: ProtobufLayout): OmitsZero {
  const known = new Map<string, ReadonlySet<string>>();
  const fieldsOf = (message: string): ReadonlySet<string> => {
    const found = known.get(message);
    if (found) return found;
    const fields = new Set<string>();
    for (const text of Object.values(layout.messages[message] ?? {})) {
      const [name = '', type = '', flags = ''] = text.split(' ');
      if (flags.includes('i')) for (const inner of fieldsOf(type)) fields.add(inner);
      else if (flags.includes('z')) fields.add(name);
    }
    known.set(message, fields);
    return fields;
  };
  return (definition, field) => fieldsOf(messageOf(definition)).has(field);
}

/** `core/v1.PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
function messageOf(definition: string): string {
  const [kind = '', version = '', group = ''] = definition.split('.').toReversed();
  return `${group}/${version}.${kind}`;
}

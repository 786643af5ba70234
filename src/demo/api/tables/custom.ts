import type { ApiObject } from '../base/object.ts';
import type { CustomResource } from '../catalogue/registry.ts';
import { age } from './duration.ts';
import { jsonPath } from '../base/json-path.ts';

/** The cells of a custom resource: its name, then the columns of its definition. */
export function customCells(custom: CustomResource, object: ApiObject, now: number): readonly unknown[] {
  return [
    object.metadata.name,
    ...custom.columns.map((column) => cell(jsonPath(object, column.jsonPath), column.type, now)),
  ];
}

/** Several values of one path are shown as the list that they are. */
function cell(values: readonly unknown[], type: string, now: number): unknown {
  const [first] = values;
  if (first === undefined || first === null) return null;
  switch (type) {
    case 'date':
      return age(first, now);
    case 'integer':
      return typeof first === 'number' ? Math.trunc(first) : null;
    case 'number':
      return typeof first === 'number' ? first : null;
    case 'boolean':
      return typeof first === 'boolean' ? first : null;
    default: {
      if (values.length > 1) return values.map(text).join(',');
      return text(first);
    }
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

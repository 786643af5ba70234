import type { ObjectSchema, Violation } from './types.ts';

export function required(path: string, detail = ''): Violation {
  return { path, reason: 'FieldValueRequired', message: withDetail('Required value', detail) };
}

export function invalid(path: string, value: unknown, detail: string): Violation {
  return { path, reason: 'FieldValueInvalid', message: withDetail(`Invalid value: ${shown(value)}`, detail) };
}

export function typeInvalid(path: string, value: unknown, detail: string): Violation {
  return { path, reason: 'FieldValueTypeInvalid', message: withDetail(`Invalid value: ${shown(value)}`, detail) };
}

export function notSupported(path: string, value: unknown, supported: readonly unknown[]): Violation {
  return {
    path,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(', ')}`,
  };
}

export function forbidden(path: string, detail: string): Violation {
  return { path, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) };
}

export function duplicate(path: string, value: unknown): Violation {
  return { path, reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown(value)}` };
}

export function notFound(path: string, value: unknown): Violation {
  return { path, reason: 'FieldValueNotFound', message: `Not found: ${shown(value)}` };
}

export function tooLong(path: string, limit: number): Violation {
  return { path, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${limit} bytes` };
}

export function tooMany(path: string, count: number, limit: number): Violation {
  return {
    path,
    reason: 'FieldValueTooMany',
    message: `Too many: ${count}: must have at most ${limit} ${limit === 1 ? 'item' : 'items'}`,
  };
}

export function immutable(path: string, value: unknown): Violation {
  return invalid(path, value, 'field is immutable');
}

/** The message of the 422: `Deployment.apps "x" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function invalidMessage(
  schema: Pick<ObjectSchema, 'group' | 'kind'>,
  name: string,
  violations: readonly Violation[],
): string {
  const kind = schema.group === '' ? schema.kind : `${schema.kind}.${schema.group}`;
  return `${kind} ${JSON.stringify(name)} is invalid: ${violationText(violations)}`;
}

/** All violations in one line, each once. */
export function violationText(violations: readonly Violation[]): string {
  const texts = [...new Set(violations.map(({ path, message }) => `${path}: ${message}`))];
  return texts.length === 1 ? texts.join('') : `[${texts.join(', ')}]`;
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

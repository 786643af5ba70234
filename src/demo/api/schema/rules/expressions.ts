import type { SchemaNode } from '../node.ts';
import type { ObjectSchema, Violation } from '../types.ts';

const RULES = 'x-kubernetes-validations';
/** Faults after which the rules of a schema are not looked at: they could not be relied on. */
const BLOCKING: ReadonlySet<string> = new Set([
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** What the server says of the rules of a custom resource's schema that it did not come to. */
export function uncheckedRules(schema: ObjectSchema, violations: readonly Violation[]): readonly Violation[] {
  if (!violations.some(({ reason }) => BLOCKING.has(reason)) || !hasRules(schema.root)) return [];
  return [
    {
      path: '<nil>',
      reason: 'FieldValueInvalid',
      message:
        'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    },
  ];
}

const known = new WeakMap<SchemaNode, boolean>();

function hasRules(node: SchemaNode | undefined): boolean {
  if (node === undefined) return false;
  const before = known.get(node);
  if (before !== undefined) return before;
  const found =
    node.keywords[RULES] !== undefined ||
    hasRules(node.items) ||
    hasRules(node.additional) ||
    node.propertyNames.some((name) => hasRules(node.property(name)));
  known.set(node, found);
  return found;
}

import { isObject } from '../../../../base/json.ts';
import { forbidden, invalid, required } from '../field-errors.ts';
import { isList } from '../json.ts';
import type { Json, Violation } from '../types.ts';
import { labelViolations } from './metadata.ts';
import { qualifiedNameErrors } from './names.ts';

export function selectorViolations(selector: unknown, path: string): Violation[] {
  if (!isObject(selector)) return [];
  const expressions = isList(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  return [
    ...labelViolations(selector['matchLabels'], `${path}.matchLabels`),
    ...expressions.flatMap((expression, index) =>
      isObject(expression) ? expressionViolations(expression, `${path}.matchExpressions[${index}]`) : [],
    ),
  ];
}

function expressionViolations(expression: Json, path: string): Violation[] {
  const { key, operator } = expression;
  const values = isList(expression['values']) ? expression['values'] : [];
  const keyErrors = qualifiedNameErrors(typeof key === 'string' ? key : '').map((error) =>
    invalid(`${path}.key`, key ?? '', error),
  );
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? keyErrors
        : [...keyErrors, required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? keyErrors
        : [
            ...keyErrors,
            forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          ];
    default:
      return [...keyErrors, invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator')];
  }
}

/** Whether labels satisfy a label selector. An absent selector matches nothing, an empty one everything. */
export function selectorMatches(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(selector)) return false;
  const wanted = isObject(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : [];
  const expressions = isList(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every((expression) => isObject(expression) && expressionMatches(expression, labels))
  );
}

function expressionMatches(expression: Json, labels: Readonly<Record<string, unknown>>): boolean {
  const key = String(expression['key']);
  const present = Object.hasOwn(labels, key);
  const values = isList(expression['values']) ? expression['values'] : [];
  switch (expression['operator']) {
    case 'In':
      return present && values.includes(labels[key]);
    case 'NotIn':
      return !present || !values.includes(labels[key]);
    case 'Exists':
      return present;
    case 'DoesNotExist':
      return !present;
    default:
      return false;
  }
}

import { badRequest } from '../base/status.ts';

type LabelPredicate = (labels: Readonly<Record<string, string>>) => boolean;
type FieldPredicate = (fields: Readonly<Record<string, string>>) => boolean;

/** Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k`; a syntax error is a 400. */
export function parseLabelSelector(text: string): LabelPredicate {
  const requirements = splitOutsideParentheses(text).map((part) => parseLabelRequirement(part, text));
  return (labels) => requirements.every((requirement) => requirement(labels));
}

function splitOutsideParentheses(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (char === ',' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += char;
  }
  parts.push(part);
  return parts.map((item) => item.trim()).filter((item) => item !== '');
}

const keyPattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const setRequirement = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const equalityRequirement = /^([^=!<>\s]+)\s*(==|=|!=|>|<)\s*(\S*)$/;

function parseLabelRequirement(part: string, whole: string): LabelPredicate {
  const set = setRequirement.exec(part);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    checkKey(key, whole);
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (labels) => key in labels && values.has(labels[key] ?? '')
      : (labels) => !(key in labels && values.has(labels[key] ?? ''));
  }
  const equality = equalityRequirement.exec(part);
  if (equality) {
    const [, key = '', operator = '', value = ''] = equality;
    checkKey(key, whole);
    if (operator === '>' || operator === '<') {
      const bound = Number(value);
      return (labels) =>
        key in labels && (operator === '>' ? Number(labels[key]) > bound : Number(labels[key]) < bound);
    }
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const negated = part.startsWith('!');
  const key = negated ? part.slice(1).trim() : part;
  checkKey(key, whole);
  return negated ? (labels) => !(key in labels) : (labels) => key in labels;
}

function checkKey(key: string, whole: string): void {
  if (!keyPattern.test(key))
    throw badRequest(`unable to parse requirement: found '${whole}', expected: a valid label selector`);
}

interface FieldTerm {
  readonly field: string;
  readonly negated: boolean;
  readonly value: string;
}

function parseFieldTerms(text: string): readonly FieldTerm[] {
  return text
    .split(/(?<!\\),/)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^([^=!]+)(!=|==|=)(.*)$/.exec(part);
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
      const [, field = '', operator, value = ''] = match;
      return { field, negated: operator === '!=', value: value.replaceAll(/\\([\\,=])/g, '$1') };
    });
}

/** Parses `status.phase!=Running,spec.nodeName=a`. Each kind names the fields that it can be selected by; another one is a 400. */
export function parseFieldSelector(text: string, supported: readonly string[]): FieldPredicate {
  const terms = parseFieldTerms(text);
  for (const term of terms) {
    if (!supported.includes(term.field)) throw badRequest(`field label not supported: ${term.field}`);
  }
  return (fields) => terms.every((term) => ((fields[term.field] ?? '') === term.value) !== term.negated);
}

/** A LabelSelector of an object as a predicate. The empty selector matches everything. */
interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return equal && (selector.matchExpressions ?? []).every((expression) => expressionMatches(expression, labels));
}

function expressionMatches(
  expression: { readonly key: string; readonly operator: string; readonly values?: readonly string[] },
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[expression.key];
  switch (expression.operator) {
    case 'In':
      return value !== undefined && (expression.values ?? []).includes(value);
    case 'NotIn':
      return value === undefined || !(expression.values ?? []).includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** A LabelSelector in the one-line form of tables, `kubectl describe` and the scale subresource. */
export function formatSelector(selector: LabelSelector | undefined): string {
  if (selector === undefined) return '';
  const labels = Object.entries(selector.matchLabels ?? {})
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map((expression) => {
    switch (expression.operator) {
      case 'In':
        return `${expression.key} in (${(expression.values ?? []).join(',')})`;
      case 'NotIn':
        return `${expression.key} notin (${(expression.values ?? []).join(',')})`;
      case 'Exists':
        return expression.key;
      default:
        return `!${expression.key}`;
    }
  });
  return [...labels, ...expressions].join(',');
}

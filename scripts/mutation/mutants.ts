import { parseSync } from 'oxc-parser';

/** One small change of a source file. */
export interface Mutant {
  /** Offsets of the text that it replaces. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly line: number;
}

/** A part of the syntax tree, of which only what is changed is known. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [part: string]: unknown;
}

type Change = Pick<Mutant, 'start' | 'end' | 'text'>;

const OPERATORS: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
  '??': '&&',
  '+=': '-=',
  '-=': '+=',
};

/** Calls that go, so that what they are called on stands for their answer, and those that become another. */
const CALLS: Readonly<Record<string, string | undefined>> = {
  filter: undefined,
  slice: undefined,
  toSorted: undefined,
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
};

/** What people read: a test that fixes every word of it would be in the way. */
const WORDS: ReadonlySet<string> = new Set(['message', 'hint', 'cause']);

/** Changes of what a file does, one at a time, as a slip of the hand could make them; types and imports are left alone. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  return changesBelow(parseSync(file, source, { astType: 'ts' }).program, source)
    .filter((change) => parseSync(file, mutated(source, change)).errors.length === 0)
    .map((change) => ({ ...change, line: source.slice(0, change.start).split('\n').length }))
    .toSorted((a, b) => a.start - b.start);
}

export function mutated(source: string, { start, end, text }: Change): string {
  return source.slice(0, start) + text + source.slice(end);
}

function changesBelow(value: unknown, source: string): readonly Change[] {
  if (Array.isArray(value)) return value.flatMap((each) => changesBelow(each, source));
  if (!isNode(value)) return [];
  if (/^TS(?!AsExpression|NonNull|Satisfies)|^Import|^Export(All|Named)/.test(value.type) && !isDeclared(value))
    return [];
  const below = Object.entries(value).flatMap(([name, part]) =>
    name === 'typeAnnotation' || name === 'returnType' || name === 'typeArguments' ? [] : changesBelow(part, source),
  );
  return [...changesOf(value, source), ...below];
}

function changesOf(node: Node, source: string): readonly Change[] {
  const replaced = ({ start, end }: Node, text: string): Change => ({ start, end, text });
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression': {
      const operator = String(node['operator']);
      const [left, right] = [node['left'] as Node, node['right'] as Node];
      const other = OPERATORS[operator];
      // Text without its plus is no number: any test sees that.
      if (other === undefined || (operator.startsWith('+') && [left, right].some(isText))) return [];
      // Whatever stands between the two sides beside the operator stays.
      const start = left.end + source.slice(left.end, right.start).indexOf(operator);
      return [{ start, end: start + operator.length, text: other }];
    }
    case 'UnaryExpression': {
      const negated = node['operator'] === '!' ? (node['argument'] as Node) : undefined;
      return negated === undefined ? [] : [replaced(node, source.slice(negated.start, negated.end))];
    }
    case 'IfStatement':
    case 'ConditionalExpression': {
      const test = node['test'] as Node;
      return [replaced(test, 'true'), replaced(test, 'false')];
    }
    case 'Literal': {
      const { value } = node;
      if (typeof value === 'boolean') return [replaced(node, String(!value))];
      return typeof value === 'number' ? [replaced(node, String(value + 1))] : [];
    }
    case 'CallExpression': {
      const callee = node['callee'] as Node;
      const property = callee['property'] as Node | undefined;
      const name = String(property?.['name']);
      if (callee.type !== 'MemberExpression' || property === undefined || !Object.hasOwn(CALLS, name)) return [];
      const other = CALLS[name];
      const object = callee['object'] as Node;
      return [other === undefined ? replaced(node, source.slice(object.start, object.end)) : replaced(property, other)];
    }
    case 'ObjectExpression':
      return (node['properties'] as readonly Node[])
        .filter((property) => !WORDS.has(String((property['key'] as Node | undefined)?.['name'])))
        .map((property) => withComma(property, source));
    case 'ExpressionStatement':
      return [replaced(node, ';')];
    default:
      return [];
  }
}

/** A property with the comma behind it. */
function withComma({ start, end }: Node, source: string): Change {
  const comma = /^\s*,/.exec(source.slice(end))?.[0].length ?? 0;
  return { start, end: end + comma, text: '' };
}

function isText(node: Node): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node['value'] === 'string');
}

/** `export const`, `export function`: what is exported is changed like anything else. */
function isDeclared(node: Node): boolean {
  return node.type === 'ExportNamedDeclaration' && node['declaration'] !== null;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Node>).type === 'string';
}

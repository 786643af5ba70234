import { isObject } from '../../../base/json.ts';

/**
 * A set of field paths as a tree, the way `fieldsV1` writes them. Keys are path elements: `f:spec` a field,
 * `k:{"name":"x"}` an item of a keyed list, `v:"x"` an item of a set. `member`: the path that ends here is in the set.
 */
export interface FieldTree {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldTree>;
}

export const EMPTY: FieldTree = { member: false, children: new Map() };
export const MEMBER: FieldTree = { member: true, children: new Map() };

export function isEmpty(tree: FieldTree): boolean {
  return !tree.member && tree.children.size === 0;
}

/** A tree of these children; empty ones are left out. */
export function treeOf(member: boolean, children: Iterable<readonly [string, FieldTree]>): FieldTree {
  const kept = new Map<string, FieldTree>();
  for (const [element, child] of children) if (!isEmpty(child)) kept.set(element, child);
  return { member, children: kept };
}

export function union(left: FieldTree, right: FieldTree): FieldTree {
  if (isEmpty(left)) return right;
  if (isEmpty(right)) return left;
  const children = new Map(left.children);
  for (const [element, child] of right.children) children.set(element, union(children.get(element) ?? EMPTY, child));
  return { member: left.member || right.member, children };
}

export function difference(left: FieldTree, right: FieldTree): FieldTree {
  return treeOf(
    left.member && !right.member,
    left.children.entries().map(([element, child]) => {
      const other = right.children.get(element);
      return [element, other ? difference(child, other) : child];
    }),
  );
}

export function intersection(left: FieldTree, right: FieldTree): FieldTree {
  return treeOf(
    left.member && right.member,
    left.children
      .entries()
      .map(([element, child]) => [element, intersection(child, right.children.get(element) ?? EMPTY)]),
  );
}

export function equalTrees(left: FieldTree, right: FieldTree): boolean {
  return (
    left.member === right.member &&
    left.children.size === right.children.size &&
    left.children.entries().every(([element, child]) => {
      const other = right.children.get(element);
      return other !== undefined && equalTrees(child, other);
    })
  );
}

/** Every path of the set, in the order of its elements. */
export function paths(tree: FieldTree, prefix: readonly string[] = []): readonly (readonly string[])[] {
  const own = tree.member ? [prefix] : [];
  const elements = tree.children.keys().toArray().sort();
  return [...own, ...elements.flatMap((element) => paths(tree.children.get(element) ?? EMPTY, [...prefix, element]))];
}

/** As people read it: `.spec.containers[name="c"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

function elementText(element: string): string {
  const body = element.slice(2);
  if (element.startsWith('f:')) return `.${body}`;
  if (element.startsWith('v:')) return `[=${body}]`;
  if (element.startsWith('k:')) {
    const keys: unknown = JSON.parse(body);
    const fields = isObject(keys) ? Object.entries(keys) : [];
    return `[${fields.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
  }
  return `[${body}]`;
}

export function toFieldsV1(tree: FieldTree): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const element of tree.children.keys().toArray().sort()) {
    const child = tree.children.get(element) ?? EMPTY;
    out[element] = child.member && child.children.size > 0 ? { '.': {}, ...toFieldsV1(child) } : toFieldsV1(child);
  }
  return out;
}

/** A path element without content is a member; one with content only when it holds `.`. */
export function fromFieldsV1(fields: unknown): FieldTree {
  if (!isObject(fields)) return EMPTY;
  return treeOf(
    false,
    Object.entries(fields)
      .filter(([element]) => element !== '.')
      .map(([element, inner]) => [element, elementFromV1(inner)]),
  );
}

function elementFromV1(fields: unknown): FieldTree {
  const inside = fromFieldsV1(fields);
  const member = inside.children.size === 0 || (isObject(fields) && Object.hasOwn(fields, '.'));
  return { member, children: inside.children };
}

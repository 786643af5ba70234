import { isObject } from '../../../base/json.ts';
import { difference, EMPTY, intersection, isEmpty, MEMBER, treeOf, union, type FieldTree } from './field-tree.ts';
import { equalJson, setKey } from './json.ts';
import type { SchemaNode } from './node.ts';
import { fieldElement, itemElement, itemsByElement, shapeOf } from './shape.ts';

/** The fields that an applied configuration names, and so owns. */
export function fieldsOf(node: SchemaNode | undefined, value: unknown): FieldTree {
  switch (shapeOf(node, value)) {
    case 'leaf':
      return MEMBER;
    case 'list':
      return treeOf(
        false,
        list(node, value).map(([element, item]) => [element, { ...fieldsOf(node?.items, item), member: true }]),
      );
    case 'map': {
      const entries = isObject(value) ? Object.entries(value) : [];
      return treeOf(
        false,
        entries.map(([key, inner]) => {
          const child = fieldsOf(node?.child(key), inner);
          const declared = node?.property(key) !== undefined;
          return [fieldElement(key), { ...child, member: child.member || !declared || isEmpty(child) }];
        }),
      );
    }
  }
}

function list(node: SchemaNode | undefined, value: unknown): (readonly [string, unknown])[] {
  return node ? itemsByElement(node, value).entries().toArray() : [];
}

/** What distinguishes two objects: the paths that came, went, and changed their value. */
export interface Comparison {
  readonly added: FieldTree;
  readonly removed: FieldTree;
  readonly modified: FieldTree;
}

const SAME: Comparison = { added: EMPTY, removed: EMPTY, modified: EMPTY };

/** Undefined stands for an absent value on either side. */
export function compare(node: SchemaNode | undefined, before: unknown, after: unknown): Comparison {
  if (before === undefined && after === undefined) return SAME;
  const shape = shapeOf(node, before, after);
  if (shape === 'leaf' || (hasNothing(before) && hasNothing(after))) return compareLeaf(before, after);
  const pairs = shape === 'map' ? pairsOfMaps(node, before, after) : pairsOfLists(node, before, after);
  const inside = pairs.map((pair) => [pair.element, compare(pair.node, pair.before, pair.after)] as const);
  return {
    added: treeOf(
      before === undefined,
      inside.map(([element, child]) => [element, child.added]),
    ),
    removed: treeOf(
      after === undefined,
      inside.map(([element, child]) => [element, child.removed]),
    ),
    modified: treeOf(
      false,
      inside.map(([element, child]) => [element, child.modified]),
    ),
  };
}

function compareLeaf(before: unknown, after: unknown): Comparison {
  if (before === undefined) return { ...SAME, added: MEMBER };
  if (after === undefined) return { ...SAME, removed: MEMBER };
  return equalJson(before, after) ? SAME : { ...SAME, modified: MEMBER };
}

function hasNothing(value: unknown): boolean {
  return (
    value == null || (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0)
  );
}

interface Pair {
  readonly element: string;
  readonly node: SchemaNode | undefined;
  readonly before: unknown;
  readonly after: unknown;
}

function pairsOfMaps(node: SchemaNode | undefined, before: unknown, after: unknown): Pair[] {
  const left = isObject(before) ? before : {};
  const right = isObject(after) ? after : {};
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].map((key) => ({
    element: fieldElement(key),
    node: node?.child(key),
    before: own(left, key),
    after: own(right, key),
  }));
}

function pairsOfLists(node: SchemaNode | undefined, before: unknown, after: unknown): Pair[] {
  const left = new Map(list(node, before));
  const right = new Map(list(node, after));
  return [...new Set([...left.keys(), ...right.keys()])].map((element) => ({
    element,
    node: node?.items,
    before: left.get(element),
    after: right.get(element),
  }));
}

function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The live value with the applied one laid over it: what the applied one names wins, the rest stays. */
export function merge(node: SchemaNode | undefined, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  switch (shapeOf(node, live, applied)) {
    case 'leaf':
      return applied;
    case 'map': {
      if (!isObject(applied) || !isObject(live)) return applied;
      const merged = { ...live };
      for (const [key, value] of Object.entries(applied))
        setKey(merged, key, merge(node?.child(key), own(live, key), value));
      return merged;
    }
    case 'list':
      return node && Array.isArray(applied) && Array.isArray(live) ? mergeLists(node, live, applied) : applied;
  }
}

/** Applied items keep their order; items that only the live list has keep their place before the shared item that follows them. */
function mergeLists(node: SchemaNode, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const wanted = itemsByElement(node, applied);
  const pending = wanted.entries().toArray();
  const present = itemsByElement(node, live);
  const placed = new Set<string>();
  const merged: unknown[] = [];
  const placeNext = (): void => {
    const [element, item] = pending.shift() ?? [];
    if (element === undefined) return;
    placed.add(element);
    merged.push(merge(node.items, present.get(element), item));
  };
  for (const [element, item] of present) {
    if (!wanted.has(element)) merged.push(item);
    while (wanted.has(element) && !placed.has(element)) placeNext();
  }
  while (pending.length > 0) placeNext();
  return merged;
}

/** The value without the paths of `removed`. A map or list that this leaves empty goes too; undefined means that nothing is left. */
export function without(node: SchemaNode | undefined, value: unknown, removed: FieldTree): unknown {
  if (removed.children.size === 0) return value;
  const shape = shapeOf(node, value);
  if (shape === 'map' && isObject(value)) {
    const kept: Record<string, unknown> = {};
    for (const [key, inner] of Object.entries(value)) {
      const left = withoutChild(node?.child(key), inner, removed.children.get(fieldElement(key)));
      if (left !== undefined) setKey(kept, key, left);
    }
    return Object.keys(kept).length > 0 ? kept : undefined;
  }
  if (shape === 'list' && node && Array.isArray(value)) {
    const kept = value.flatMap((item) => {
      const left = withoutChild(node.items, item, removed.children.get(itemElement(node, item)));
      return left === undefined ? [] : [left];
    });
    return kept.length > 0 ? kept : undefined;
  }
  return value;
}

function withoutChild(node: SchemaNode | undefined, value: unknown, removed: FieldTree | undefined): unknown {
  if (removed === undefined) return value;
  return removed.member ? undefined : without(node, value, removed);
}

/** Adds to a set the declared fields on the way to its members, which `fieldsV1` leaves out where they are not owned as such. */
export function withNamedFields(node: SchemaNode | undefined, tree: FieldTree): FieldTree {
  return treeOf(
    tree.member,
    tree.children.entries().map(([element, child]) => {
      const declared = element.startsWith('f:') && node?.property(element.slice(2)) !== undefined;
      const inner = withNamedFields(element.startsWith('f:') ? node?.child(element.slice(2)) : node?.items, child);
      return [element, { ...inner, member: inner.member || declared }];
    }),
  );
}

/**
 * After an apply: what the manager owned before and named no more is taken away, unless another manager (or its own
 * new configuration) owns it. `owned` is the union of all managers' sets after the apply.
 */
export function dropDisowned(root: SchemaNode, merged: unknown, last: FieldTree, owned: FieldTree): unknown {
  const before = withNamedFields(root, last);
  const all = withNamedFields(root, fieldsOf(root, merged));
  const pruned = fieldsOfRest(root, without(root, merged, before));
  const kept = without(root, merged, difference(all, union(pruned, withNamedFields(root, owned))));
  const gone = difference(all, fieldsOfRest(root, kept));
  return without(root, merged, intersection(gone, before));
}

function fieldsOfRest(root: SchemaNode, value: unknown): FieldTree {
  return value === undefined ? EMPTY : withNamedFields(root, fieldsOf(root, value));
}

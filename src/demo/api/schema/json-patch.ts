import { isObject } from '../../../base/json.ts';
import { equalJson, isList, setKey } from './json.ts';
import { patchInvalid, patchMalformed } from './patch-errors.ts';
import type { Json } from './types.ts';

/** JSON patch (RFC 6902): all operations in order, or none. */
export function jsonPatch(document: Json, operations: unknown): Json {
  if (!Array.isArray(operations)) throw patchMalformed('a JSON patch must be a list of operations');
  const patched = operations.reduce<unknown>((value, operation) => applyOperation(value, operation), document);
  if (!isObject(patched)) throw patchInvalid('the JSON patch leaves no object');
  return patched;
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isObject(operation)) throw patchMalformed('an operation of a JSON patch must be an object');
  const path = pointer(operation, 'path');
  switch (operation['op']) {
    case 'add':
      return add(document, path, valueOf(operation));
    case 'remove':
      return remove(document, path);
    case 'replace': {
      const value = valueOf(operation);
      lookup(document, path);
      return replace(document, path, value);
    }
    case 'move': {
      const from = pointer(operation, 'from');
      return add(remove(document, from), path, lookup(document, from));
    }
    case 'copy':
      return add(document, path, lookup(document, pointer(operation, 'from')));
    case 'test':
      if (!equalJson(lookup(document, path), operation['value'] ?? null))
        throw patchInvalid(`testing value ${pointerText(path)} failed: test failed`);
      return document;
    default:
      throw patchInvalid(`unknown operation of a JSON patch: ${JSON.stringify(operation['op'])}`);
  }
}

function valueOf(operation: Readonly<Record<string, unknown>>): unknown {
  if (!Object.hasOwn(operation, 'value'))
    throw patchMalformed(`the operation ${String(operation['op'])} needs a value`);
  return operation['value'];
}

function pointer(operation: Readonly<Record<string, unknown>>, field: 'path' | 'from'): readonly string[] {
  const text = operation[field];
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/')))
    throw patchMalformed(`${field} must be a JSON pointer, got ${JSON.stringify(text)}`);
  return text === ''
    ? []
    : text
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function pointerText(path: readonly string[]): string {
  return `/${path.join('/')}`;
}

function missing(path: readonly string[]): Error {
  return patchInvalid(`the JSON patch does not apply: ${pointerText(path)} does not exist`);
}

function lookup(document: unknown, path: readonly string[]): unknown {
  let here = document;
  for (const part of path) {
    if (isList(here)) {
      here = here[indexOf(here, part, here.length - 1, path)];
    } else {
      if (!isObject(here) || !Object.hasOwn(here, part)) throw missing(path);
      here = here[part];
    }
  }
  return here;
}

/** Rebuilds the parents of `path` around what `change` makes of the innermost one. */
function changeParent(
  document: unknown,
  path: readonly string[],
  change: (parent: unknown, key: string) => unknown,
): unknown {
  const [part, ...rest] = path;
  if (part === undefined) throw missing(path);
  if (rest.length === 0) return change(document, part);
  if (isList(document)) {
    const index = indexOf(document, part, document.length - 1, path);
    return document.with(index, changeParent(document[index], rest, change));
  }
  if (!isObject(document) || !Object.hasOwn(document, part)) throw missing(path);
  const copy = { ...document };
  setKey(copy, part, changeParent(document[part], rest, change));
  return copy;
}

function add(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return changeParent(document, path, (parent, key) => {
    if (isList(parent))
      return parent.toSpliced(key === '-' ? parent.length : indexOf(parent, key, parent.length, path), 0, value);
    return withKey(parent, key, value, path);
  });
}

function replace(document: unknown, path: readonly string[], value: unknown): unknown {
  if (path.length === 0) return value;
  return changeParent(document, path, (parent, key) => {
    if (isList(parent)) return parent.with(indexOf(parent, key, parent.length - 1, path), value);
    return withKey(parent, key, value, path);
  });
}

function remove(document: unknown, path: readonly string[]): unknown {
  lookup(document, path);
  return changeParent(document, path, (parent, key) => {
    if (isList(parent)) return parent.toSpliced(indexOf(parent, key, parent.length - 1, path), 1);
    if (!isObject(parent)) throw missing(path);
    const { [key]: _removed, ...rest } = parent;
    return rest;
  });
}

function withKey(parent: unknown, key: string, value: unknown, path: readonly string[]): Json {
  if (!isObject(parent)) throw missing(path);
  const copy = { ...parent };
  setKey(copy, key, value);
  return copy;
}

function indexOf(list: readonly unknown[], part: string, last: number, path: readonly string[]): number {
  const index = /^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : Number.NaN;
  if (!(index <= last) || index > list.length) throw missing(path);
  return index;
}

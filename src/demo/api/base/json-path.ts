import { isObject } from '../../../base/json.ts';

/** The part of kubectl's JSONPath that printer columns use: `.a.b`, `['a']`, `[0]`, `[*]`, `[?(@.a=="b")]`. */
export function jsonPath(root: unknown, path: string): readonly unknown[] {
  let found: readonly unknown[] = [root];
  for (const step of steps(path)) found = found.flatMap((value) => walk(value, step));
  return found;
}

type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | { readonly kind: 'filter'; readonly key: string; readonly value: string };

const stepPattern = /\.((?:\\.|[^.[\\])*)|\['([^']*)'\]|\[(\d+)\]|\[(\*)\]|\[\?\(@\.([^=!)]+)==["']([^"']*)["']\)\]/g;

function steps(path: string): readonly Step[] {
  return [...path.replace(/^\{|\}$/g, '').matchAll(stepPattern)].flatMap((match): Step[] => {
    const [, dotted, quoted, index, all, filterKey, filterValue] = match;
    if (filterKey !== undefined) return [{ kind: 'filter', key: filterKey.trim(), value: filterValue ?? '' }];
    if (all !== undefined) return [{ kind: 'all' }];
    if (index !== undefined) return [{ kind: 'index', index: Number(index) }];
    const key = quoted ?? dotted ?? '';
    return key === '' ? [] : [{ kind: 'key', key: key.replaceAll('\\.', '.') }];
  });
}

function walk(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case 'key':
      return isObject(value) && value[step.key] !== undefined ? [value[step.key]] : [];
    case 'index':
      return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
    case 'all':
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case 'filter':
      return Array.isArray(value)
        ? value.filter((item) => isObject(item) && String(item[step.key]) === step.value)
        : [];
  }
}

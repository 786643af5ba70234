import { isObject } from '../../../src/base/json.ts';

export interface Difference {
  /** Dotted, from the answer's root. */
  readonly path: string;
  readonly demo: unknown;
  readonly real: unknown;
}

/** Every leaf in which two answers differ. */
export function differences(demo: unknown, real: unknown, path = ''): readonly Difference[] {
  if (Object.is(demo, real)) return [];
  if (Array.isArray(demo) && Array.isArray(real)) {
    const length = Math.max(demo.length, real.length);
    return Array.from({ length }, (_, index) => differences(demo[index], real[index], `${path}[${index}]`)).flat();
  }
  if (isObject(demo) && isObject(real)) {
    const keys = new Set([...Object.keys(demo), ...Object.keys(real)]);
    return [...keys].flatMap((key) => differences(demo[key], real[key], path === '' ? key : `${path}.${key}`));
  }
  return [{ path, demo, real }];
}

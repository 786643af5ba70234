import { arrayAt, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import { formatSelector } from '../verbs/selectors.ts';
import { age } from './duration.ts';

/** Cells of one kind, in the order of its columns. */
export type Printer = (object: ApiObject, now: number) => readonly unknown[];

export const none = '<none>';

export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? none : text;
}

export function ageOf(object: ApiObject, now: number): string {
  return age(object.metadata.creationTimestamp, now);
}

export function count(object: unknown, ...path: readonly string[]): number {
  return numberAt(object, ...path) ?? 0;
}

/** `{"a":"b"}` as `a=b`, in key order. */
export function pairs(value: unknown): string {
  if (!isObject(value)) return none;
  return orNone(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => `${key}=${String(item)}`)
      .join(','),
  );
}

/** Names and images of a pod template's containers: the wide columns of workloads. */
export function templateCells(template: unknown): readonly [string, string] {
  const containers = arrayAt(template, 'spec', 'containers');
  return [
    containers.map((container) => stringAt(container, 'name') ?? '').join(','),
    containers.map((container) => stringAt(container, 'image') ?? '').join(','),
  ];
}

export function selectorCell(selector: unknown): string {
  return orNone(formatSelector(isObject(selector) ? selector : undefined));
}

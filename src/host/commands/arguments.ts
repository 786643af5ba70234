import { Uri } from 'vscode';
import { isObject } from '../../base/json.ts';
import type { Target } from '../trees/row.ts';

type TargetOf<Kind extends Target['kind']> = Extract<Target, { readonly kind: Kind }>;

/**
 * VS Code hands a tree command the clicked element and, where several are selected, all of them as a second argument.
 * These readers check what really came; anything else is as if nothing had been given.
 */
export function targets<Kind extends Target['kind']>(given: readonly unknown[], kind: Kind): readonly TargetOf<Kind>[] {
  const [clicked, selected] = given;
  const elements: readonly unknown[] = Array.isArray(selected) && selected.length > 0 ? selected : [clicked];
  return elements.map(targetOf).filter((target): target is TargetOf<Kind> => target?.kind === kind);
}

export function firstTarget<Kind extends Target['kind']>(
  given: readonly unknown[],
  kind: Kind,
): TargetOf<Kind> | undefined {
  return targets(given.slice(0, 1), kind)[0];
}

/** A file on disk: from the explorer as a URI, or as a path from another command. */
export function filePath(given: readonly unknown[]): string | undefined {
  const [first] = given;
  if (typeof first === 'string') return first;
  return first instanceof Uri && first.scheme === 'file' ? first.fsPath : undefined;
}

function targetOf(element: unknown): Target | undefined {
  if (!isObject(element) || !isObject(element['row'])) return undefined;
  const { target } = element['row'];
  return isObject(target) && typeof target['kind'] === 'string' ? (target as unknown as Target) : undefined;
}

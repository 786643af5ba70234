import { isObject } from '../../base/json.ts';
import type { RemoteTrace } from '../../traces/types.ts';
import type { Target } from '../trees/target.ts';

/**
 * Reads what a tree, the explorer or a keybinding hands over: undefined where that is nothing usable. VS Code hands a
 * tree command the clicked element and, where several are selected, all of them as a second argument.
 */
export type Reader<Argument> = (given: readonly unknown[]) => Argument | undefined;

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export const deploymentName: Reader<string> = (given) => clicked(given, 'deployment')?.name;

export const podName: Reader<PodName> = (given) => clicked(given, 'pod');

export const runId: Reader<string> = (given) => clicked(given, 'run')?.id;

export const runIds: Reader<readonly string[]> = (given) => {
  const ids = selected(given, 'run').map((target) => target.id);
  return ids.length > 0 ? ids : undefined;
};

/** Those of all selected rows, each once. */
export const tracesInPods: Reader<readonly RemoteTrace[]> = (given) => {
  const traces = selected(given, 'remote-traces').flatMap((target) => target.traces);
  return traces.length > 0
    ? [...new Map(traces.map((trace) => [`${trace.pod}:${trace.path}`, trace])).values()]
    : undefined;
};

/** The path of a trace on disk. */
export const traceFile: Reader<string> = (given) => clicked(given, 'local-trace')?.path ?? explorerFile(given);

/** The path of whatever a row keeps on disk. */
export const fileOrFolder: Reader<string> = (given) =>
  traceFile(given) ?? clicked(given, 'trace-set')?.folder ?? clicked(given, 'run')?.folder;

type TargetOf<Kind extends Target['kind']> = Extract<Target, { readonly kind: Kind }>;

function clicked<Kind extends Target['kind']>(given: readonly unknown[], kind: Kind): TargetOf<Kind> | undefined {
  return selected(given.slice(0, 1), kind)[0];
}

function selected<Kind extends Target['kind']>(given: readonly unknown[], kind: Kind): readonly TargetOf<Kind>[] {
  const [first, all] = given;
  const elements: readonly unknown[] = Array.isArray(all) && all.length > 0 ? all : [first];
  return elements.map(targetOf).filter((target): target is TargetOf<Kind> => target?.kind === kind);
}

function targetOf(element: unknown): Target | undefined {
  if (!isObject(element) || !isObject(element['row'])) return undefined;
  const { target } = element['row'];
  return isObject(target) && typeof target['kind'] === 'string' ? (target as unknown as Target) : undefined;
}

/** VS Code's `Uri` of a file on disk. */
function explorerFile([uri]: readonly unknown[]): string | undefined {
  return isObject(uri) && uri['scheme'] === 'file' && typeof uri['fsPath'] === 'string' ? uri['fsPath'] : undefined;
}

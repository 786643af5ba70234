/** Where a setting was set, as `WorkspaceConfiguration.inspect` tells it. */
export interface Inspected {
  readonly defaultValue?: unknown;
  /** The person's, on this machine or on the remote one. */
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** From the strictest on: what may show a trace. */
const SOURCES = ['bundled', 'auto', 'public'] as const;
export type PerfettoSource = (typeof SOURCES)[number];

/** The person's patterns and those of the folder: a folder can call more contexts production, never fewer. */
export function productionPatterns(setting: Inspected | undefined): readonly string[] {
  const own = Array.isArray(setting?.globalValue) ? setting.globalValue : setting?.defaultValue;
  return [...new Set([own, setting?.workspaceValue, setting?.workspaceFolderValue].flatMap(texts))];
}

/** The person's choice, or the folder's where that is the stricter one. */
export function perfettoSource(setting: Inspected | undefined): PerfettoSource {
  const own = sourceOf(setting?.globalValue) ?? 'auto';
  const asked = [own, sourceOf(setting?.workspaceValue), sourceOf(setting?.workspaceFolderValue)];
  return SOURCES.find((source) => asked.includes(source)) ?? own;
}

/** The person's own name on shared clusters, and the one that the folder gives them; empty where none is set. */
export function owners(setting: Inspected | undefined): { readonly person: string; readonly folder: string } {
  return {
    person: text(setting?.globalValue),
    folder: text(setting?.workspaceFolderValue) || text(setting?.workspaceValue),
  };
}

function sourceOf(value: unknown): PerfettoSource | undefined {
  return SOURCES.find((source) => source === value);
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text).filter((each) => each !== '') : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

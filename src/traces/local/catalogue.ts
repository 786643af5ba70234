import * as z from 'zod';
import { isWorkbenchError } from '../../base/errors.ts';
import { safeName } from '../../base/safe-name.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';

export const CATALOGUE_FILE = 'traces.json';

const entrySchema = z.object({
  /** Below the set's folder, with `/`. */
  file: z.string(),
  pod: z.string(),
  container: z.string(),
  path: z.string(),
  bytes: z.number().int().nonnegative(),
  modified: z.number(),
  /** Program and figure that vouch for it; null while the file is not all there, or where the container has neither program. */
  checksum: z.string().nullable(),
  copied: z.boolean(),
});

const catalogueSchema = z.object({
  version: z.literal(1),
  context: z.string(),
  server: z.string(),
  namespace: z.string(),
  deployment: z.string().nullable(),
  /** ISO 8601, when the copy began. */
  copiedAt: z.string(),
  traces: z.array(entrySchema),
});

/** `traces/<n>/traces.json`: where the files of a set are from, and which of them are still to come. */
export type Catalogue = z.infer<typeof catalogueSchema>;
export type CatalogueEntry = z.infer<typeof entrySchema>;

/** Undefined where there is none that we can read: the files then speak for themselves. */
export async function readCatalogue(set: WorkspaceFiles): Promise<Catalogue | undefined> {
  try {
    const text = await set.read(CATALOGUE_FILE);
    return text === undefined ? undefined : catalogueSchema.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError || isWorkbenchError(error, 'file-unreadable')) return undefined;
    throw error;
  }
}

/** Whether the entry's file lies in a pod's folder of its set. The catalogue came with the workspace: anybody may have written it. */
export function staysInSet({ file }: CatalogueEntry): boolean {
  const parts = file.split('/');
  return parts.length > 1 && parts.every((part) => part === safeName(part));
}

export function writeCatalogue(set: WorkspaceFiles, catalogue: Catalogue): Promise<void> {
  return set.write(CATALOGUE_FILE, `${JSON.stringify(catalogue, null, 2)}\n`);
}

/** Makes `traces/<n>` with the next free number; two copies at once get two numbers. */
export async function makeNextSet(files: WorkspaceFiles, taken: readonly number[]): Promise<number> {
  for (let n = Math.max(0, ...taken) + 1; ; n++) if (await files.makeNewFolder(String(n))) return n;
}

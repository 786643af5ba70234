import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../../base/errors.ts';

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
export async function readCatalogue(folder: string): Promise<Catalogue | undefined> {
  try {
    const parsed = catalogueSchema.safeParse(JSON.parse(await readFile(join(folder, CATALOGUE_FILE), 'utf8')));
    return parsed.data;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whole or not at all, whatever happens meanwhile. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const fresh = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(fresh, text);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}

export function writeCatalogue(folder: string, catalogue: Catalogue): Promise<void> {
  return writeAtomically(join(folder, CATALOGUE_FILE), `${JSON.stringify(catalogue, null, 2)}\n`);
}

/** Makes `<root>/<n>` with the next free number; two copies at once get two numbers. */
export async function makeNextSet(root: string, taken: readonly number[]): Promise<number> {
  await mkdir(root, { recursive: true });
  for (let n = Math.max(0, ...taken) + 1; ; n++) {
    try {
      await mkdir(join(root, String(n)));
      return n;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The product's folder: the nearest one above this module that holds package.json, both bundled in `dist/` and from the sources. */
export function ownFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/** The program of the readers: a bundle beside this one, or a source where this is one. */
export function readerProgram(): string {
  return import.meta.url.endsWith('.ts')
    ? join(ownFolder(), 'src', 'reader.ts')
    : join(ownFolder(), 'dist', 'reader.mjs');
}

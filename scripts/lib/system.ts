import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The path of a program on the PATH, or undefined. */
export async function which(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    if (await exists(path)) return path;
  }
  return undefined;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

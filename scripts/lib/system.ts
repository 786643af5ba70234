import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The path of a program on the PATH (or another one like it), or undefined. */
export async function which(program: string, searched = process.env['PATH'] ?? ''): Promise<string | undefined> {
  for (const folder of searched.split(delimiter)) {
    const path = join(folder, program);
    if (await exists(path)) return path;
  }
  return undefined;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether a program with windows can show them. */
export function hasDisplay(): boolean {
  return process.platform !== 'linux' || (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']) !== undefined;
}

import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run } from './run.ts';
import { say } from './say.ts';

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

/** Installs Debian packages where this user may; else throws an error with the exact command. */
export async function aptInstall(packages: readonly string[], what: string): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const root = process.getuid?.() === 0;
  if (!root || !(await which('apt-get'))) throw new Error(`${what} is missing on this machine. Install it, for instance with:\n  ${root ? '' : 'sudo '}${command}`);
  say(command);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { say } from './say.ts';

/** Slow installs live outside the clone, so that a fresh clone finds them. */
export const cacheRoot = process.env['LLMDW_CACHE'] ?? join(homedir(), '.cache', 'llm-d-workbench');

/**
 * A folder in the cache that `install` fills once. Its name holds a hash of what it is made from, so a new version is a new folder.
 * A folder whose install was cut short has no stamp and is made anew.
 */
export async function cached(name: string, madeFrom: readonly string[], install: (folder: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256').update(madeFrom.join('\n')).digest('hex').slice(0, 12);
  const folder = join(cacheRoot, `${name}-${hash}`);
  const stamp = join(folder, '.installed');
  if (await readFile(stamp, 'utf8').then(() => true, () => false)) return folder;
  say(`installing ${name} into ${folder} (once)`);
  const building = `${folder}.${process.pid}`;
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true });
  try {
    await install(building);
    await writeFile(join(building, '.installed'), `${new Date().toISOString()}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

/** Installs what a folder of `scripts/installs` pins by its lockfile. */
export async function npmInstalled(name: string, source: string, extraArgs: readonly string[], run: (folder: string, args: readonly string[]) => Promise<void>): Promise<string> {
  const lock = await readFile(join(source, 'package-lock.json'), 'utf8');
  return cached(name, [lock, process.platform, process.arch], async (folder) => {
    await cp(source, folder, { recursive: true });
    await run(folder, ['ci', ...extraArgs]);
  });
}

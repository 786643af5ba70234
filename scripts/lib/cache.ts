import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { npm } from './npm.ts';
import { say } from './say.ts';
import { step, type Tell } from './step.ts';
import { exists } from './system.ts';

/** Slow installs live outside the clone, so that a fresh clone finds them. */
export const cacheRoot = process.env['LLMDW_CACHE'] ?? join(homedir(), '.cache', 'llm-d-workbench');

/** What a folder in the cache is called and made from: a new version is a new folder. */
export interface Cached {
  readonly name: string;
  readonly madeFrom: readonly string[];
}

function folderOf({ name, madeFrom }: Cached): string {
  const hash = createHash('sha256').update(madeFrom.join('\n')).digest('hex').slice(0, 12);
  return join(cacheRoot, `${name}-${hash}`);
}

/** A folder whose install was cut short has no stamp. */
export function isCached(what: Cached): Promise<boolean> {
  return exists(join(folderOf(what), '.installed'));
}

const installing = new Map<string, Promise<string>>();

/** A folder in the cache that `install` fills once, also when two ask at a time. It takes its name when it is whole. */
export function cached(what: Cached, install: (folder: string, tell: Tell) => Promise<void>): Promise<string> {
  const folder = folderOf(what);
  const made = installing.get(folder) ?? make(what, folder, install).finally(() => installing.delete(folder));
  installing.set(folder, made);
  return made;
}

async function make(
  what: Cached,
  folder: string,
  install: (folder: string, tell: Tell) => Promise<void>,
): Promise<string> {
  if (await isCached(what)) return folder;
  say(`installing ${what.name} into ${folder} (once)`);
  const building = `${folder}.${process.pid}`;
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true });
  try {
    await step(`installing ${what.name}`, (tell) => install(building, tell));
    await writeFile(join(building, '.installed'), `${new Date().toISOString()}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

/** What a folder of `scripts/installs` pins by its lockfile. */
export async function npmPinned(name: string, source: string): Promise<Cached> {
  return {
    name,
    madeFrom: [await readFile(join(source, 'package-lock.json'), 'utf8'), process.platform, process.arch],
  };
}

/** Installs what such a folder pins; `finish` makes what npm brought fit for use. */
export async function npmInstalled(
  name: string,
  source: string,
  args: readonly string[],
  finish: (folder: string) => Promise<void> = async () => {},
): Promise<string> {
  return cached(await npmPinned(name, source), async (folder, tell) => {
    await cp(source, folder, { recursive: true });
    await npm(['ci', ...args], { cwd: folder, tell });
    await finish(folder);
  });
}

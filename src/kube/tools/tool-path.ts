import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where package managers put tools that a desktop program's PATH often lacks. */
const COMMON = [
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/snap/bin',
  '/usr/local/google-cloud-sdk/bin',
];
const COMMON_IN_HOME = ['.local/bin', 'bin', 'google-cloud-sdk/bin', '.krew/bin', 'go/bin', '.asdf/shims'];

/** PATH first, then the common folders, each once. */
function searchPath(env: Environment, home: string): readonly string[] {
  const folders = [
    ...(env['PATH'] ?? env['Path'] ?? '').split(delimiter),
    ...COMMON,
    ...COMMON_IN_HOME.map((folder) => join(home, folder)),
  ];
  return [...new Set(folders.filter((folder) => folder !== ''))];
}

/** The environment for a child process, with the whole search path as its PATH. */
export function childEnvironment(
  env: Environment,
  home: string,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const whole = Object.entries({ ...env, PATH: searchPath(env, home).join(delimiter), ...extra });
  return Object.fromEntries(whole.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The first executable of this name on the search path. */
export async function findOnPath(name: string, env: Environment, home: string): Promise<string | undefined> {
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of searchPath(env, home)) {
    for (const candidate of names) {
      const path = join(folder, candidate);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

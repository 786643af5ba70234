import type { CompleterResult } from 'node:readline';
import type { IFileSystem } from 'just-bash';

/** What the word before the cursor may become, as readline takes it: a program's name as the first word of a command, else a path. */
export async function complete(
  before: string,
  setting: { readonly fs: IFileSystem; readonly cwd: string; readonly programs: ReadonlySet<string> },
): Promise<CompleterResult> {
  const word = /\S*$/.exec(before)?.[0] ?? '';
  const isCommand = /(?:^|[|;&(]\s*)\S*$/.test(before) && !word.includes('/');
  const candidates = isCommand
    ? setting.programs
        .values()
        .filter((name) => /^\w/.test(name))
        .toArray()
    : await pathCandidates(word, setting.fs, setting.cwd);
  const matching = candidates.filter((candidate) => candidate.startsWith(word)).toSorted();
  const [only, ...others] = matching;
  const whole = only !== undefined && others.length === 0 && !only.endsWith('/');
  return [whole ? [`${only} `] : matching, word];
}

async function pathCandidates(word: string, fs: IFileSystem, cwd: string): Promise<readonly string[]> {
  const slash = word.lastIndexOf('/');
  const directory = slash < 0 ? cwd : fs.resolvePath(cwd, word.slice(0, slash + 1));
  if (!(await fs.exists(directory)) || !(await fs.stat(directory)).isDirectory) return [];
  const names = await fs.readdir(directory);
  const hidden = word.slice(slash + 1).startsWith('.');
  const candidates: string[] = [];
  for (const name of names) {
    if (name.startsWith('.') && !hidden) continue;
    const { isDirectory } = await fs.stat(fs.resolvePath(directory, name)).catch(() => ({ isDirectory: false }));
    candidates.push(`${word.slice(0, slash + 1)}${name}${isDirectory ? '/' : ''}`);
  }
  return candidates;
}

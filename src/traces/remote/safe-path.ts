import { safeName } from '../../base/safe-name.ts';

/**
 * Relative paths, one a remote path and no two alike (also where case does not count): the remote names below the folder that
 * all of them share.
 */
export function safeRelativePaths(paths: readonly string[]): readonly string[] {
  const split = paths.map((path) => path.split('/').filter((part) => part !== '' && part !== '.' && part !== '..'));
  const shared = sharedFolders(split);
  const taken = new Set<string>();
  return split.map((parts) => {
    const wanted = parts.slice(shared).map(safeName);
    const path = (wanted.length > 0 ? wanted : ['_']).join('/');
    let free = path;
    for (let number = 2; taken.has(free.toLowerCase()); number++)
      free = path.replace(/([^/]*?)(\.[^/]*)?$/, `$1-${number}$2`);
    taken.add(free.toLowerCase());
    return free;
  });
}

function sharedFolders(paths: readonly (readonly string[])[]): number {
  const first = paths[0] ?? [];
  let shared = 0;
  while (
    paths.every((parts) => parts.length > shared + 1 && parts[shared] === first[shared]) &&
    shared + 1 < first.length
  )
    shared++;
  return shared;
}

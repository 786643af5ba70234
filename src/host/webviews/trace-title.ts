import { basename } from 'node:path';

/** `rank 3 · traces/12`, where a path says so; else the file's name. Short enough for an editor's tab. */
export function traceTitle(path: string): string {
  const name = basename(path);
  const rank = /rank[_-]?(\d+)/.exec(name)?.[1];
  const set = /[\\/]traces[\\/](\d+)[\\/]/.exec(path)?.[1];
  if (rank === undefined) return name;
  return set === undefined ? `rank ${rank}` : `rank ${rank} · traces/${set}`;
}

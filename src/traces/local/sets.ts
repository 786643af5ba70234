import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { LocalTrace, TraceSet } from '../types.ts';
import { readCatalogue } from './catalogue.ts';
import type { SummaryCache } from './summary-cache.ts';

const TRACE_NAME = /\.json(\.gz)?$/;

/** Numbers of the sets below `traces/`, newest first. */
export async function setNumbers(root: string): Promise<readonly number[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && /^[1-9]\d*$/.test(entry.name))
      .map((entry) => Number(entry.name))
      .toSorted((a, b) => b - a);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** What is on disk counts; the catalogue adds where it is from. Files that someone put there by hand are shown too. */
export async function readSet(files: WorkspaceFiles, n: number, cache: SummaryCache): Promise<TraceSet> {
  const { folder } = files.below(String(n));
  const catalogue = await readCatalogue(files.below(String(n)));
  const traces: LocalTrace[] = [];
  for (const path of await traceFiles(folder)) {
    const below = relative(folder, path).split(sep).join('/');
    const entry = catalogue?.traces.find((known) => known.file === below);
    const size = await sizeOf(path);
    if (size === undefined) continue;
    const rank = (await cache.rank(path)) ?? rankFromName(below);
    traces.push({ path, pod: entry?.pod ?? below.split('/')[0] ?? '', bytes: size, rank });
  }
  return {
    n,
    folder,
    deployment: catalogue?.deployment ?? null,
    copiedAt: catalogue?.copiedAt ?? null,
    traces: traces.toSorted(byRank),
  };
}

/** Rank 10 after rank 9; what has no rank comes last, by name. */
function byRank(a: LocalTrace, b: LocalTrace): number {
  return (a.rank ?? Infinity) - (b.rank ?? Infinity) || a.path.localeCompare(b.path, 'en', { numeric: true });
}

/** Undefined for a file that was deleted meanwhile. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function traceFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && TRACE_NAME.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const below = relative(folder, path).split(sep);
      // Files of a trace lie in a folder a pod; what starts with a dot is ours.
      return below.length > 1 && !below.some((part) => part.startsWith('.'));
    })
    .toSorted();
}

/**
 * The rank that a file's name tells. vLLM's `rankN` counts within an engine, so with data parallelism the `dpN` beside it is
 * the rank, as long as it is the only parallelism.
 */
export function rankFromName(name: string): number | null {
  const engine = /dp(\d+)_pp(\d+)_tp(\d+)/.exec(name);
  if (engine) return engine[2] === '0' && engine[3] === '0' ? Number(engine[1]) : null;
  const rank = /rank[-_]?(\d+)/.exec(name)?.[1];
  return rank === undefined ? null : Number(rank);
}

/** The pod of `traces/<n>/<pod>/…`, by its folder. */
export function podOf(root: string | undefined, path: string): string | undefined {
  if (root === undefined) return undefined;
  const [n = '', pod, file] = relative(root, resolve(path)).split(sep);
  return /^\d+$/.test(n) && file !== undefined ? pod : undefined;
}

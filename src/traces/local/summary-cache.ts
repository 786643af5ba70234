import { open, readFile, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import * as z from 'zod';
import { errorText, systemCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { parseExactJson, stringifyExactJson } from '../exact-json.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { TraceSummary } from '../types.ts';

/** Raise it when a figure's definition or the shape changes: older files are then not believed. */
const VERSION = 1;
const CACHE_FOLDER = '.cache';
/** Bytes of a cache file. A summary of 1 GB of trace has some 100 kB; a larger one is cheaper for the window when a reader makes it again. */
const LARGEST_FILE = 8 << 20;

const nanoseconds = z.union([z.number().int(), z.bigint()]);
const counts = z.record(z.string(), z.number());
const device = z.object({
  gpu_events: z.number(),
  span_ns: z.number(),
  busy_ns: z.number(),
  idle_ns: z.number(),
  sum_dur_ns: z.number(),
  compute_ns: z.number(),
  comm_ns: z.number(),
  memcpy_ns: z.number(),
  overlap_comm_compute_ns: z.number(),
  exposed_comm_ns: z.number(),
  exposed_memcpy_ns: z.number(),
});
const step = z.object({ name: z.string(), ts_ns: nanoseconds, dur_ns: z.number() });
const text = z.string().nullable();

const summarySchema = z.object({
  path: z.string(),
  file_bytes: z.number(),
  json_bytes: z.number(),
  events: z.number(),
  events_by_cat: counts,
  events_by_ph: counts,
  meta: z.object({
    rank: z.number().nullable(),
    world_size: z.number().nullable(),
    backend: text,
    baseTimeNanoseconds: nanoseconds.nullable(),
    displayTimeUnit: text,
    trace_id: text,
    device0: text,
  }),
  first_ts_ns: nanoseconds.exactOptional(),
  last_end_ns: nanoseconds.exactOptional(),
  devices: z.record(z.string(), device),
  streams: z.record(
    z.string(),
    z.object({ events: z.number(), busy_ns: z.number(), starts_before_previous_end: z.number() }),
  ),
  kernels_distinct: z.number(),
  kernels: z.array(
    z.object({
      name: z.string(),
      count: z.number(),
      total_ns: z.number(),
      min_ns: z.number(),
      max_ns: z.number(),
      comm: z.boolean(),
    }),
  ),
  kernel_total_ns: z.number(),
  max_gpu_events_per_correlation: z.number(),
  graph_launches: z.number(),
  steps: z.object({ user_annotation: z.array(step), gpu_user_annotation: z.array(step) }),
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
});

/** The first line of a cache file: whose summary the second line is. Short, for a list of traces reads no more than it. */
const headSchema = z.object({
  version: z.literal(VERSION),
  bytes: z.number(),
  modifiedMs: z.number(),
  rank: z.number().nullable(),
});
const HEAD_BYTES = 512;

/** Summaries beside the traces they are of, in `traces/<n>/<pod>/.cache/`; only for files below the workspace's `traces/`. */
export class SummaryCache {
  readonly #files: () => WorkspaceFiles | undefined;
  readonly #logger: Logger;

  constructor(files: () => WorkspaceFiles | undefined, logger: Logger) {
    this.#files = files;
    this.#logger = logger;
  }

  /** The summary of the file as it is now, or undefined. */
  async get(path: string): Promise<TraceSummary | undefined> {
    return this.#read(path, async (file) => {
      const [head = '', summary = ''] = (await readFile(file, 'utf8')).split('\n');
      if ((await this.#headFor(path, head)) === undefined) return undefined;
      const { data } = summarySchema.safeParse(parseExactJson(summary));
      return data && { ...data, path };
    });
  }

  /** The rank that the file's own metadata names (null: none); undefined while there is no summary of it. */
  async rank(path: string): Promise<number | null | undefined> {
    return this.#read(path, async (file) => {
      const handle = await open(file, 'r');
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
        return (await this.#headFor(path, buffer.toString('utf8', 0, bytesRead).split('\n')[0] ?? ''))?.rank;
      } finally {
        await handle.close();
      }
    });
  }

  async #read<T>(path: string, read: (file: string) => Promise<T | undefined>): Promise<T | undefined> {
    const files = this.#files();
    const file = files && fileFor(files, path);
    if (files === undefined || file === undefined) return undefined;
    try {
      const cached = files.path(file);
      const found = await stat(cached);
      return found.isFile() && found.size <= LARGEST_FILE ? await read(cached) : undefined;
    } catch (error) {
      // A RangeError is JSON that is nested too deep to be ours.
      if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof RangeError)
        return undefined;
      throw error;
    }
  }

  async #headFor(path: string, line: string): Promise<z.infer<typeof headSchema> | undefined> {
    const head = headSchema.safeParse(JSON.parse(line)).data;
    const now = await stat(path);
    return head?.bytes === now.size && head.modifiedMs === now.mtimeMs ? head : undefined;
  }

  /** A cache that can't be written costs time later, nothing else: it is logged. */
  async set(path: string, summary: TraceSummary): Promise<void> {
    const files = this.#files();
    const file = files && fileFor(files, path);
    if (files === undefined || file === undefined) return;
    try {
      const { size, mtimeMs } = await stat(path);
      if (size !== summary.file_bytes) return;
      const head: z.infer<typeof headSchema> = {
        version: VERSION,
        bytes: size,
        modifiedMs: mtimeMs,
        rank: summary.meta.rank,
      };
      const text = `${JSON.stringify(head)}\n${stringifyExactJson(summary)}\n`;
      if (Buffer.byteLength(text) <= LARGEST_FILE) await files.write(file, text);
    } catch (error) {
      this.#logger.warn(`the summary of ${path} was not cached: ${errorText(error)}`);
    }
  }
}

/** Below `traces/`, with `/`; undefined for a trace that lies elsewhere. */
function fileFor(files: WorkspaceFiles, path: string): string | undefined {
  const below = relative(files.folder, path).split(sep);
  return below[0] === '..' || below.length < 2
    ? undefined
    : [...below.slice(0, -1), CACHE_FOLDER, `${below.at(-1) ?? ''}.summary.json`].join('/');
}

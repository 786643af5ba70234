import type { Clock } from '../../base/clock.ts';
import { isAbort, isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { Latest } from '../../base/latest.ts';
import { Limiter } from '../../base/limiter.ts';
import { safeName } from '../../base/safe-name.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { LongCall } from '../../deployment/types.ts';
import type { KubeClient } from '../../kube/types.ts';
import {
  CATALOGUE_FILE,
  makeNextSet,
  readCatalogue,
  staysInSet,
  writeCatalogue,
  type Catalogue,
  type CatalogueEntry,
} from '../local/catalogue.ts';
import { setNumbers } from '../local/sets.ts';
import type { CopyOutcome, RemoteTrace } from '../types.ts';
import { copyFile, partOf } from './copy-file.ts';
import { diskError, diskFull, type TraceDisk } from './disk.ts';
import { safeRelativePaths } from './safe-path.ts';

/** Pods at once: a few fill the line to the API server. Within a pod files go one after the other. */
const PODS_AT_ONCE = 4;
const never = new AbortController().signal;

export interface SetCopy {
  readonly client: KubeClient;
  readonly disk: TraceDisk;
  readonly clock: Clock;
  /** `traces/` of the workspace. */
  readonly files: WorkspaceFiles;
  readonly deployment: string | null;
  readonly traces: readonly RemoteTrace[];
  readonly call: LongCall;
}

interface Job {
  readonly trace: RemoteTrace;
  readonly entry: CatalogueEntry;
}

/**
 * Copies traces into the next free `traces/<n>/<pod>/`; or, where an earlier copy of one of them was cut, goes on in its set.
 * A file that fails does not keep the others from coming; a full disk or a cancel ends the copy, and what came stays.
 */
export async function copySet(copy: SetCopy): Promise<CopyOutcome> {
  const { n, catalogue, jobs } = await beginSet(copy).catch((error: unknown) =>
    Promise.reject(diskError(error, `make a folder for the traces in ${copy.files.folder}`)),
  );
  const set = copy.files.below(String(n));
  const waiting = jobs.filter((job) => !job.entry.copied);
  const total = waiting.reduce((sum, job) => sum + job.trace.bytes, 0);
  // A part that cannot be looked at is told when its file is copied.
  const parts = await Promise.all(waiting.map((job) => set.size(partOf(job.entry.file)).catch(() => 0)));
  const needed = total - parts.reduce((sum, bytes) => sum + bytes, 0);
  const free = await copy.disk.free(set.folder);
  if (free < needed)
    throw diskFull(`copy ${formatBytes(needed)} of traces to ${set.folder} where ${formatBytes(free)} are free`);

  const run = new SetRun(copy, set, catalogue, total);
  await run.all(waiting);
  const copied = jobs
    .filter((job) => job.entry.copied)
    .map((job) => ({ trace: job.trace, file: set.path(job.entry.file) }));
  return { n, folder: set.folder, copied, failed: run.failed };
}

class SetRun {
  readonly failed: { readonly trace: RemoteTrace; readonly message: string; readonly hint: string }[] = [];
  readonly #copy: SetCopy;
  readonly #set: WorkspaceFiles;
  readonly #catalogue: Catalogue;
  readonly #total: number;
  /** Fires when going on makes no sense: cancelled, or the disk is full. */
  readonly #stop = new AbortController();
  #bytes = 0;
  /** One write of the catalogue after the other, each of all that has come by then. */
  readonly #saving = new Latest(() => writeCatalogue(this.#set, this.#catalogue));

  constructor(copy: SetCopy, set: WorkspaceFiles, catalogue: Catalogue, total: number) {
    this.#copy = copy;
    this.#set = set;
    this.#catalogue = catalogue;
    this.#total = total;
  }

  async all(jobs: readonly Job[]): Promise<void> {
    const limiter = new Limiter(PODS_AT_ONCE);
    const byPod = Map.groupBy(jobs, (job) => job.trace.pod);
    await Promise.all(
      byPod.values().map((ofPod) =>
        limiter.run(never, async () => {
          for (const job of ofPod) await this.#one(job);
        }),
      ),
    );
  }

  async #one({ trace, entry }: Job): Promise<void> {
    const { client, disk, clock, call } = this.#copy;
    try {
      const signal = AbortSignal.any([call.signal, this.#stop.signal]);
      const proof = await copyFile({
        client,
        disk,
        clock,
        trace,
        set: this.#set,
        target: entry.file,
        signal,
        onBytes: (bytes) => this.#progress(bytes),
      });
      entry.copied = true;
      entry.checksum = proof.checksum;
      await this.#saving.ask();
    } catch (error) {
      this.#fail(trace, diskError(error, `copy ${JSON.stringify(trace.path)} from pod "${trace.pod}"`));
    }
  }

  #fail(trace: RemoteTrace, error: WorkbenchError): void {
    if (isWorkbenchError(error, 'disk-full')) this.#stop.abort(error);
    const hint = isAbort(error)
      ? 'Copy again: it goes on from where it stood.'
      : (error.hint ?? 'Copy again: it goes on from where it stood.');
    this.failed.push({ trace, message: error.message, hint });
  }

  #progress(bytes: number): void {
    this.#bytes += bytes;
    this.#copy.call.progress({
      message: `${formatBytes(this.#bytes)} of ${formatBytes(this.#total)}`,
      fraction: this.#total === 0 ? 1 : Math.min(1, this.#bytes / this.#total),
    });
  }
}

interface BegunSet {
  readonly n: number;
  readonly catalogue: Catalogue;
  readonly jobs: readonly Job[];
}

/** The folder is there, and its catalogue names what is to come. */
async function beginSet(copy: SetCopy): Promise<BegunSet> {
  const numbers = await setNumbers(copy.files.folder);
  const unfinished = await findUnfinished(copy, numbers);
  const catalogue = unfinished?.catalogue ?? emptyCatalogue(copy);
  const jobs = addJobs(copy, catalogue);
  const n = unfinished?.n ?? (await makeNextSet(copy.files, numbers));
  await writeCatalogue(copy.files.below(String(n)), catalogue);
  return { n, catalogue, jobs };
}

function emptyCatalogue({ client, deployment, clock }: SetCopy): Catalogue {
  const { context, server, namespace } = client.cluster;
  return {
    version: 1,
    context,
    server,
    namespace,
    deployment,
    copiedAt: new Date(clock.now()).toISOString(),
    traces: [],
  };
}

/** The newest set of this namespace in which one of the asked-for files is still to come. */
async function findUnfinished(
  copy: SetCopy,
  numbers: readonly number[],
): Promise<{ readonly n: number; readonly catalogue: Catalogue } | undefined> {
  const { cluster } = copy.client;
  for (const n of numbers) {
    const catalogue = await readCatalogue(copy.files.below(String(n)));
    if (catalogue === undefined || catalogue.server !== cluster.server || catalogue.namespace !== cluster.namespace)
      continue;
    const waiting = catalogue.traces.filter((entry) => !entry.copied);
    if (!copy.traces.some((trace) => waiting.some((entry) => isSame(entry, trace)))) continue;
    const stray = catalogue.traces.find((entry) => !staysInSet(entry));
    if (stray === undefined) return { n, catalogue };
    throw new WorkbenchError({
      code: 'file-unreadable',
      message: `cannot go on with ${copy.files.path(String(n))}: its ${CATALOGUE_FILE} puts ${JSON.stringify(stray.file)} where no trace of it belongs`,
      hint: `Delete ${copy.files.path(`${n}/${CATALOGUE_FILE}`)} and copy again.`,
    });
  }
  return undefined;
}

function isSame(entry: CatalogueEntry, trace: RemoteTrace): boolean {
  return (
    entry.pod === trace.pod &&
    entry.path === trace.path &&
    entry.bytes === trace.bytes &&
    entry.modified === trace.modified
  );
}

/** A job for each file, also for those that the set holds already; new ones get an entry with a name of their own. */
function addJobs(copy: SetCopy, catalogue: Catalogue): readonly Job[] {
  const jobs: Job[] = [];
  for (const [pod, traces] of Map.groupBy(copy.traces, (trace) => trace.pod)) {
    const known = catalogue.traces.filter((entry) => entry.pod === pod);
    const names = safeRelativePaths([...known.map((entry) => entry.path), ...traces.map((trace) => trace.path)]);
    for (const [index, trace] of traces.entries()) {
      const existing = known.find((entry) => isSame(entry, trace));
      const entry = existing ?? newEntry(trace, `${safeName(pod)}/${names[known.length + index] ?? ''}`);
      if (!existing) catalogue.traces.push(entry);
      jobs.push({ trace, entry });
    }
  }
  return jobs;
}

function newEntry(trace: RemoteTrace, file: string): CatalogueEntry {
  const { pod, container, path, bytes, modified } = trace;
  return { file, pod, container, path, bytes, modified, checksum: null, copied: false };
}

function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toFixed(1)} ${units[power - 1] ?? ''}`;
}

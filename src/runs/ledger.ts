import { randomUUID } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { errorText, isWorkbenchError, systemCode, WorkbenchError } from '../base/errors.ts';
import { Emitter } from '../base/events.ts';
import { Leases, type Lease } from '../base/lease.ts';
import { Limiter } from '../base/limiter.ts';
import type { Logger } from '../base/logger.ts';
import { loadPart } from '../base/parts.ts';
import { redact } from '../base/redact.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';
import { processes } from '../kube/tools/processes.ts';
import { isActive } from './active.ts';
import type { RunPlaces } from './places.ts';
import type { OwnedRun, RunLedger, RunObject, RunPlace, RunRecord } from './types.ts';

export interface RunLedgerOptions {
  /** `results/` of the workspace, made when the first run is; undefined while no folder counts. */
  readonly files: () => WorkspaceFiles | undefined;
  readonly places: RunPlaces;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RECORD = 'run.json';
/** Several changes at once are told once. */
const DEBOUNCE_MS = 100;
const RECORD_POLL_MS = 10;

export function createRunLedger(options: RunLedgerOptions): RunLedger {
  return new DiskLedger(options);
}

class DiskLedger implements RunLedger {
  readonly #results: () => WorkspaceFiles | undefined;
  readonly #places: RunPlaces;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: Emitter<void>;
  readonly onDidChange;
  /** Changes are read, changed and written one after another; those of other windows wait at the record's lease. */
  readonly #writer = new Limiter(1);
  readonly #never = new AbortController().signal;
  #watcher: FSWatcher | undefined;
  #pendingChange: Disposable | undefined;
  #disposed = false;

  constructor({ files, places, clock, logger }: RunLedgerOptions) {
    this.#results = files;
    this.#places = places;
    this.#clock = clock;
    this.#logger = logger;
    this.#changed = new Emitter((error) => logger.error('a listener of the run ledger failed', error));
    this.onDidChange = this.#changed.event;
    this.#watch();
  }

  async list(): Promise<readonly RunRecord[]> {
    this.#watch();
    const records = await Promise.all((await this.#ids()).map((id) => this.#shown(id)));
    return records
      .filter((record) => record !== undefined)
      .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || b.id.localeCompare(a.id));
  }

  async get(id: string): Promise<RunRecord | undefined> {
    return this.#results() === undefined ? undefined : this.#shown(checked(id));
  }

  async create(record: Omit<RunRecord, 'id'>, server: string): Promise<OwnedRun> {
    const { runId } = await loadPart(() => import('./record.ts'));
    const id = await this.#makeFolder(runId(new Date(record.startedAt), record.recipe));
    const created = { ...record, id };
    // Before the record: one without a place would show as somebody else's.
    await this.#places.keep(id, { context: record.context, server, namespace: record.namespace, runsIn: null });
    // Before the record, too: another window would think that its owner had died.
    const lease = await this.#places.wait(id, this.#never);
    await this.#write(created);
    this.#watch();
    return { record: created, lease };
  }

  update(id: string, change: Partial<Omit<RunRecord, 'id'>>): Promise<RunRecord> {
    checked(id);
    return this.#writer.run(this.#never, async () => {
      // Without a record there is nothing to lock, and perhaps not even the folder to do it in.
      await this.#recorded(id);
      try {
        return await this.#leases.during(`.${id}.lock`, RECORD_POLL_MS, this.#never, async () => {
          const updated = { ...(await this.#recorded(id)), ...change };
          await this.#write(updated);
          if (!isActive(updated)) await this.#places.forget(id);
          return updated;
        });
      } catch (error) {
        throw withHint(error);
      }
    });
  }

  take(id: string): Promise<Lease | undefined> {
    return this.#places.take(checked(id));
  }

  waitToOwn(id: string, signal: AbortSignal): Promise<Lease> {
    return this.#places.wait(checked(id), signal);
  }

  place(id: string): Promise<RunPlace | undefined> {
    return this.#places.get(checked(id));
  }

  async keepPlace(id: string, runsIn: RunObject, change: Partial<Omit<RunRecord, 'id'>> = {}): Promise<void> {
    const place = await this.place(id);
    if (!place) throw deleted(id, this.#files);
    await this.#places.keep(id, { ...place, runsIn });
    await this.update(id, { ...change, ...(runsIn.kind === 'Pod' ? { pod: runsIn.name } : { job: runsIn.name }) });
  }

  folder(id: string): string {
    return this.#files.path(checked(id));
  }

  files(id: string): WorkspaceFiles {
    return this.#files.below(checked(id));
  }

  async remove(id: string): Promise<void> {
    await this.#files.remove(checked(id));
    await this.#places.forget(id);
    this.#tell();
  }

  dispose(): void {
    this.#disposed = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#pendingChange?.dispose();
    this.#changed.dispose();
  }

  get #leases(): Leases {
    return new Leases({ files: this.#files, clock: this.#clock, processes });
  }

  get #files(): WorkspaceFiles {
    const files = this.#results();
    if (files) return files;
    throw new WorkbenchError({
      code: 'bad-usage',
      message: 'no folder is open to keep runs in',
      hint: 'Open a folder: runs are kept in its results/.',
    });
  }

  async #recorded(id: string): Promise<RunRecord> {
    const record = await this.#read(id);
    if (record) return record;
    throw deleted(id, this.#files);
  }

  async #ids(): Promise<string[]> {
    if (this.#results() === undefined) return [];
    try {
      const entries = await readdir(this.#files.folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory() && isId(entry.name)).map((entry) => entry.name);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw new WorkbenchError({
        code: 'file-unreadable',
        message: `cannot list ${this.#files.folder}`,
        hint: 'Check the permissions of the folder.',
        cause: error,
      });
    }
  }

  async #shown(id: string): Promise<RunRecord | undefined> {
    const record = await this.#read(id);
    if (!record || !isActive(record) || (await this.#places.get(id))) return record;
    const { foreignRecord } = await loadPart(() => import('./record.ts'));
    return foreignRecord(record);
  }

  /** Undefined for a folder without a record. A record that cannot be read is answered as a broken one. */
  async #read(id: string): Promise<RunRecord | undefined> {
    const { brokenRecord, parseRecord } = await loadPart(() => import('./record.ts'));
    let problem: string;
    try {
      const text = await this.#files.read(`${id}/${RECORD}`);
      if (text === undefined) return undefined;
      const reading = parseRecord(id, text);
      if ('record' in reading) return reading.record;
      problem = reading.problem;
    } catch (error) {
      problem = errorText(error);
    }
    const path = this.#files.path(`${id}/${RECORD}`);
    this.#logger.warn(`${path} cannot be read: ${problem}`);
    return brokenRecord(id, problem, await changedAt(path));
  }

  /**
   * Whole or not at all: written beside the runs, then moved into place. That the file passes through the ledger's
   * own folder is also what tells other windows, which watch this one folder only.
   */
  async #write({ id, ...record }: RunRecord): Promise<void> {
    // Two containers on one workspace may have the same process id.
    const draft = `.${id}.${randomUUID()}.tmp`;
    try {
      // Why a run failed is told in words that came from elsewhere.
      const kept = { ...record, summary: record.summary === null ? null : redact(record.summary) };
      await this.#files.create(draft, `${JSON.stringify(kept, undefined, 2)}\n`);
      await this.#files.rename(draft, `${id}/${RECORD}`);
    } catch (error) {
      await this.#files.remove(draft);
      throw withHint(error);
    }
    this.#tell();
  }

  /** Two runs of one second get different names. */
  async #makeFolder(base: string): Promise<string> {
    try {
      for (let attempt = 1; ; attempt += 1) {
        const id = attempt === 1 ? base : `${base}-${attempt}`;
        if (await this.#files.makeNewFolder(id)) return id;
      }
    } catch (error) {
      throw withHint(error);
    }
  }

  /** Begins to watch as soon as the folder is there. */
  #watch(): void {
    const folder = this.#results()?.folder;
    if (folder === undefined || this.#watcher || this.#disposed) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#tell());
      watcher.on('error', (error) => {
        this.#logger.warn(`${folder} is no longer watched: ${errorText(error)}`);
        watcher.close();
        if (this.#watcher === watcher) this.#watcher = undefined;
      });
      this.#watcher = watcher;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT')
        this.#logger.warn(`${folder} cannot be watched, so changes by other windows show late: ${errorText(error)}`);
    }
  }

  #tell(): void {
    if (this.#pendingChange || this.#disposed) return;
    this.#pendingChange = this.#clock.setTimer(DEBOUNCE_MS, () => {
      this.#pendingChange = undefined;
      this.#changed.fire();
    });
  }
}

async function changedAt(path: string): Promise<Date> {
  try {
    return (await stat(path)).mtime;
  } catch {
    return new Date(0);
  }
}

function deleted(id: string, files: WorkspaceFiles): WorkbenchError {
  return new WorkbenchError({
    code: 'not-found',
    message: `there is no run ${id} in ${files.folder}`,
    hint: 'It was deleted.',
  });
}

function isId(name: string): boolean {
  return /^\w[\w.-]*$/.test(name);
}

/** An id comes from commands and messages too: it must never lead out of the folder. */
function checked(id: string): string {
  if (isId(id)) return id;
  throw new WorkbenchError({
    code: 'bad-usage',
    message: `"${id}" is no run id`,
    hint: 'Run ids are the names of the folders under results/.',
  });
}

/** Where there is no room, the person may delete runs. */
function withHint(error: unknown): unknown {
  if (!isWorkbenchError(error, 'disk-full')) return error;
  return new WorkbenchError({
    code: 'disk-full',
    message: error.message,
    hint: 'Free some space; old runs can be deleted in the Benchmarks view.',
    cause: error,
  });
}

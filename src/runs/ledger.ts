import { randomUUID } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { errorText, isWorkbenchError, systemCode, WorkbenchError } from '../base/errors.ts';
import { Emitter } from '../base/events.ts';
import { Limiter } from '../base/limiter.ts';
import type { Logger } from '../base/logger.ts';
import { locked } from './record-lock.ts';
import { brokenRecord, parseRecord, runId } from './record.ts';
import type { RunLedger, RunRecord } from './types.ts';

export interface RunLedgerOptions {
  /** `results/` of the workspace, made when the first run is; undefined while no folder counts. */
  readonly folder: () => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RECORD = 'run.json';
/** Several changes at once are told once. */
const DEBOUNCE_MS = 100;

export function createRunLedger(options: RunLedgerOptions): RunLedger {
  return new DiskLedger(options);
}

class DiskLedger implements RunLedger {
  readonly #results: () => string | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: Emitter<void>;
  readonly onDidChange;
  /** Changes are read, changed and written one after another; those of other windows wait at the record's lock. */
  readonly #writer = new Limiter(1);
  readonly #never = new AbortController().signal;
  #watcher: FSWatcher | undefined;
  #pendingChange: Disposable | undefined;
  #disposed = false;

  constructor({ folder, clock, logger }: RunLedgerOptions) {
    this.#results = folder;
    this.#clock = clock;
    this.#logger = logger;
    this.#changed = new Emitter((error) => logger.error('a listener of the run ledger failed', error));
    this.onDidChange = this.#changed.event;
    this.#watch();
  }

  async list(): Promise<readonly RunRecord[]> {
    this.#watch();
    const records = await Promise.all((await this.#ids()).map((id) => this.#read(id)));
    return records.filter((record) => record !== undefined).sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || b.id.localeCompare(a.id));
  }

  async get(id: string): Promise<RunRecord | undefined> {
    return this.#results() === undefined ? undefined : this.#read(checked(id));
  }

  async create(record: Omit<RunRecord, 'id'>): Promise<RunRecord> {
    const id = await this.#makeFolder(runId(new Date(record.startedAt), record.recipe));
    const created = { ...record, id };
    await this.#write(created);
    this.#watch();
    return created;
  }

  update(id: string, change: Partial<Omit<RunRecord, 'id'>>): Promise<RunRecord> {
    const lock = join(this.#folder, `.${checked(id)}.lock`);
    return this.#writer.run(this.#never, async () => {
      // Without a record there is nothing to lock, and perhaps not even the folder to do it in.
      await this.#recorded(id);
      try {
        return await locked(lock, this.#clock, async () => {
          const updated = { ...(await this.#recorded(id)), ...change };
          await this.#write(updated);
          return updated;
        });
      } catch (error) {
        throw isWorkbenchError(error) ? error : writeError(`cannot change the record of run ${id} in ${this.#folder}`, error);
      }
    });
  }

  folder(id: string): string {
    return join(this.#folder, checked(id));
  }

  async remove(id: string): Promise<void> {
    await rm(this.folder(id), { recursive: true, force: true });
    this.#tell();
  }

  dispose(): void {
    this.#disposed = true;
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#pendingChange?.dispose();
    this.#changed.dispose();
  }

  get #folder(): string {
    const folder = this.#results();
    if (folder !== undefined) return folder;
    throw new WorkbenchError({ code: 'bad-usage', message: 'no folder is open to keep runs in', hint: 'Open a folder: runs are kept in its results/.' });
  }

  async #recorded(id: string): Promise<RunRecord> {
    const record = await this.get(id);
    if (record) return record;
    throw new WorkbenchError({ code: 'not-found', message: `there is no run ${id} in ${this.#folder}`, hint: 'It was deleted.' });
  }

  async #ids(): Promise<string[]> {
    if (this.#results() === undefined) return [];
    try {
      const entries = await readdir(this.#folder, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory() && isId(entry.name)).map((entry) => entry.name);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw new WorkbenchError({ code: 'file-unreadable', message: `cannot list ${this.#folder}`, hint: 'Check the permissions of the folder.', cause: error });
    }
  }

  /** Undefined for a folder without a record. A record that cannot be read is answered as a broken one. */
  async #read(id: string): Promise<RunRecord | undefined> {
    const path = join(this.#folder, id, RECORD);
    let problem: string;
    try {
      const reading = parseRecord(id, await readFile(path, 'utf8'));
      if ('record' in reading) return reading.record;
      problem = reading.problem;
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
      problem = errorText(error);
    }
    this.#logger.warn(`${path} cannot be read: ${problem}`);
    return brokenRecord(id, problem, await changedAt(path));
  }

  /**
   * Whole or not at all: written beside the runs, then moved into place. That the file passes through the ledger's
   * own folder is also what tells other windows, which watch this one folder only.
   */
  async #write({ id, ...record }: RunRecord): Promise<void> {
    // Two containers on one workspace may have the same process id.
    const draft = join(this.#folder, `.${id}.${randomUUID()}.tmp`);
    try {
      await writeFile(draft, `${JSON.stringify(record, undefined, 2)}\n`);
      await rename(draft, join(this.#folder, id, RECORD));
    } catch (error) {
      await rm(draft, { force: true });
      throw writeError(`cannot write the record of run ${id} in ${this.#folder}`, error);
    }
    this.#tell();
  }

  /** Two runs of one second get different names. */
  async #makeFolder(base: string): Promise<string> {
    try {
      await mkdir(this.#folder, { recursive: true });
      for (let attempt = 1; ; attempt += 1) {
        const id = attempt === 1 ? base : `${base}-${attempt}`;
        try {
          await mkdir(join(this.#folder, id));
          return id;
        } catch (error) {
          if (systemCode(error) !== 'EEXIST') throw error;
        }
      }
    } catch (error) {
      throw writeError(`cannot make a folder for the run in ${this.#folder}`, error);
    }
  }

  /** Begins to watch as soon as the folder is there. */
  #watch(): void {
    const folder = this.#results();
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
      if (systemCode(error) !== 'ENOENT') this.#logger.warn(`${folder} cannot be watched, so changes by other windows show late: ${errorText(error)}`);
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

function isId(name: string): boolean {
  return /^\w[\w.-]*$/.test(name);
}

/** An id comes from commands and messages too: it must never lead out of the folder. */
function checked(id: string): string {
  if (isId(id)) return id;
  throw new WorkbenchError({ code: 'bad-usage', message: `"${id}" is no run id`, hint: 'Run ids are the names of the folders under results/.' });
}

function writeError(message: string, error: unknown): WorkbenchError {
  return systemCode(error) === 'ENOSPC' || systemCode(error) === 'EDQUOT'
    ? new WorkbenchError({ code: 'disk-full', message: `${message}: the disk is full`, hint: 'Free some space; old runs can be deleted in the Benchmarks view.', cause: error })
    : new WorkbenchError({ code: 'file-unreadable', message: `${message}: ${errorText(error)}`, hint: 'Check the permissions of the folder.', cause: error });
}

import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { Disposable } from '../../../base/disposables.ts';
import { systemCode, WorkbenchError, errorText } from '../../../base/errors.ts';
import { isObject } from '../../../base/json.ts';
import { Latest } from '../../../base/latest.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Store, StoreSnapshot } from './store.ts';

const fileName = 'store.json';
const saveEveryMs = 2000;

/** Reads the state that an earlier run left in the directory; undefined when there is none. */
export async function loadState(directory: string): Promise<StoreSnapshot | undefined> {
  const file = join(directory, fileName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new WorkbenchError({
      code: 'file-unreadable',
      message: `the demo's state ${file} cannot be read: ${errorText(error)}`,
      hint: 'give another --state directory',
      cause: error,
    });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isSnapshot(value)) return value;
  } catch (error) {
    throw damaged(file, error);
  }
  throw damaged(file, undefined);
}

function damaged(file: string, cause: unknown): WorkbenchError {
  return new WorkbenchError({
    code: 'json-invalid',
    message: `the demo's state ${file} is damaged`,
    hint: 'delete the file to start with an empty cluster',
    cause,
  });
}

function isSnapshot(value: unknown): value is StoreSnapshot {
  return (
    isObject(value) &&
    typeof value['revision'] === 'number' &&
    isObject(value['collections']) &&
    Object.values(value['collections']).every(Array.isArray)
  );
}

/** Saves the store now and then while it changes, and at the end. */
export class StateSaver implements Disposable {
  readonly #store: Store;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #listening: Disposable;
  #timer: Disposable | undefined;
  #savedRevision = 0;
  readonly #saving = new Latest(() => this.#save());

  constructor(store: Store, directory: string, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
    this.#listening = store.listen(() => this.#schedule());
  }

  /** Saves what is not saved yet. */
  flush(): Promise<void> {
    return this.#saving.ask();
  }

  dispose(): void {
    this.#listening.dispose();
    this.#timer?.dispose();
  }

  #schedule(): void {
    this.#timer ??= this.#clock.setTimer(saveEveryMs, () => {
      this.#timer = undefined;
      this.flush().catch((error: unknown) =>
        this.#logger.error(`the demo's state could not be saved in ${this.#directory}`, error),
      );
    });
  }

  async #save(): Promise<void> {
    const snapshot = this.#store.snapshot();
    if (snapshot.revision === this.#savedRevision) return;
    await mkdir(this.#directory, { recursive: true });
    const file = join(this.#directory, fileName);
    // Secrets are in here: nobody else may read it. A crash while writing leaves the old file.
    await writeFile(`${file}.new`, JSON.stringify(snapshot), { mode: 0o600 });
    await rename(`${file}.new`, file);
    this.#savedRevision = snapshot.revision;
  }
}

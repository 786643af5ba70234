import { existsSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Disposable } from '../../base/disposables.ts';
import { errorText, systemCode } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';

/** Tells when one of some files may have changed, come or gone; their folders, too, may come and go. */
export class FilesWatch implements Disposable {
  readonly #onChange: () => void;
  readonly #logger: Logger;
  #watchers: readonly FSWatcher[] = [];

  constructor(onChange: () => void, logger: Logger) {
    this.#onChange = onChange;
    this.#logger = logger;
  }

  /** Watches these instead of those before. To be called again after each change: a folder that came is watched only then. */
  watch(files: readonly string[]): void {
    this.dispose();
    this.#watchers = [...new Set(files.map(dirname))].flatMap((folder) => {
      const names = files.filter((file) => dirname(file) === folder).map((file) => basename(file));
      const watcher = this.#nearest(folder, names);
      return watcher === undefined ? [] : [watcher];
    });
  }

  dispose(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }

  /** Folders are watched, not files: an editor or a login replaces the file. One that is not there is awaited in the nearest that is. */
  #nearest(folder: string, names: readonly string[]): FSWatcher | undefined {
    try {
      return this.#open(folder, new Set([...names, basename(folder)]));
    } catch (error) {
      const parent = dirname(folder);
      if ((systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') || parent === folder) {
        this.#logger.debug(`cannot watch ${folder}: ${errorText(error)}`);
        return undefined;
      }
      const watcher = this.#nearest(parent, [basename(folder)]);
      // It may have come before its parent was watched.
      if (!isFolder(folder)) return watcher;
      watcher?.close();
      return this.#nearest(folder, names);
    }
  }

  /** A folder that is removed tells so by its own name. */
  #open(folder: string, names: ReadonlySet<string>): FSWatcher {
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || names.has(name)) this.#onChange();
    });
    watcher.on('error', (error) => this.#logger.debug(`watching ${folder}: ${error.message}`));
    return watcher;
  }
}

function isFolder(path: string): boolean {
  return existsSync(join(path, '.'));
}

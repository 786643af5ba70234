import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  constants,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  rmdir,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isWorkbenchError, systemCode, WorkbenchError } from './errors.ts';
import { readSmallFile } from './small-file.ts';

/** Windows has no such flag; there the look before has to do. */
const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;

/** What is read whole are records: kilobytes, or a few megabytes for a catalogue of thousands of traces. */
const MOST_READ = 16 * 2 ** 20;

/**
 * The one way to write below the workspace, or below another folder of the user's. Whoever made that folder may have put
 * links into it, and names come from pods and records: so a file is named by its parts below the folder, each a plain name;
 * no link on the way is followed, neither is one in the file's place; and what is replaced is replaced as a whole.
 * Every failure is a `WorkbenchError` that names the path.
 */
export class WorkspaceFiles {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly #root: string;
  readonly #within: readonly string[];
  readonly #guard: () => void;

  /** The root may itself be a link: the person chose it. The guard is asked before each change, and throws where there may be none. */
  constructor(root: string, guard: () => void = () => undefined, within: readonly string[] = []) {
    this.#root = root;
    this.#guard = guard;
    this.#within = within;
    this.folder = join(root, ...within);
  }

  /** The same, for a folder below this one; it need not be there yet. */
  below(file: string): WorkspaceFiles {
    return new WorkspaceFiles(this.#root, this.#guard, this.#parts(file));
  }

  /** Absolute path of a file below the folder, which is given with `/`. */
  path(file: string): string {
    return join(this.#root, ...this.#parts(file));
  }

  /** Undefined when it is not there. */
  read(file: string): Promise<string | undefined> {
    return this.#try('read', file, async (path, parts) => {
      if (!(await this.#hasFolders(parts.slice(0, -1))) || (await plainFile(path)) === undefined) return undefined;
      return readSmallFile(path, MOST_READ).catch(ignoring('ENOENT'));
    });
  }

  /** Bytes of a file; 0 when it is not there. */
  size(file: string): Promise<number> {
    return this.#try('read', file, async (path, parts) =>
      (await this.#hasFolders(parts.slice(0, -1))) ? ((await plainFile(path))?.size ?? 0) : 0,
    );
  }

  /** Names of what is in a folder; none where it is not there. */
  list(folder: string): Promise<readonly string[]> {
    return this.#try('read', folder, async (path, parts) =>
      (await this.#hasFolders(parts)) ? ((await readdir(path).catch(ignoring('ENOENT'))) ?? []) : [],
    );
  }

  /** When a file was changed, in ms; undefined when it is not there. */
  changedAt(file: string): Promise<number | undefined> {
    return this.#try('read', file, async (path, parts) =>
      (await this.#hasFolders(parts.slice(0, -1))) ? (await plainFile(path))?.mtimeMs : undefined,
    );
  }

  /** Says that a file was changed at this time, in ms; false when it is not there. */
  touch(file: string, time: number): Promise<boolean> {
    return this.#change(file, async (path, parts) => {
      const found = (await this.#hasFolders(parts.slice(0, -1))) ? await plainFile(path) : undefined;
      if (!found) return false;
      onlyName(found, path);
      return lutimes(path, time / 1000, time / 1000).then(
        () => true,
        (error: unknown) => ignoring('ENOENT')(error) ?? false,
      );
    });
  }

  /** Replaces a file, or makes it, with its folders: a reader sees the old or the new text and never half of one. */
  async write(file: string, text: string): Promise<void> {
    const parts = file.split('/');
    // Two containers on one workspace may have the same process id.
    const draft = [...parts.slice(0, -1), `.${parts.at(-1) ?? ''}.${randomUUID()}.tmp`].join('/');
    await this.size(file);
    await this.create(draft, text);
    try {
      await this.rename(draft, file);
    } catch (error) {
      await this.remove(draft);
      throw error;
    }
  }

  /** Makes a file that must not be there yet, with its folders. */
  create(file: string, text: string): Promise<void> {
    return this.#change(file, async (path, parts) => {
      await this.#makeFolders(parts.slice(0, -1));
      try {
        await writeFile(path, text, { flag: 'wx' });
      } catch (error) {
        // Half a file is of no use to anybody; one that somebody else has put there is theirs.
        if (systemCode(error) !== 'EEXIST') await rm(path, { force: true });
        throw error;
      }
    });
  }

  /** Writes bytes at a place in a file, made when it is not there. Those who write the same at the same place do no harm to each other. */
  async writeAt(file: string, bytes: Uint8Array, position: number): Promise<void> {
    await using handle = await this.open(file);
    await this.#change(file, async () => {
      for (let done = 0; done < bytes.length;)
        done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    });
  }

  /** A file to be read and written at any place, made when it is not there. Who opens it closes it. */
  open(file: string): Promise<FileHandle> {
    return this.#open(file, constants.O_RDWR);
  }

  /** Moves a file or folder, over what has that name if the system lets it. */
  rename(from: string, to: string): Promise<void> {
    return this.#change(to, async (path, parts) => {
      await this.#hasFolders(this.#parts(from).slice(0, -1));
      await this.#makeFolders(parts.slice(0, -1));
      await rename(this.path(from), path);
    });
  }

  /** Makes a folder that must be new: false where something of that name is. */
  makeNewFolder(file: string): Promise<boolean> {
    return this.#change(file, async (path, parts) => {
      await this.#makeFolders(parts.slice(0, -1));
      return made(path);
    });
  }

  /** Deletes a file, or a folder with all that is in it; a link is deleted itself, never what it leads to. */
  remove(file: string): Promise<void> {
    return this.#change(file, async (path, parts) => {
      if (await this.#hasFolders(parts.slice(0, -1))) await rm(path, { recursive: true, force: true });
    });
  }

  /** Deletes a folder if nothing is in it. */
  removeEmpty(file: string): Promise<void> {
    return this.#change(file, async (path, parts) => {
      if (await this.#hasFolders(parts)) await rmdir(path).catch(ignoring('ENOENT', 'ENOTEMPTY', 'EEXIST'));
    });
  }

  #open(file: string, flags: number): Promise<FileHandle> {
    return this.#change(file, async (path, parts) => {
      await this.#makeFolders(parts.slice(0, -1));
      // Also before it is opened: to open a named pipe would wait for its other end.
      await plainFile(path);
      const handle = await open(path, flags | constants.O_CREAT | NO_FOLLOW);
      try {
        onlyName(onlyFile(await handle.stat(), path), path);
      } catch (error) {
        await handle.close();
        throw error;
      }
      return handle;
    });
  }

  #parts(file: string): readonly string[] {
    const parts = file.split('/');
    if (parts.every(isPlainName)) return [...this.#within, ...parts];
    throw new WorkbenchError({
      code: 'bad-usage',
      message: `${JSON.stringify(file)} is no file below ${this.folder}`,
      hint: 'Its name must not be absolute, empty or lead upwards.',
    });
  }

  #change<T>(file: string, work: (path: string, parts: readonly string[]) => Promise<T>): Promise<T> {
    return this.#try('write', file, async (path, parts) => {
      this.#guard();
      return work(path, parts);
    });
  }

  async #try<T>(
    verb: 'read' | 'write',
    file: string,
    work: (path: string, parts: readonly string[]) => Promise<T>,
  ): Promise<T> {
    const parts = this.#parts(file);
    const path = join(this.#root, ...parts);
    try {
      return await work(path, parts);
    } catch (error) {
      throw failure(verb, path, error);
    }
  }

  /** Whether all of these folders are there. Throws when one of them is a link, or no folder. */
  async #hasFolders(parts: readonly string[]): Promise<boolean> {
    for (const count of parts.keys())
      if (!(await realFolder(join(this.#root, ...parts.slice(0, count + 1))))) return false;
    return true;
  }

  async #makeFolders(parts: readonly string[]): Promise<void> {
    await mkdir(this.#root, { recursive: true });
    for (const count of parts.keys()) {
      const path = join(this.#root, ...parts.slice(0, count + 1));
      // Another window may make it at the same time.
      if (!(await realFolder(path)) && !(await made(path))) await realFolder(path);
    }
  }
}

/** One name of a file or folder. On Windows a colon would begin another drive, or another stream of the file. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !(process.platform === 'win32' ? /[\\:\0]/ : /\0/).test(name);
}

/** True when this call has made it; false when something of that name is there. */
async function made(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** False when nothing is there. A link is refused even if it leads to a folder: it may lead anywhere. */
async function realFolder(path: string): Promise<boolean> {
  const found = await look(path);
  if (found === undefined || found.isDirectory()) return found !== undefined;
  if (!found.isSymbolicLink()) throw refused(`${path} is not a folder`, 'Move it away; a folder is made in its place.');
  throw refused(
    `${path} is a link, and may lead out of the workspace`,
    'Nothing is written there. Replace it by a folder; to keep the files on another disk, open a folder there.',
  );
}

async function plainFile(path: string): Promise<Stats | undefined> {
  const found = await look(path);
  return found && onlyFile(found, path);
}

function onlyFile(found: Stats, path: string): Stats {
  if (found.isFile()) return found;
  throw refused(`${path} is not a plain file`, 'Delete it; a file is written in its place.');
}

/** What is changed in place must not be a file of another folder at the same time. */
function onlyName(found: Stats, path: string): void {
  if (found.nlink > 1)
    throw refused(`${path} has another name elsewhere (a hard link)`, 'Replace it by a copy of itself.');
}

async function look(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(ignoring('ENOENT'));
}

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes(systemCode(error) ?? '')) throw error;
  };
}

function refused(message: string, hint: string): WorkbenchError {
  return new WorkbenchError({ code: 'file-unreadable', message, hint });
}

function failure(verb: 'read' | 'write', path: string, error: unknown): WorkbenchError {
  if (isWorkbenchError(error)) return error;
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new WorkbenchError({
        code: 'disk-full',
        message: `cannot ${verb} ${path}: the disk is full`,
        hint: 'Free some space.',
        cause: error,
      })
    : new WorkbenchError({
        code: 'file-unreadable',
        message: `cannot ${verb} ${path}: ${errorText(error)}`,
        hint: 'Check the permissions of the file and its folder.',
        cause: error,
      });
}

import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, isAbsolute } from 'node:path';
import { errorText, isWorkbenchError, systemCode, WorkbenchError } from '../../base/errors.ts';

/**
 * A small text file of the workspace that is replaced as a whole: written beside itself, then moved into place, so that a
 * reader sees the old or the new text and never half of one. A link that leads out of the workspace is not followed.
 */
export class WorkspaceFile {
  readonly path: string;
  readonly #workspace: string;

  constructor(workspace: string, ...path: readonly string[]) {
    this.#workspace = workspace;
    this.path = join(workspace, ...path);
  }

  /** Undefined when it is not there. */
  async read(): Promise<string | undefined> {
    try {
      if (!(await this.#isThere())) return undefined;
      await this.#stayInside();
      return await readFile(this.path, 'utf8');
    } catch (error) {
      throw this.#failure('read', error);
    }
  }

  async write(text: string): Promise<void> {
    // Two containers on one workspace may have the same process id.
    const draft = join(dirname(this.path), `.${basename(this.path)}.${randomUUID()}.tmp`);
    try {
      await mkdir(dirname(this.path), { recursive: true });
      await this.#stayInside();
      await this.#isThere();
      try {
        // A file of that name that is there already was put there by somebody else: `wx` leaves it alone.
        await writeFile(draft, text, { flag: 'wx' });
        await rename(draft, this.path);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') await rm(draft, { force: true });
        throw error;
      }
    } catch (error) {
      throw this.#failure('write', error);
    }
  }

  async #isThere(): Promise<boolean> {
    try {
      if ((await lstat(this.path)).isFile()) return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
    throw new WorkbenchError({ code: 'file-unreadable', message: `${this.path} is not a plain file`, hint: 'Delete it; a file is written in its place.' });
  }

  async #stayInside(): Promise<void> {
    const [workspace, folder] = await Promise.all([realpath(this.#workspace), realpath(dirname(this.path))]);
    const way = relative(workspace, folder);
    if (!way.startsWith('..') && !isAbsolute(way)) return;
    throw new WorkbenchError({ code: 'file-unreadable', message: `${dirname(this.path)} leads out of the workspace, to ${folder}`, hint: 'Nothing is written there. Replace the link by a folder.' });
  }

  #failure(verb: 'read' | 'write', error: unknown): WorkbenchError {
    if (isWorkbenchError(error)) return error;
    const code = systemCode(error);
    return code === 'ENOSPC' || code === 'EDQUOT'
      ? new WorkbenchError({ code: 'disk-full', message: `cannot ${verb} ${this.path}: the disk is full`, hint: 'Free some space.', cause: error })
      : new WorkbenchError({ code: 'file-unreadable', message: `cannot ${verb} ${this.path}: ${errorText(error)}`, hint: 'Check the permissions of the file and its folder.', cause: error });
  }
}

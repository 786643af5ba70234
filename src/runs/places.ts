import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { systemCode } from '../base/errors.ts';
import { loadPart } from '../base/parts.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';
import type { RunPlace } from './types.ts';

/**
 * Where the runs that are under way are in the cluster, in the user's own storage and not in the workspace: a folder that was
 * copied, or came from somebody else, holds records of runs, too, and must not make us act on what they name. The workspace is
 * told by its real path.
 */
export class RunPlaces {
  readonly #storage: WorkspaceFiles;
  readonly #workspace: string;

  /** @param storage a folder of this machine and user */
  constructor(storage: WorkspaceFiles, workspace: string) {
    this.#storage = storage;
    this.#workspace = workspace;
  }

  /** Undefined for a run that was not started from this workspace, or has ended. */
  async get(id: string): Promise<RunPlace | undefined> {
    const text = await this.#storage.read(await this.#file(id));
    if (text === undefined) return undefined;
    const { parsePlace } = await loadPart(() => import('./place.ts'));
    return parsePlace(text);
  }

  async keep(id: string, place: RunPlace): Promise<void> {
    await this.#storage.write(await this.#file(id), `${JSON.stringify(place, undefined, 2)}\n`);
  }

  async forget(id: string): Promise<void> {
    await this.#storage.remove(await this.#file(id));
  }

  async #file(id: string): Promise<string> {
    return `${createHash('sha256')
      .update(await real(this.#workspace))
      .digest('hex')
      .slice(0, 32)}/${id}.json`;
  }
}

async function real(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return path;
    throw error;
  }
}

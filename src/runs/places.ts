import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { systemCode } from '../base/errors.ts';
import { Leases, type Lease } from '../base/lease.ts';
import { loadPart } from '../base/parts.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';
import { processes } from '../kube/tools/processes.ts';
import type { RunPlace } from './types.ts';

/** How often somebody who would take over a run looks whether its owner has died. */
const OWNER_POLL_MS = 1000;

/**
 * Where the runs that are under way are in the cluster, and which process follows each, in the user's own storage and not in the
 * workspace: a folder that was copied, or came from somebody else, holds records of runs, too, and must not make us act on what
 * they name. The workspace is told by its real path.
 */
export class RunPlaces {
  readonly #storage: WorkspaceFiles;
  readonly #workspace: string;
  readonly #leases: Leases;

  /** @param storage a folder of this machine and user */
  constructor(storage: WorkspaceFiles, workspace: string, clock: Clock) {
    this.#storage = storage;
    this.#workspace = workspace;
    this.#leases = new Leases({ files: storage, clock, processes });
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

  /** Undefined while another process has it. */
  async take(id: string): Promise<Lease | undefined> {
    return this.#leases.take(await this.#lease(id));
  }

  async wait(id: string, signal: AbortSignal): Promise<Lease> {
    return this.#leases.wait(await this.#lease(id), OWNER_POLL_MS, signal);
  }

  async #file(id: string): Promise<string> {
    return `${await this.#folder()}/${id}.json`;
  }

  async #lease(id: string): Promise<string> {
    return `${await this.#folder()}/${id}.lease`;
  }

  async #folder(): Promise<string> {
    return createHash('sha256')
      .update(await real(this.#workspace))
      .digest('hex')
      .slice(0, 32);
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

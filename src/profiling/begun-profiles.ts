import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import { Leases } from '../base/lease.ts';
import type { Logger } from '../base/logger.ts';
import { loadPart } from '../base/parts.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';
import { processes } from '../kube/tools/processes.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { ProfileTarget } from './types.ts';

/** Where profilers were switched on, and may still be. */
export interface BegunProfile {
  readonly cluster: ClusterRef;
  readonly targets: readonly ProfileTarget[];
}

/** A note of them that is this process's to keep. */
export interface ProfileNote {
  /** Gives it back, for whoever can end what is left; none: it is deleted. */
  leave(left: readonly ProfileTarget[]): Promise<void>;
}

const FOLDER = 'profiles';
const EXTENSION = '.json';

/** Notes of profilers that are on, in the user's storage: what a window that closes could not end, the next one ends. */
export class BegunProfiles {
  readonly #files: WorkspaceFiles;
  readonly #leases: Leases;
  readonly #logger: Logger;

  /** @param files a folder of this machine and user */
  constructor(files: WorkspaceFiles, clock: Clock, logger: Logger) {
    this.#files = files;
    this.#leases = new Leases({ files, clock, processes });
    this.#logger = logger;
  }

  /** Before any of them is switched on. */
  async begin(profile: BegunProfile, signal: AbortSignal): Promise<ProfileNote> {
    const id = `${FOLDER}/${randomUUID()}`;
    const lease = await this.#leases.wait(id, 100, signal);
    try {
      await this.#keep(id, profile);
    } catch (error) {
      await lease.release();
      throw error;
    }
    return {
      leave: async (targets) => {
        try {
          await this.#keep(id, { ...profile, targets });
        } finally {
          await lease.release();
        }
      },
    };
  }

  /** Whether there is any note, also of a window that lives. */
  async any(): Promise<boolean> {
    return (await this.#ids()).length > 0;
  }

  /**
   * Hands over those that nobody keeps any more; `end` answers what it could not end. None waits for another: one may be of a
   * cluster that does not answer, or a file that cannot be read.
   */
  async endLeftBehind(end: (profile: BegunProfile) => Promise<readonly ProfileTarget[]>): Promise<void> {
    await Promise.all(
      (await this.#ids()).map((id) =>
        this.#endOne(id, end).catch((error: unknown) =>
          this.#logger.warn(
            `${this.#files.path(id)}${EXTENSION} tells of profilers that may be on: ${errorText(error)}`,
          ),
        ),
      ),
    );
  }

  async #endOne(id: string, end: (profile: BegunProfile) => Promise<readonly ProfileTarget[]>): Promise<void> {
    const lease = await this.#leases.take(id);
    if (!lease) return;
    try {
      const text = await this.#files.read(`${id}${EXTENSION}`);
      const { parseBegunProfile } = await loadPart(() => import('./begun-profile.ts'));
      const profile = text === undefined ? undefined : parseBegunProfile(text);
      if (!profile) return;
      const targets = await end(profile);
      await lease.confirm();
      await this.#keep(id, { ...profile, targets });
    } finally {
      await lease.release();
    }
  }

  async #keep(id: string, profile: BegunProfile): Promise<void> {
    const file = `${id}${EXTENSION}`;
    if (profile.targets.length > 0) await this.#files.write(file, JSON.stringify(profile));
    else await this.#files.remove(file);
  }

  async #ids(): Promise<readonly string[]> {
    return (await this.#files.list(FOLDER))
      .filter((name) => name.endsWith(EXTENSION) && !name.startsWith('.'))
      .map((name) => `${FOLDER}/${name.slice(0, -EXTENSION.length)}`);
  }
}

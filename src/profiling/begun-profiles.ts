import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Leases, type Lease } from '../base/lease.ts';
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
  readonly profile: BegunProfile;
  /** Gives it back, for whoever can end what is left; none: it is deleted. */
  leave(left: readonly ProfileTarget[]): Promise<void>;
}

const FOLDER = 'profiles';
const EXTENSION = '.json';

/** Notes of profilers that are on, in the user's storage: what a window that closes could not end, the next one ends. */
export class BegunProfiles {
  readonly #files: WorkspaceFiles;
  readonly #leases: Leases;

  /** @param files a folder of this machine and user */
  constructor(files: WorkspaceFiles, clock: Clock) {
    this.#files = files;
    this.#leases = new Leases({ files, clock, processes });
  }

  /** Before any of them is switched on. */
  async begin(profile: BegunProfile): Promise<ProfileNote> {
    const id = `${FOLDER}/${randomUUID()}`;
    const lease = await this.#leases.wait(id, 100, new AbortController().signal);
    await this.#files.write(`${id}${EXTENSION}`, JSON.stringify(profile));
    return this.#note(id, profile, lease);
  }

  /** Whether there is any note, also of a window that lives. */
  async any(): Promise<boolean> {
    return (await this.#ids()).length > 0;
  }

  /** Those that nobody keeps any more; the caller keeps them now. */
  async leftBehind(): Promise<readonly ProfileNote[]> {
    const notes: ProfileNote[] = [];
    for (const id of await this.#ids()) {
      const lease = await this.#leases.take(id);
      if (!lease) continue;
      const text = await this.#files.read(`${id}${EXTENSION}`);
      const { parseBegunProfile } = await loadPart(() => import('./begun-profile.ts'));
      const profile = text === undefined ? undefined : parseBegunProfile(text);
      if (profile) notes.push(this.#note(id, profile, lease));
      else await lease.release();
    }
    return notes;
  }

  #note(id: string, profile: BegunProfile, lease: Lease): ProfileNote {
    const file = `${id}${EXTENSION}`;
    return {
      profile,
      leave: async (targets) => {
        await (targets.length > 0
          ? this.#files.write(file, JSON.stringify({ ...profile, targets }))
          : this.#files.remove(file));
        await lease.release();
      },
    };
  }

  async #ids(): Promise<readonly string[]> {
    return (await this.#files.list(FOLDER))
      .filter((name) => name.endsWith(EXTENSION) && !name.startsWith('.'))
      .map((name) => `${FOLDER}/${name.slice(0, -EXTENSION.length)}`);
  }
}

import { stat } from 'node:fs/promises';
import { serialize } from 'node:v8';
import type { Clock } from '../base/clock.ts';

/** As much as the largest answer of a reader; the figures of a file mostly take some kilobytes. */
const KEPT_BYTES = 32 << 20;

/** Reading what failed for a passing reason is tried again after this, and not with each look at a panel. */
const PASSING_MS = 60_000;

interface Kept<Reading> {
  readonly reading: Promise<Reading>;
  /** Serialised; 0 while it is being read. */
  bytes: number;
  /** By the clock's monotonic time. */
  until: number;
}

/** What was read of files, for as long as they stay as they are. What several ask for at once is read once. */
export class KeptReadings<Reading> {
  readonly #clock: Clock;
  readonly #isPassing: (reading: Reading) => boolean;
  /** The one that was asked for last comes last. */
  readonly #kept = new Map<string, Kept<Reading>>();

  /** `isPassing`: whether a reading says more of the moment than of its files. */
  constructor(clock: Clock, isPassing: (reading: Reading) => boolean) {
    this.#clock = clock;
    this.#isPassing = isPassing;
  }

  /** `how` tells readings of the same files apart. */
  async of(paths: readonly string[], how: string, read: () => Promise<Reading>): Promise<Reading> {
    const identities = await Promise.all(paths.map(identity));
    if (identities.includes(undefined)) return read();
    const key = JSON.stringify([how, ...identities]);
    const known = this.#kept.get(key);
    const kept = known !== undefined && this.#clock.monotonic() < known.until ? known : this.#begin(key, read);
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.reading;
  }

  #begin(key: string, read: () => Promise<Reading>): Kept<Reading> {
    const kept = { reading: read(), bytes: 0, until: Number.POSITIVE_INFINITY };
    void this.#settle(key, kept);
    return kept;
  }

  async #settle(key: string, kept: Kept<Reading>): Promise<void> {
    try {
      const reading = await kept.reading;
      kept.bytes = serialize(reading).length;
      if (this.#isPassing(reading)) kept.until = this.#clock.monotonic() + PASSING_MS;
      this.#makeRoom();
    } catch {
      this.#kept.delete(key);
    }
  }

  #makeRoom(): void {
    let bytes = this.#kept.values().reduce((sum, kept) => sum + kept.bytes, 0);
    for (const [key, kept] of this.#kept) {
      if (bytes <= KEPT_BYTES) return;
      this.#kept.delete(key);
      bytes -= kept.bytes;
    }
  }
}

/** Changes with the file; undefined for what is not there. */
async function identity(path: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [path, ino, size, mtimeNs, ctimeNs].join('\n');
  } catch {
    return undefined;
  }
}

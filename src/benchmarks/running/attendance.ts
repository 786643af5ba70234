import { poll, timeLimit, type Clock } from '../../base/clock.ts';
import { isAbort, WorkbenchError } from '../../base/errors.ts';
import type { Lease } from '../../base/lease.ts';
import type { Logger } from '../../base/logger.ts';
import type { RunLedger, RunRecord } from '../../runs/types.ts';
import type { FollowedRun } from './followed-run.ts';

export interface AttendanceOptions {
  readonly runId: string;
  readonly ledger: RunLedger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of a run that this window starts; one that it finds has to be taken first. */
  readonly begun?: { readonly lease: Lease; readonly run: FollowedRun };
  /** Follows a run that nobody follows any more; undefined when it could only close the record. */
  readonly adopt: (record: RunRecord, lease: Lease) => Promise<FollowedRun | undefined>;
}

const LOOK_EVERY_MS = 500;
/** The owner notices within seconds; ending what runs in the cluster takes it some more. */
const CANCEL_TIMEOUT_MS = 60_000;

/**
 * One run as this window sees it: followed here, or by another window whose place this one takes when it dies. Only who has the
 * run's lease asks in the cluster and writes beside the record; the others read.
 */
export class Attendance {
  /** Resolves when it is known who follows the run. Rejects when it should be this window, and it cannot. */
  readonly begun: Promise<void>;
  /** Resolves when the run has ended, or after `leave`. Never rejects. */
  readonly ended: Promise<void>;
  readonly #options: AttendanceOptions;
  readonly #left = new AbortController();
  readonly #known = Promise.withResolvers<void>();
  #run: FollowedRun | undefined;
  #over = false;

  constructor(options: AttendanceOptions) {
    this.#options = options;
    this.begun = this.#known.promise;
    // Also where nobody asks for it.
    this.begun.catch(() => undefined);
    this.ended = this.#attend();
  }

  /** Ends the run in the cluster, or asks for it where it is followed. Rejects when the cluster does not let it end. */
  async cancel(): Promise<void> {
    await this.begun;
    if (this.#run) await this.#run.cancel();
    else if (!this.#over) await this.#askOwner();
  }

  /** Stops following; the run itself goes on in the cluster. */
  leave(): void {
    this.#left.abort();
    this.#run?.leave();
  }

  async #attend(): Promise<void> {
    const { runId, ledger, logger, begun } = this.#options;
    try {
      if (begun) await this.#follow(begun.run, begun.lease);
      else this.#over = await this.#takeOver(await ledger.take(runId));
      while (!this.#over && !this.#left.signal.aborted) {
        this.#known.resolve();
        this.#over = await this.#takeOver(await ledger.waitToOwn(runId, this.#left.signal));
      }
    } catch (error) {
      this.#known.reject(error);
      if (!isAbort(error)) logger.error(`benchmark ${runId} cannot be followed`, error);
    } finally {
      this.#known.resolve();
    }
  }

  /** True when the run has ended. */
  async #takeOver(lease: Lease | undefined): Promise<boolean> {
    if (!lease) return false;
    let run: FollowedRun | undefined;
    try {
      const record = await this.#options.ledger.get(this.#options.runId);
      run = record && isActive(record) ? await this.#options.adopt(record, lease) : undefined;
    } finally {
      if (!run) await lease.release();
    }
    if (!run) return true;
    await this.#follow(run, lease);
    return this.#over;
  }

  async #follow(run: FollowedRun, lease: Lease): Promise<void> {
    this.#run = run;
    if (this.#left.signal.aborted) run.leave();
    this.#known.resolve();
    await run.ended;
    this.#run = undefined;
    this.#over = !lease.lost.aborted && !this.#left.signal.aborted;
    await lease.release();
  }

  /** The owner reads it in the record, or whoever takes the run over when that has died. */
  async #askOwner(): Promise<void> {
    const { runId, ledger, clock } = this.#options;
    const record = await ledger.get(runId);
    if (!record || !isActive(record)) return;
    await ledger.update(runId, { cancelAsked: true });
    const limit = timeLimit(CANCEL_TIMEOUT_MS, `cancel run ${runId}, which another window follows`, 'Try again there.');
    await poll(clock, LOOK_EVERY_MS, limit, async () => {
      const now = await ledger.get(runId);
      if (!now || !isActive(now)) return true;
      if (now.cancelAsked === true) return undefined;
      throw new WorkbenchError({
        code: 'connection-lost',
        message: `run ${runId} could not be cancelled by the window that follows it`,
        hint: 'The cluster did not let it end; cancel it there to see why.',
      });
    });
  }
}

export function isActive({ state }: RunRecord): boolean {
  return state === 'starting' || state === 'running';
}

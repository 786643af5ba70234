import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep, timeLimit } from '../../base/clock.ts';
import { errorText, isAbort, isWorkbenchError, toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import type { Lease } from '../../base/lease.ts';
import type { Logger, ReportProgress } from '../../base/logger.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { RunLedger, RunRecord } from '../../runs/types.ts';
import type { RemoteRun } from '../remote/remote-run.ts';
import type { ResultReader } from '../result-reader.ts';
import { collect } from './collect.ts';
import { type Ending, follow } from './follow.ts';
import { outcomeOf } from './outcome.ts';
import { pokerRun } from './launch.ts';
import { readRun } from './run-results.ts';
import type { Waiting } from './when-connected.ts';
import { deleteJob } from './worker-job.ts';

export interface FollowedRunOptions {
  readonly runId: string;
  readonly client: KubeClient;
  /** The right to follow it. Without it nothing is written. */
  readonly lease: Lease;
  readonly ledger: RunLedger;
  readonly results: ResultReader;
  readonly owner: () => string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly progress: ReportProgress;
  /** The run was found after a reload: if it is gone, nobody saw why. */
  readonly adopted: boolean;
  /** Starts the run, or finds it again. Leaves in the ledger where it runs before it starts it. */
  readonly launch: (waiting: Waiting) => Promise<readonly RemoteRun[]>;
}

/** How soon it is heard that another window asked for the run's end. */
const HEED_EVERY_MS = 2000;
const TERM_GRACE_MS = 5000;
/** To end what runs in the cluster must not hang on a cluster that does not answer. */
const KILL_TIMEOUT_MS = 15_000;
const LAST_OUTPUT_BYTES = 4096;

/** One run that this window follows, from its start to its closed record. */
export class FollowedRun {
  /** Resolves when the run has ended, when `leave` was called or the lease was lost. Never rejects. */
  readonly ended: Promise<void>;
  readonly #options: FollowedRunOptions;
  readonly #folder: string;
  readonly #waiting: Waiting;
  readonly #stop = new AbortController();
  readonly #over = new AbortController();
  #remotes: readonly RemoteRun[] = [];
  #cancelled = false;
  /** Why its record could not be closed. */
  #unclosed: WorkbenchError | undefined;

  constructor(options: FollowedRunOptions) {
    this.#options = options;
    this.#folder = options.ledger.folder(options.runId);
    this.#waiting = {
      clock: options.clock,
      progress: options.progress,
      signal: AbortSignal.any([this.#stop.signal, options.lease.lost]),
    };
    this.ended = this.#run().finally(() => this.#over.abort());
    void this.#heed();
  }

  /**
   * Ends the run in the cluster and closes its record with what there is. Rejects when the cluster does not let it end, or the
   * disk does not let the record be closed.
   */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    await this.#note({ cancelAsked: true });
    try {
      await this.#endInCluster(timeLimit(KILL_TIMEOUT_MS, `end the benchmark ${this.#options.runId}`));
    } catch (error) {
      this.#cancelled = false;
      await this.#note({ cancelAsked: false });
      throw error;
    }
    // Whoever still waits for pods to start waits for nothing now.
    if (this.#remotes.length === 0) this.#stop.abort();
    await this.ended;
    if (this.#unclosed !== undefined) throw this.#unclosed;
  }

  /** What holds GPUs is ended also where its record was deleted, or the disk is full. */
  async #note(change: Partial<RunRecord>): Promise<void> {
    const { ledger, runId, logger } = this.#options;
    try {
      await ledger.update(runId, change);
    } catch (error) {
      if (!isWorkbenchError(error, 'not-found'))
        logger.warn(`the record of run ${runId} is not kept: ${errorText(error)}`);
    }
  }

  async #endInCluster(signal: AbortSignal): Promise<void> {
    const { client, ledger, owner, runId } = this.#options;
    const runsIn = (await ledger.place(runId))?.runsIn;
    if (runsIn?.kind === 'Job') {
      await deleteJob(client, { id: runId, owner: owner() }, runsIn, signal);
      return;
    }
    if (this.#remotes.length === 0) return;
    await this.#signalAll('TERM', signal);
    const grace = new AbortController();
    const killed = sleep(this.#options.clock, TERM_GRACE_MS, grace.signal).then(() => this.#signalAll('KILL', signal));
    await Promise.race([this.ended, killed]).finally(() => grace.abort());
  }

  /** Stops following; the run itself goes on in the cluster. */
  leave(): void {
    this.#stop.abort();
  }

  /** Ends the run when another window, which does not follow it, asked for that in its record. */
  async #heed(): Promise<void> {
    const { ledger, runId, clock, logger } = this.#options;
    while (!this.#over.signal.aborted) {
      try {
        if ((await ledger.get(runId))?.cancelAsked === true && !this.#cancelled) await this.cancel();
      } catch (error) {
        logger.error(`benchmark ${runId} cannot be cancelled`, error);
      }
      await sleep(clock, HEED_EVERY_MS, this.#over.signal).catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    try {
      if (this.#options.adopted) await this.#clearDrafts();
      this.#remotes = await this.#options.launch(this.#waiting);
      const parallel = (await this.#record()).job !== null;
      const endings = await Promise.all(this.#remotes.map((remote, index) => this.#follow(remote, index, parallel)));
      await this.#close(endings);
    } catch (error) {
      // Whoever has the lease by now closes the record, too.
      if (this.#options.lease.lost.aborted || (this.#stop.signal.aborted && isAbort(error) && !this.#cancelled)) return;
      await this.#closeAfter(error);
    }
  }

  /** Follows one pod's run to its end and fetches what it left. */
  async #follow(remote: RemoteRun, index: number, parallel: boolean): Promise<Ending> {
    const files = this.#options.ledger.files(this.#options.runId);
    const logFile = parallel ? `${index}.stdout.log` : 'stdout.log';
    const progress: ReportProgress = parallel
      ? ({ message, ...rest }) => this.#options.progress({ message: `worker ${index}: ${message}`, ...rest })
      : this.#options.progress;
    const waiting = { ...this.#waiting, progress };
    const ending = await follow(remote, { ...waiting, files, logFile, confirm: () => this.#options.lease.confirm() });
    await collect(remote, files, parallel ? index : 0, waiting);
    if (!parallel) return ending;
    if (ending.kind === 'exited') await remote.mark('fetched', this.#waiting.signal);
    else if ((await files.size(logFile)) === 0)
      await files.write(logFile, await remote.containerLog(200, this.#waiting.signal));
    return ending;
  }

  async #close(endings: readonly Ending[]): Promise<void> {
    const files = await this.#files();
    const record = await this.#update({ files });
    const { report, aggregate } = await readRun(this.#options.results, this.#folder, record, this.#waiting.signal);
    const { state, summary } = outcomeOf({ endings, report, aggregate, lastOutput: await this.#lastOutput(files) });
    const lost = this.#options.adopted && endings.some((ending) => ending.kind === 'vanished');
    const figures = outcomeOf({
      endings: endings.map(() => ({ kind: 'exited', exitCode: 0 })),
      report,
      aggregate,
      lastOutput: '',
    });
    await this.#end(
      this.#cancelled || record.cancelAsked === true
        ? {
            state: 'cancelled',
            summary: figures.state === 'succeeded' ? `cancelled; before that ${figures.summary}` : 'cancelled',
          }
        : { state: lost ? 'lost' : state, summary },
    );
  }

  /** The run could not be started, or not be followed to its end. */
  async #closeAfter(error: unknown): Promise<void> {
    const failure = toWorkbenchError(error, `run the benchmark ${this.#options.runId}`);
    if (this.#cancelled) await this.#killLeft();
    else this.#options.logger.error(`benchmark ${this.#options.runId} failed`, failure);
    try {
      await this.#update({ files: await this.#files() });
      // What has the run's name now was not cancelled.
      const cancelled = this.#cancelled && !isWorkbenchError(failure, 'not-yours');
      const lost = this.#options.adopted && isWorkbenchError(failure, 'not-yours', 'pod-gone');
      await this.#end(
        cancelled
          ? { state: 'cancelled', summary: 'cancelled' }
          : {
              state: lost ? 'lost' : 'failed',
              summary: [failure.message, failure.hint].filter((part) => part !== undefined).join('. '),
            },
      );
    } catch (unwritten) {
      // A run that was deleted from disk meanwhile has no record to close; nor has one that was taken over.
      if (isWorkbenchError(unwritten, 'not-found') || isAbort(unwritten)) return;
      this.#unclosed = toWorkbenchError(unwritten, `close the record of run ${this.#options.runId}`);
      this.#options.logger.error(`the record of run ${this.#options.runId} could not be closed`, unwritten);
    }
  }

  async #end(result: Pick<RunRecord, 'state' | 'summary'>): Promise<void> {
    await this.#update({
      ...result,
      endedAt: new Date(this.#options.clock.now()).toISOString(),
    });
  }

  async #update(change: Partial<RunRecord>): Promise<RunRecord> {
    await this.#options.lease.confirm();
    return this.#options.ledger.update(this.#options.runId, change);
  }

  /** What a run that was cancelled while it started, or could not be followed, may have left. Its record is closed in any case. */
  async #killLeft(): Promise<void> {
    const { client, ledger, runId, logger } = this.#options;
    try {
      const runsIn = (await ledger.place(runId))?.runsIn;
      if (this.#remotes.length === 0 && runsIn?.kind === 'Pod') this.#remotes = [pokerRun(client, runsIn, runId)];
      await this.#signalAll('KILL', timeLimit(KILL_TIMEOUT_MS, `end the benchmark ${runId}`));
    } catch (error) {
      logger.warn(`what benchmark ${runId} may have left in its pod was not ended: ${errorText(error)}`);
    }
  }

  /** What is gone cannot be killed, and that is as good. */
  async #signalAll(name: 'TERM' | 'KILL', signal: AbortSignal): Promise<void> {
    for (const remote of this.#remotes) {
      try {
        await remote.kill(name, signal);
      } catch (error) {
        if (!isWorkbenchError(error, 'not-found', 'exec-failed', 'pod-gone')) throw error;
      }
    }
  }

  async #record(): Promise<RunRecord> {
    const record = await this.#options.ledger.get(this.#options.runId);
    if (!record)
      throw new WorkbenchError({
        code: 'not-found',
        message: `run ${this.#options.runId} was deleted`,
        hint: 'Start it again.',
      });
    return record;
  }

  /** Halves of results that an owner who died was fetching. */
  async #clearDrafts(): Promise<void> {
    const files = this.#options.ledger.files(this.#options.runId);
    const drafts = (await readdir(this.#folder)).filter((name) => name.endsWith('.part'));
    await Promise.all(drafts.map((name) => files.remove(name)));
  }

  /** Results and outputs that are there, in order. */
  async #files(): Promise<string[]> {
    const names = await readdir(this.#folder);
    return names
      .filter((name) => /^(?:\d+\.json|(?:\d+\.)?stdout\.log|manifests\.yaml)$/.test(name))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  async #lastOutput(files: readonly string[]): Promise<string> {
    const log = files.find((name) => name.endsWith('stdout.log'));
    return log === undefined ? '' : tail(join(this.#folder, log), LAST_OUTPUT_BYTES);
  }
}

async function tail(path: string, bytes: number): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(Math.min(bytes, size)),
    0,
    Math.min(bytes, size),
    Math.max(0, size - bytes),
  );
  return buffer.toString('utf8', 0, bytesRead);
}

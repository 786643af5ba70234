import { sleep, systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { WorkbenchError } from '../base/errors.ts';
import { Emitter } from '../base/events.ts';
import type { Progress } from '../base/logger.ts';
import type { LongCall } from '../deployment/types.ts';
import { showProgress } from './notifications.ts';

/** A long operation of this window. */
export interface Job {
  readonly title: string;
  readonly progress: Progress;
  readonly cancel: () => void;
}

interface RunningJob {
  readonly title: string;
  progress: Progress;
  readonly abort: AbortController;
  ended: Promise<unknown>;
}

/** Why a job ends that nobody cancelled: what goes on in the cluster without this window may do so. */
export const windowClosed = new WorkbenchError({ code: 'aborted', message: 'the window was closed' });

/** Less than VS Code waits for an extension. */
const CLOSING_MS = 4000;

/** How long the notification of a job stays before the status bar alone tells of it. */
const NOTIFICATION_MS = 6000;

/** Runs long operations: a notification at the start, then the status bar; every one can be cancelled. */
export class JobCenter implements Disposable {
  readonly #clock: Clock;
  readonly #jobs = new Set<RunningJob>();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Newest first. */
  list(): readonly Job[] {
    return [...this.#jobs]
      .toReversed()
      .map((job) => ({ title: job.title, progress: job.progress, cancel: () => job.abort.abort() }));
  }

  async run<T>(title: string, work: (call: LongCall) => Promise<T>): Promise<T> {
    const job: RunningJob = {
      title,
      progress: { message: 'starting' },
      abort: new AbortController(),
      ended: Promise.resolve(),
    };
    const shown = new Emitter<Progress>();
    const report = (progress: Progress): void => {
      job.progress = progress;
      shown.fire(progress);
      this.#changed.fire();
    };
    this.#jobs.add(job);
    this.#changed.fire();
    try {
      const result = work({ signal: job.abort.signal, progress: report });
      job.ended = result;
      showAtStart(job, result, shown);
      return await result;
    } finally {
      shown.dispose();
      this.#jobs.delete(job);
      this.#changed.fire();
    }
  }

  /** Aborts every job and waits until it has ended what it began in the cluster, for a few seconds at most. */
  async close(): Promise<void> {
    const jobs = [...this.#jobs];
    for (const job of jobs) job.abort.abort(windowClosed);
    const limit = new AbortController();
    await Promise.race([
      Promise.allSettled(jobs.map((job) => job.ended)),
      sleep(this.#clock, CLOSING_MS, limit.signal).catch(ignore),
    ]);
    limit.abort();
  }

  dispose(): void {
    for (const job of this.#jobs) job.abort.abort();
    this.#changed.dispose();
  }
}

/** The notification goes when the job ends or after a few seconds, whichever comes first. */
function showAtStart(job: RunningJob, result: Promise<unknown>, shown: Emitter<Progress>): void {
  showProgress(
    job.title,
    () => job.abort.abort(),
    async (report) => {
      const watching = shown.event(report);
      const { promise: later, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, NOTIFICATION_MS);
      await Promise.race([later, result.then(ignore, ignore)]);
      clearTimeout(timer);
      watching.dispose();
    },
  );
}

/** The job's own caller hears of its outcome; the notification only waits for the end. */
function ignore(): void {}

import { type Clock, sleep } from '../../base/clock.ts';
import { isWorkbenchError } from '../../base/errors.ts';
import type { ReportProgress } from '../../base/logger.ts';

const RETRY_EVERY_MS = 5000;

export interface Waiting {
  readonly clock: Clock;
  readonly progress: ReportProgress;
  readonly signal: AbortSignal;
}

/**
 * Tries again until the cluster answers: a run in a pod does not depend on our connection, so neither may its record.
 * Rejects with `aborted`, or with what trying again cannot mend.
 */
export async function whenConnected<T>(
  pod: string,
  { clock, progress, signal }: Waiting,
  task: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await task();
    } catch (error) {
      if (
        !isWorkbenchError(
          error,
          'connection-lost',
          'cluster-unreachable',
          'timeout',
          'server-error',
          'too-many-requests',
        )
      )
        throw error;
      progress({ message: `no connection to pod ${pod}; the benchmark goes on in it` });
      await sleep(clock, RETRY_EVERY_MS, signal);
    }
  }
}

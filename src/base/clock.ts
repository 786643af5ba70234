import { disposable, type Disposable } from './disposables.ts';
import { WorkbenchError } from './errors.ts';

/** Time as a dependency, so that tests decide when it passes. */
export interface Clock {
  /** Wall time in ms since the epoch. */
  now(): number;
  /** Monotonic ms; differences of it survive a change of the wall clock. */
  monotonic(): number;
  setTimer(ms: number, fire: () => void): Disposable;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, fire) {
    const handle = setTimeout(fire, ms);
    return disposable(() => clearTimeout(handle));
  },
};

/** Resolves after `ms`; rejects with the signal's reason when it fires first. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(aborted(signal));
      return;
    }
    const onAbort = (): void => {
      timer.dispose();
      reject(aborted(signal));
    };
    const timer = clock.setTimer(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** A signal that fires after `ms` with code `timeout`: nobody cancelled anything, `doing` ("list deployments") took too long. */
export function timeLimit(
  ms: number,
  doing: string,
  hint = 'Check the connection to the cluster, and try again.',
): AbortSignal {
  const limit = new AbortController();
  const error = new WorkbenchError({
    code: 'timeout',
    message: `cannot ${doing}: not done within ${ms / 1000} s`,
    hint,
  });
  setTimeout(() => limit.abort(error), ms).unref();
  return limit.signal;
}

/** The error that a call rejects with after its signal fired: the reason that came with it, else `aborted`. */
export function aborted(signal: AbortSignal): WorkbenchError {
  return signal.reason instanceof WorkbenchError
    ? signal.reason
    : new WorkbenchError({ code: 'aborted', message: 'cancelled', cause: signal.reason });
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw aborted(signal);
}

/** The outcome of work that goes on for others; rejects at once when this caller's signal fires. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Calls `probe` every `everyMs` until it answers something other than undefined. */
export async function poll<T>(
  clock: Clock,
  everyMs: number,
  signal: AbortSignal,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    throwIfAborted(signal);
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(clock, everyMs, signal);
  }
}

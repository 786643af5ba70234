import { aborted } from '../../../base/clock.ts';

/** Waits for a container's end. Always rejects, with `aborted` or the error that the canceller gave. */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', resolve, { once: true });
  });
  throw aborted(signal);
}

import { sleep, type Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposables.ts';
import { isAbort, isWorkbenchError, toWorkbenchError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { LogLine } from '../../kube/streams/types.ts';
import { PhaseReader } from './phases.ts';
import type { LoadingPhase } from './types.ts';

/** Lines of a log that are kept as evidence. */
export const KEPT_LINES = 200;

/** A server that writes more than this while it is not ready is past its start-up. */
const READ_BACK_LINES = 5000;

/** A container that is about to start has no log yet. */
const RETRY_MS = 1000;

export interface FollowOptions {
  readonly client: () => Promise<KubeClient>;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changed: () => void;
}

/** Follows the log of one run of one container: how far it is, and its last lines. */
export class FollowedLog implements Disposable {
  readonly #options: FollowOptions;
  readonly #reader = new PhaseReader();
  readonly #ending = new AbortController();
  #lines: LogLine[] = [];
  #ended = false;
  #movedAt = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
    void this.#run();
  }

  /** Undefined until the log says one, and when the container has ended. */
  get phase(): LoadingPhase | undefined {
    const phase = this.#ended ? undefined : this.#reader.phase;
    if (phase?.remainingSeconds === undefined) return phase;
    // A bar that stands still for longer than it said it needs is no estimate any more.
    const { remainingSeconds, ...rest } = phase;
    return this.#options.clock.monotonic() - this.#movedAt > remainingSeconds * 1000 ? rest : phase;
  }

  get lines(): readonly LogLine[] {
    return this.#lines.slice(-KEPT_LINES);
  }

  dispose(): void {
    this.#ending.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    const { clock, logger, namespace, pod, changed } = this.#options;
    for (let failed = false; !signal.aborted && !this.#ended;) {
      try {
        await this.#read(signal);
        this.#ended = true;
        changed();
      } catch (error) {
        if (isAbort(error)) return;
        this.#ended = isWorkbenchError(error, 'not-found', 'namespace-missing', 'forbidden');
        if (!failed || this.#ended)
          logger.debug(
            `the log of ${namespace}/${pod} can not be followed: ${toWorkbenchError(error, 'follow the log').message}`,
          );
        failed = true;
        await sleep(clock, RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { namespace, pod, container, changed } = this.#options;
    const client = await this.#options.client();
    // A second try reads what the first one read.
    this.#lines = [];
    for await (const line of client.logs({
      namespace,
      pod,
      container,
      follow: true,
      tailLines: READ_BACK_LINES,
      signal,
    })) {
      this.#lines.push(line);
      if (this.#lines.length > 2 * KEPT_LINES) this.#lines = this.#lines.slice(-KEPT_LINES);
      // A marker is evidence that something is missing, and tells nothing of the start-up.
      if (line.gap !== undefined || !this.#reader.feed(line)) continue;
      this.#movedAt = this.#options.clock.monotonic();
      changed();
    }
  }
}

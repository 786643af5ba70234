import { aborted, throwIfAborted, type Clock } from '../../../../base/clock.ts';
import { WorkbenchError } from '../../../../base/errors.ts';
import { hashText, seededRandom } from '../../../random.ts';
import { StepLoop } from '../../engine/step-loop.ts';

/**
 * The data-parallel groups of the cluster. Pods of one group find each other by the leader's address, wait until all
 * ranks have come, and end together: when one dies the others can neither exchange tokens nor serve.
 */
export class EngineGroups {
  readonly #clock: Clock;
  readonly #groups = new Map<string, EngineGroup>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Joins the group of an address with this pod's ranks. The last pod to come completes it. */
  join(address: string, ranks: number, size: number): Membership {
    const existing = this.#groups.get(address);
    const group =
      existing?.open === true
        ? existing
        : new EngineGroup(size, new StepLoop(this.#clock, seededRandom(hashText(address))));
    this.#groups.set(address, group);
    return group.join(ranks);
  }
}

export interface Membership {
  /** Steps all ranks of the group together. */
  readonly loop: StepLoop;
  /** Fires when another pod of the group is gone. */
  readonly lost: AbortSignal;
  /** Resolves when every rank has come. Rejects with `aborted`, or with `connection-lost` when a peer left. */
  assembled(signal: AbortSignal): Promise<void>;
  /** Says that this pod's ranks have loaded; resolves when all have. */
  loaded(signal: AbortSignal): Promise<void>;
  leave(): void;
}

class EngineGroup {
  readonly #size: number;
  readonly #loop: StepLoop;
  readonly #lost = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  readonly #loaded = Promise.withResolvers<void>();
  #joinedRanks = 0;
  #loadedRanks = 0;

  constructor(size: number, loop: StepLoop) {
    this.#size = size;
    this.#loop = loop;
  }

  /** Whether more ranks may come; a group that lost a member never fills up again. */
  get open(): boolean {
    return this.#joinedRanks < this.#size && !this.#lost.signal.aborted;
  }

  join(ranks: number): Membership {
    this.#joinedRanks += ranks;
    if (this.#joinedRanks >= this.#size) this.#joined.resolve();
    return {
      loop: this.#loop,
      lost: this.#lost.signal,
      assembled: (signal) => this.#wait(this.#joined.promise, signal),
      loaded: (signal) => {
        this.#loadedRanks += ranks;
        if (this.#loadedRanks >= this.#size) this.#loaded.resolve();
        return this.#wait(this.#loaded.promise, signal);
      },
      leave: () => {
        this.#lost.abort(
          new WorkbenchError({ code: 'connection-lost', message: 'another pod of the data-parallel group is gone' }),
        );
      },
    };
  }

  async #wait(event: Promise<void>, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#lost.signal]);
    throwIfAborted(either);
    const ended = Promise.withResolvers<never>();
    const onAbort = (): void => ended.reject(aborted(either));
    either.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([event, ended.promise]);
    } finally {
      either.removeEventListener('abort', onAbort);
    }
  }
}

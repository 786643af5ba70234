import { disposable, type Disposable } from '../../base/disposables.ts';
import type { Memory } from '../memory.ts';
import type { OwnerFilter } from './model-server-rows.ts';

const QUESTION = 'trees';
const OWNER_FILTERS: readonly OwnerFilter[] = ['everybody', 'mine', 'others'];

/** How a person wants the trees shown, kept for the workspace. */
export class TreeChoices {
  readonly #memory: Memory;
  readonly #listeners = new Set<() => void>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  get owners(): OwnerFilter {
    const kept = this.#memory.recall(QUESTION)['owners'];
    return OWNER_FILTERS.find((filter) => filter === kept) ?? 'everybody';
  }

  /** The topology level by which the Cluster view groups nodes; undefined: the one that tells most. */
  get grouping(): string | undefined {
    return this.#memory.recall(QUESTION)['grouping'];
  }

  chooseGrouping(grouping: string): Promise<void> {
    return this.#keep({ grouping });
  }

  chooseOwners(owners: OwnerFilter): Promise<void> {
    return this.#keep({ owners });
  }

  onDidChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return disposable(() => this.#listeners.delete(listener));
  }

  async #keep(choice: Readonly<Record<string, string>>): Promise<void> {
    await this.#memory.keep(QUESTION, { ...this.#memory.recall(QUESTION), ...choice });
    for (const listener of this.#listeners) listener();
  }
}

import { at, stringAt } from '../../base/json.ts';
import type { KeyValueStore } from '../../base/store.ts';

const STORE_KEY = 'kube.chosen';

interface Place {
  readonly context: string;
  readonly namespace: string;
}

/** What was chosen; `before` is the choice of another context that it took the place of. */
interface Choice extends Place {
  readonly before?: Place;
  /** It stood in no file of the person's own, but in one that comes and goes with its cluster. */
  readonly passing?: true;
}

/** The context that this workspace chose, kept from one window to the next. */
export class StoredChoice {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  get(): Choice | undefined {
    const stored = this.#store.get(STORE_KEY);
    const [last, before] = [placeIn(stored), placeIn(at(stored, 'before'))];
    const passing = at(stored, 'passing') === true;
    return last && { ...last, ...(before === undefined ? {} : { before }), ...(passing ? { passing } : {}) };
  }

  /** `passing`: see Choice. */
  async set({ context, namespace }: Place, passing: boolean): Promise<void> {
    const last = this.get();
    const before =
      last === undefined || last.context === context
        ? last?.before
        : { context: last.context, namespace: last.namespace };
    await this.#store.set(STORE_KEY, {
      context,
      namespace,
      ...(before === undefined ? {} : { before }),
      ...(passing ? { passing } : {}),
    });
  }

  /** Goes back to the choice before it; nothing happens when another context is chosen. */
  async leave(context: string): Promise<void> {
    const last = this.get();
    if (last?.context === context) await this.#store.set(STORE_KEY, last.before);
  }
}

function placeIn(stored: unknown): Place | undefined {
  const [context, namespace] = [stringAt(stored, 'context'), stringAt(stored, 'namespace')];
  return context === undefined || namespace === undefined ? undefined : { context, namespace };
}

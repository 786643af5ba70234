import { abortable, sleep, type Clock } from '../base/clock.ts';
import { DisposableStore, type Disposable } from '../base/disposables.ts';
import type { WorkbenchError } from '../base/errors.ts';
import type { KubeObject, ResourceType } from '../kube/model/types.ts';
import type { KubeClient } from '../kube/types.ts';
import type { WatchState } from '../kube/watch/types.ts';

/** A busy moment is looked at once, and the log that tells why a container crashed gets the time to be read. */
const SETTLE_MS = 1000;

interface Followed {
  listed: boolean;
  state: WatchState;
}

/** Waits for something of a namespace's objects by watches of them: while nothing changes, nothing is asked. */
export class Following implements Disposable {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #owned = new DisposableStore();
  readonly #kinds: Followed[] = [];
  #changed = Promise.withResolvers<void>();
  #again: Disposable | undefined;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** The objects that the selector finds, by key, as they are at any time. `seen` is called with every state that one is seen in. */
  follow<T extends KubeObject>(
    resource: ResourceType<T>,
    labelSelector: string,
    seen: (object: T) => void = () => undefined,
  ): ReadonlyMap<string, T> {
    const objects = new Map<string, T>();
    const kind: Followed = { listed: false, state: { kind: 'connecting' } };
    const put = (key: string, object: T): void => {
      seen(object);
      objects.set(key, object);
    };
    this.#kinds.push(kind);
    this.#owned.add(
      this.#client.watch<T, T>({
        resource,
        namespace: this.#client.cluster.namespace,
        labelSelector,
        project: (object) => object,
        sink: {
          replace: (items) => {
            objects.clear();
            for (const [key, object] of items) put(key, object);
            kind.listed = true;
            this.touch();
          },
          set: (key, object) => {
            put(key, object);
            this.touch();
          },
          delete: (key) => {
            objects.delete(key);
            this.touch();
          },
          state: (state) => {
            kind.state = state;
            this.touch();
          },
        },
      }),
    );
    return objects;
  }

  /** Why what is known may be old; undefined: it is not. */
  get trouble(): string | undefined {
    return this.#kinds.map(({ state }) => state).find((state) => state.kind === 'stale')?.error.message;
  }

  /** Something else that counts has changed. */
  touch(): void {
    this.#changed.resolve();
  }

  /** For what no watch tells. */
  lookAgainIn(ms: number): void {
    this.#again?.dispose();
    this.#again = this.#clock.setTimer(ms, () => this.touch());
  }

  /**
   * Looks when all is listed and after each change, at most once a second, until the look answers. Rejects where something may not
   * be listed, or cannot be to begin with; a connection that is lost later comes back by itself, and the look goes on with what is
   * known. What may be listed and not watched is listed anew, ever less often: there is trouble to tell all the time, and an end.
   */
  async until<T>(signal: AbortSignal, look: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      this.#changed = Promise.withResolvers<void>();
      const failure = this.#kinds.map(failureOf).find((error) => error !== undefined);
      if (failure) throw failure;
      const listed = this.#kinds.every((kind) => kind.listed);
      const answer = listed ? await look() : undefined;
      if (answer !== undefined) return answer;
      await abortable(this.#changed.promise, signal);
      if (listed) await sleep(this.#clock, SETTLE_MS, signal);
    }
  }

  dispose(): void {
    this.#again?.dispose();
    this.#owned.dispose();
  }
}

function failureOf({ state, listed }: Followed): WorkbenchError | undefined {
  return state.kind === 'denied' || (state.kind === 'stale' && !listed) ? state.error : undefined;
}

import type { Disposable } from '../../../base/disposables.ts';
import { stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import type { ApiObject } from '../base/object.ts';

const lifetimeMs = 3_600_000;
const everyMs = 60_000;

/** Forgets events an hour after they were last written, as etcd's lease on them does. */
export class EventExpiry implements Disposable {
  readonly #core: ApiCore;
  #timer: Disposable;

  constructor(core: ApiCore) {
    this.#core = core;
    this.#timer = this.#schedule();
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #schedule(): Disposable {
    return this.#core.clock.setTimer(everyMs, () => {
      const { store, clock } = this.#core;
      for (const [key, event] of store.entries('events'))
        if (clock.now() - writtenAt(event) > lifetimeMs) store.remove('events', key);
      this.#timer = this.#schedule();
    });
  }
}

/** The last occurrence that the event tells; the newest of its stamps. */
function writtenAt(event: ApiObject): number {
  const stamps = [
    event.metadata.creationTimestamp,
    stringAt(event, 'lastTimestamp'),
    stringAt(event, 'eventTime'),
    stringAt(event, 'series', 'lastObservedTime'),
  ];
  return Math.max(...stamps.map((stamp) => (stamp ? Date.parse(stamp) : 0)));
}

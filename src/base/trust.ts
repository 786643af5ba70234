import { disposable, DisposableStore, type Disposable } from './disposables.ts';
import type { Event } from './events.ts';

/** Whether a person trusts the open folder. Until they do, nothing that it holds counts: somebody else may have written it. */
export interface Trust {
  /** Once true, it stays so. */
  readonly granted: boolean;
  /** Fires when trust is given after all. */
  readonly onDidGrant: Event<void>;
}

/** The trust of a folder that somebody chose to work in. */
export const trusted: Trust = { granted: true, onDidGrant: () => disposable(() => {}) };

/** Begins at once in a trusted folder, else at the moment when it becomes one. What was begun ends with the result. */
export function whenTrusted(trust: Trust, begin: (owned: DisposableStore) => void): Disposable {
  const owned = new DisposableStore();
  if (trust.granted) begin(owned);
  else owned.add(trust.onDidGrant(() => begin(owned)));
  return owned;
}

import type { Disposable } from '../base/disposables.ts';
import { Emitter } from '../base/events.ts';
import type { Progress } from '../base/logger.ts';
import { formatNumber } from '../protocol/format.ts';

/** The latest word of each run that this window follows. */
export class RunProgress implements Disposable {
  readonly #words = new Map<string, string>();
  readonly #changed = new Emitter<void>();
  readonly onDidChange = this.#changed.event;

  of(runId: string): string | undefined {
    return this.#words.get(runId);
  }

  report(runId: string, { message, fraction }: Progress): void {
    this.#words.set(runId, fraction === undefined ? message : `${formatNumber(fraction * 100)} % · ${message}`);
    this.#changed.fire();
  }

  ended(runId: string): void {
    this.#words.delete(runId);
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

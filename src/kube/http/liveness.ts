import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposables.ts';

/** Often enough that a machine that wakes up finds its dead connections at once. */
const BEAT_MS = 5000;

/**
 * Tells once when nothing was heard for `limitMs`, by whichever clock says so first: the timers and the monotonic clock
 * of a Linux machine stand still while it sleeps, and its connections die meanwhile.
 */
export class Liveness implements Disposable {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #onSilence: () => void;
  #heardWall = 0;
  #heardMonotonic = 0;
  #timer: Disposable;

  constructor(clock: Clock, limitMs: number, onSilence: () => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#onSilence = onSilence;
    this.heard();
    this.#timer = clock.setTimer(BEAT_MS, () => this.#beat());
  }

  heard(): void {
    this.#heardWall = this.#clock.now();
    this.#heardMonotonic = this.#clock.monotonic();
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #beat(): void {
    const silentMs = Math.max(this.#clock.now() - this.#heardWall, this.#clock.monotonic() - this.#heardMonotonic);
    if (silentMs >= this.#limitMs) this.#onSilence();
    else this.#timer = this.#clock.setTimer(BEAT_MS, () => this.#beat());
  }
}

import type { ShellIo } from '../../../nodes/types.ts';

const REDRAW_MS = 1000;
const WIDTH = 10;

/** A tqdm bar on standard error: redrawn after a carriage return, ended by a line end. */
export class ProgressBar {
  readonly #io: ShellIo;
  readonly #total: number;
  readonly #shown: boolean;
  readonly #startedAt = performance.now();
  #done = 0;
  #drawnAt = 0;

  constructor(io: ShellIo, total: number, shown: boolean) {
    this.#io = io;
    this.#total = total;
    this.#shown = shown;
    this.#draw();
  }

  advance(): void {
    this.#done += 1;
    if (performance.now() - this.#drawnAt >= REDRAW_MS) this.#draw();
  }

  finish(): void {
    this.#draw();
    if (this.#shown) this.#io.stderr.write('\n');
  }

  #draw(): void {
    this.#drawnAt = performance.now();
    if (!this.#shown || this.#io.stderr.destroyed) return;
    const seconds = (this.#drawnAt - this.#startedAt) / 1000;
    const fraction = this.#total === 0 ? 1 : this.#done / this.#total;
    const rate = this.#done === 0 ? '?it/s' : `${(this.#done / seconds).toFixed(2)}it/s`;
    const left = this.#done === 0 ? '?' : clock((seconds / this.#done) * (this.#total - this.#done));
    const bar = '\u2588'.repeat(Math.floor(fraction * WIDTH)).padEnd(WIDTH);
    this.#io.stderr.write(
      `\r${String(Math.floor(fraction * 100)).padStart(3)}%|${bar}| ${this.#done}/${this.#total} [${clock(seconds)}<${left}, ${rate}]`,
    );
  }
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${String(Math.floor(whole / 60)).padStart(2, '0')}:${String(whole % 60).padStart(2, '0')}`;
}

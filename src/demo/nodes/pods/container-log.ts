import type { Disposable } from '../../../base/disposables.ts';
import { Emitter } from '../../../base/events.ts';

export interface LogEntry {
  /** RFC 3339 with nanoseconds, strictly rising within a log. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** The kubelet rotates at 10 MiB a container. */
const maxBytes = 10 * 1024 * 1024;

/** The log of one run of a container. */
export class ContainerLog {
  readonly #entries: LogEntry[] = [];
  readonly #appended = new Emitter<LogEntry>();
  readonly #ended = new Emitter<void>();
  #bytes = 0;
  #lastNs = 0n;
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  append(text: string, stream: LogEntry['stream'], nowMs: number): void {
    if (this.#closed) return;
    const entry = { time: this.#stamp(nowMs), stream, text };
    this.#entries.push(entry);
    this.#bytes += text.length + 40;
    while (this.#bytes > maxBytes) this.#bytes -= (this.#entries.shift()?.text.length ?? 0) + 40;
    this.#appended.fire(entry);
  }

  /** Ends the log: followers end with it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended.fire();
  }

  /** Calls `line` for every entry to come and `end` once, when the container has ended. */
  follow(line: (entry: LogEntry) => void, end: () => void): Disposable {
    if (this.#closed) {
      end();
      return { dispose() {} };
    }
    const subscriptions = [this.#appended.event(line), this.#ended.event(end)];
    return { dispose: () => subscriptions.forEach((subscription) => subscription.dispose()) };
  }

  #stamp(nowMs: number): string {
    let ns = BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(Math.floor((performance.now() % 1) * 1e6));
    if (ns <= this.#lastNs) ns = this.#lastNs + 1000n;
    this.#lastNs = ns;
    const seconds = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
    return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
  }
}

export interface LogQuery {
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly tailLines: number | undefined;
  readonly limitBytes: number | undefined;
  /** Wall ms; entries before it are left out. */
  readonly since: number | undefined;
}

/** The entries that a query asks for, of those that are there. */
export function selectEntries(entries: readonly LogEntry[], query: LogQuery): readonly LogEntry[] {
  const { since } = query;
  const recent = since === undefined ? entries : entries.filter((entry) => Date.parse(entry.time) >= since);
  return query.tailLines === undefined ? recent : recent.slice(Math.max(0, recent.length - query.tailLines));
}

export function formatEntry(entry: LogEntry, timestamps: boolean): string {
  return timestamps ? `${entry.time} ${entry.text}\n` : `${entry.text}\n`;
}

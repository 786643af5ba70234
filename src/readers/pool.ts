import { deserialize } from 'node:v8';
import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposables.ts';
import { Limiter } from '../base/limiter.ts';
import type { OwnNode } from '../base/own-node.ts';
import { IDLE_MS, READER_LIMITS, READERS_AT_ONCE, type ReaderLimits } from './limits.ts';
import { ReaderProcess } from './reader-process.ts';
import type { AnswerOf, InputOf, ReaderCall, Readers, TaskTable } from './types.ts';

export interface ReaderPoolOptions {
  /** The module that calls `serveTasks`. */
  readonly entry: string;
  readonly node: OwnNode;
  readonly clock?: Clock;
  readonly limits?: ReaderLimits;
}

/** Starts readers as they are needed and ends those that nobody needs. Disposing ends all of them, whatever they do. */
export class ReaderPool<Tasks extends TaskTable> implements Readers<Tasks>, Disposable {
  readonly #options: ReaderPoolOptions;
  readonly #limiter = new Limiter(READERS_AT_ONCE);
  /** Readers without a job, each with what ends it after a while. */
  readonly #idle = new Map<ReaderProcess, Disposable>();
  readonly #disposed = new AbortController();

  constructor(options: ReaderPoolOptions) {
    this.#options = options;
  }

  run<Name extends keyof Tasks & string>(
    name: Name,
    input: InputOf<Tasks[Name]>,
    call: ReaderCall,
  ): Promise<AnswerOf<Tasks[Name]>> {
    const signal = AbortSignal.any([call.signal, this.#disposed.signal]);
    return this.#limiter.run<AnswerOf<Tasks[Name]>>(signal, async () => {
      const reader = this.#take();
      try {
        return deserialize(await reader.run(name, input, { ...call, signal })) as AnswerOf<Tasks[Name]>;
      } finally {
        this.#putBack(reader);
      }
    });
  }

  dispose(): void {
    this.#disposed.abort();
    for (const reader of this.#idle.keys().toArray()) this.#endIdle(reader);
  }

  /** The one that worked last, so that the others grow idle. */
  #take(): ReaderProcess {
    const reader = this.#idle
      .keys()
      .filter((each) => each.alive)
      .toArray()
      .at(-1);
    if (!reader) return new ReaderProcess({ limits: READER_LIMITS, ...this.#options });
    this.#idle.get(reader)?.dispose();
    this.#idle.delete(reader);
    return reader;
  }

  #putBack(reader: ReaderProcess): void {
    if (!reader.alive || this.#disposed.signal.aborted) {
      reader.end();
      return;
    }
    this.#idle.set(
      reader,
      (this.#options.clock ?? systemClock).setTimer(IDLE_MS, () => this.#endIdle(reader)),
    );
  }

  #endIdle(reader: ReaderProcess): void {
    this.#idle.get(reader)?.dispose();
    this.#idle.delete(reader);
    reader.end();
  }
}

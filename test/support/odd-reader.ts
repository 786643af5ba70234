// A reader whose tasks do what no task should.
import { spin } from './spin.ts';
import { serveTasks } from '../../src/readers/serve.ts';
import type { Emit, ReaderTask, TaskInput } from '../../src/readers/types.ts';

const MB = 1 << 20;

/** A task that does not care for its file. */
function task<Answer>(work: () => Promise<Answer>): ReaderTask<TaskInput, Answer> {
  return work;
}

export const oddTasks = {
  async 'say who'(input: TaskInput): Promise<{
    readonly pid: number;
    readonly path: string;
    readonly env: Readonly<Record<string, string | undefined>>;
  }> {
    return Promise.resolve({ pid: process.pid, path: input.path, env: { ...process.env } });
  },
  async 'give back'({ value }: TaskInput & { readonly value: unknown }): Promise<unknown> {
    return Promise.resolve(value);
  },
  throw: task(async () => {
    return Promise.reject(new TypeError('no such thing'));
  }),
  abort: task(async () => {
    process.abort();
  }),
  exit: task(async () => {
    process.exit(3);
  }),
  /** This and `spin` say that they have begun. */
  async 'never answer'(_: TaskInput, emit: Emit): Promise<never> {
    await emit(Buffer.of());
    return new Promise(() => {});
  },
  async spin(_: TaskInput, emit: Emit): Promise<never> {
    await emit(Buffer.of());
    return spin();
  },
  'fill the heap': task(async () => {
    const kept: unknown[] = [];
    for (;;) kept.push({ number: kept.length });
  }),
  'fill buffers': task(async () => {
    const kept: Buffer[] = [];
    for (;;) {
      kept.push(Buffer.alloc(MB, 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }),
  'answer too much': task(async () => {
    return Promise.resolve(Buffer.alloc(64 * MB));
  }),
  'leave much behind': task(async () => {
    return Promise.resolve(Buffer.alloc(600 * MB, 1).length);
  }),
  async emit({ count }: TaskInput & { readonly count: number }, emit: Emit): Promise<number> {
    for (let index = 0; index < count; index++) await emit(Buffer.alloc(1000, index));
    return count;
  },
};

export type OddTasks = typeof oddTasks;

serveTasks(oddTasks);

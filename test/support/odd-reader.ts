// A reader whose tasks do what no task should.
import { spin } from './spin.ts';
import { serveTasks } from '../../src/readers/serve.ts';
import type { Emit, TaskInput } from '../../src/readers/types.ts';

const MB = 1 << 20;

export const oddTasks = {
  async 'say who'(input: TaskInput): Promise<{ readonly pid: number; readonly path: string; readonly env: Readonly<Record<string, string | undefined>> }> {
    return Promise.resolve({ pid: process.pid, path: input.path, env: { ...process.env } });
  },
  async 'give back'({ value }: TaskInput & { readonly value: unknown }): Promise<unknown> {
    return Promise.resolve(value);
  },
  async 'throw'(_: TaskInput): Promise<never> {
    return Promise.reject(new TypeError('no such thing'));
  },
  async 'abort'(_: TaskInput): Promise<never> {
    process.abort();
  },
  async 'exit'(_: TaskInput): Promise<never> {
    process.exit(3);
  },
  /** This and `spin` say that they have begun. */
  async 'never answer'(_: TaskInput, emit: Emit): Promise<never> {
    await emit(Buffer.of());
    return new Promise(() => {});
  },
  async 'spin'(_: TaskInput, emit: Emit): Promise<never> {
    await emit(Buffer.of());
    return spin();
  },
  async 'fill the heap'(_: TaskInput): Promise<unknown> {
    const kept: unknown[] = [];
    for (;;) kept.push({ number: kept.length });
  },
  async 'fill buffers'(_: TaskInput): Promise<unknown> {
    const kept: Buffer[] = [];
    for (;;) {
      kept.push(Buffer.alloc(MB, 1));
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  async 'answer too much'(_: TaskInput): Promise<unknown> {
    return Promise.resolve(Buffer.alloc(64 * MB));
  },
  async 'leave much behind'(_: TaskInput): Promise<number> {
    return Promise.resolve(Buffer.alloc(600 * MB, 1).length);
  },
  async 'emit'({ count }: TaskInput & { readonly count: number }, emit: Emit): Promise<number> {
    for (let index = 0; index < count; index++) await emit(Buffer.alloc(1000, index));
    return count;
  },
};

export type OddTasks = typeof oddTasks;

serveTasks(oddTasks);

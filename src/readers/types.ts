/** What a task is started with: at least the file or folder that it reads, which errors name. */
export interface TaskInput {
  readonly path: string;
}

/**
 * Work that a reader process does. What goes in and comes out crosses processes: plain data, typed arrays, maps and bigints.
 * It needs no signal: a call that is cancelled ends the process.
 */
export type ReaderTask<Input extends TaskInput, Output> = (input: Input, emit: Emit) => Promise<Output>;

/** Hands a piece of a stream to the caller; resolves when the next one may come. */
export type Emit = (chunk: Uint8Array) => Promise<void>;

/** Tasks by name. */
export type TaskTable = Readonly<Record<string, ReaderTask<never, unknown>>>;

/** What a task takes and answers. */
export type InputOf<Task extends ReaderTask<never, unknown>> = Parameters<Task>[0];
export type AnswerOf<Task extends ReaderTask<never, unknown>> = Awaited<ReturnType<Task>>;

export interface ReaderCall {
  /** Ends the reader that works on it. */
  readonly signal: AbortSignal;
  /** Takes what the task emits, a piece at a time. Where it rejects, the reader is ended and the call rejects with that. */
  readonly onChunk?: Emit;
}

/** Processes of their own that read files from outside, so that nothing in a file can stop or end this one. */
export interface Readers<Tasks extends TaskTable> {
  /**
   * Rejects with the task's own codes, `reader-failed` (the process ended before it answered), `too-large` (it needed more memory
   * than a reader may have) or `aborted`.
   */
  run<Name extends keyof Tasks & string>(
    name: Name,
    input: InputOf<Tasks[Name]>,
    call: ReaderCall,
  ): Promise<AnswerOf<Tasks[Name]>>;
}

import { serialize } from 'node:v8';
import { toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { LARGEST_ANSWER, LEFT_OVER_BYTES, WATCH_MS } from './limits.ts';
import type { FromReader, ToReader } from './messages.ts';
import type { ReaderTask, TaskInput, TaskTable } from './types.ts';

/** Makes this process a reader: does the tasks that it is sent, one at a time, until the one who started it is gone. */
export function serveTasks(tasks: TaskTable): void {
  const send = process.send?.bind(process);
  if (!send) throw new Error('a reader is started by the Workbench, which talks to it');
  // A Ctrl-C in a terminal reaches the whole group: the one who started the reader decides what it means.
  process.on('SIGINT', () => {});
  process.once('disconnect', () => process.exit());

  let path = '';
  let more: (() => void) | undefined;
  const emit = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      more = resolve;
      send({ type: 'chunk', bytes } satisfies FromReader);
    });
  process.on('message', (message: ToReader) => {
    if (message.type === 'more') {
      more?.();
      return;
    }
    const input = message.input as TaskInput;
    path = input.path;
    void work(tasks, message.name, input, emit).then((outcome) => send(outcome));
  });
  watchMemory(Number(process.argv[2]), (limit) => {
    send(failure(tooLarge(`reading ${path} needs more than ${Math.round(limit / 2 ** 20)} MB of memory`), false), () =>
      process.exit(),
    );
  });
}

/** Never rejects. */
async function work(
  tasks: TaskTable,
  name: string,
  input: TaskInput,
  emit: (bytes: Uint8Array) => Promise<void>,
): Promise<FromReader> {
  try {
    const task = tasks[name] as ReaderTask<TaskInput, unknown> | undefined;
    if (!task) throw new Error(`there is no task "${name}"`);
    const answer = serialize(await task(input, emit));
    if (answer.length > LARGEST_ANSWER)
      throw tooLarge(`reading ${input.path}: what was found takes more than ${LARGEST_ANSWER >> 20} MB`);
    return { type: 'done', answer, again: process.memoryUsage.rss() < LEFT_OVER_BYTES };
  } catch (error) {
    return failure(toWorkbenchError(error, `reading ${input.path}`), process.memoryUsage.rss() < LEFT_OVER_BYTES);
  }
}

/** Between two pieces of a file a reader can grow by what it makes of one piece; beyond that V8's own limit holds. */
function watchMemory(limit: number, exceeded: (limit: number) => void): void {
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() <= limit) return;
    clearInterval(timer);
    exceeded(limit);
  }, WATCH_MS).unref();
}

function tooLarge(message: string): WorkbenchError {
  return new WorkbenchError({
    code: 'too-large',
    message,
    hint: 'Give a smaller file: fewer steps of a trace, fewer requests of a benchmark.',
  });
}

function failure({ code, message, hint }: WorkbenchError, again: boolean): FromReader {
  return { type: 'failed', code, message, hint, again };
}

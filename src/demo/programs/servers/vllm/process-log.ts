import type { ContainerContext } from '../../../nodes/types.ts';

/** One process of a model server, as its lines are prefixed: `(EngineCore_DP0 pid=412)`. */
export interface ProcessName {
  readonly name: string;
  readonly pid: number;
}

type Level = 'INFO' | 'WARNING' | 'ERROR';

/** Writes a container's log in vLLM's format: process prefix, then level, date and time without year and zone, file and line. */
export class ProcessLog {
  readonly #context: Pick<ContainerContext, 'log' | 'time'>;

  constructor(context: Pick<ContainerContext, 'log' | 'time'>) {
    this.#context = context;
  }

  info(process: ProcessName, source: string, message: string): void {
    this.record('INFO', process, source, message);
  }

  record(level: Level, process: ProcessName, source: string, message: string): void {
    for (const line of message.split('\n'))
      this.raw(process, `${level} ${stamp(this.#context.time.now())} [${source}] ${line}`, 'stderr');
  }

  /** A line without the header: progress bars, uvicorn, tracebacks of a library. */
  raw(process: ProcessName, text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    this.#context.log(`(${process.name} pid=${process.pid}) ${text}`, stream);
  }
}

function stamp(wallMs: number): string {
  const iso = new Date(wallMs).toISOString();
  return `${iso.slice(5, 10)} ${iso.slice(11, 19)}`;
}

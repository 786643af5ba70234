import { stripVTControlCharacters } from 'node:util';

/** A line of a vLLM container's log without its wrapping. */
export interface ServerLine {
  /** Names before the line, outermost first: one, or several where old releases nest them. */
  readonly processes: readonly string[];
  /** What the line says: the message of a record, or the newest state of a progress bar. */
  readonly message: string;
}

const PREFIX = /^\(([^()]+?) pid=\d+\) ?/;
const HEADER = /^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d \d\d:\d\d:\d\d \[[^\]:]+:\d+\] ?/;

export function parseServerLine(text: string): ServerLine {
  const processes: string[] = [];
  let rest = stripVTControlCharacters(text);
  for (let match = PREFIX.exec(rest); match !== null; match = PREFIX.exec(rest)) {
    processes.push(match[1] ?? '');
    rest = rest.slice(match[0].length);
  }
  return { processes, message: newestPiece(rest).replace(HEADER, '') };
}

/** A progress bar redraws itself with `\r`: the last piece that says something is how it stands. */
function newestPiece(text: string): string {
  return text.split('\r').findLast((piece) => piece.trim() !== '') ?? '';
}

/** The process that wrote the line. */
export function processOf(line: ServerLine): string | undefined {
  return line.processes.at(-1);
}

/** The data-parallel rank that a line is about, by the innermost process that names one. */
export function dataParallelRank(line: ServerLine): number | undefined {
  for (const name of line.processes.toReversed()) {
    const found = /_DP(\d+)/.exec(name) ?? /^EngineCore_(\d+)$/.exec(name);
    if (found) return Number(found[1]);
  }
  return undefined;
}

import type { Step } from '../recipes/recipe.ts';

/*
 * Scripts for the shell of the pod that runs a benchmark. All state is in a directory of the pod, so that a window that
 * was reloaded, or a connection that was cut, finds the run again:
 *   run.sh      the steps          pid         of the shell that runs them
 *   stdout.log  output of all      step        the step being run
 *   results/    result files       exit        exit code, there when the run has ended
 * They use nothing beyond POSIX sh, coreutils and sha256sum. The directory comes as $1, never inside the text.
 */

/** The script of a run: each step after the other until one fails, then the exit code. */
export function runScript(directory: string, steps: readonly Step[]): string {
  const commands = steps.map(({ title, argv }, index) => {
    const step = `${index + 1}/${steps.length} ${title}`;
    return `echo ${shellWord(step)} > step && echo ${shellWord(`# ${step}`)} >> stdout.log && ${argv.map(shellWord).join(' ')} >> stdout.log 2>&1`;
  });
  return [
    '#!/bin/sh',
    '# Written by the llm-d Workbench: one benchmark run.',
    `cd ${shellWord(directory)} || exit 1`,
    'mkdir -p results',
    'echo $$ > pid',
    commands.join(' && \\\n'),
    'echo $? > exit.tmp',
    'mv exit.tmp exit',
    '',
  ].join('\n');
}

/** Takes run.sh on its input. */
export const PREPARE = 'mkdir -p "$1" && cat > "$1/run.sh"';

/**
 * Starts run.sh detached from this connection and waits until it has said its pid.
 * A session of its own, where the image has setsid, lets cancel end all that the steps started.
 */
export const START = [
  'cd "$1" || exit 1',
  'if command -v setsid > /dev/null 2>&1; then setsid nohup sh run.sh > launch.log 2>&1 < /dev/null &',
  'else nohup sh run.sh > launch.log 2>&1 < /dev/null &',
  'fi',
  'tries=0',
  'until [ -e pid ] || [ "$tries" -ge 50 ]; do sleep 0.2; tries=$((tries + 1)); done',
  '[ -e pid ] || { cat launch.log >&2; exit 1; }',
].join('\n');

/** Of a log at a time: a window that was closed over night finds more than a collected output may hold. */
export const LOOK_BYTES = 4 * 1024 * 1024;

/**
 * Prints the log from byte $2 on, up to LOOK_BYTES of it, and to stderr the step and the state. The state is taken before
 * the log, so that a run that has ended has been printed whole when less than that came.
 */
export const LOOK = [
  'cd "$1" 2> /dev/null || { echo >&2; echo lost >&2; exit 0; }',
  'state=running',
  // A killed process stays a zombie where the pod's first process waits for none.
  'if [ -e pid ] && [ ! -e exit ]; then',
  '  pid=$(cat pid)',
  '  if ! kill -0 "$pid" 2> /dev/null || grep -qs "^State:.[ZX]" "/proc/$pid/status"; then state=gone; fi',
  'fi',
  'if [ -e exit ]; then state="exit $(cat exit)"; fi',
  `if [ -e stdout.log ]; then tail -c "+$2" stdout.log | head -c ${LOOK_BYTES}; fi`,
  'if [ -e step ]; then cat step >&2; else echo >&2; fi',
  'echo "$state" >&2',
].join('\n');

/** Sends signal $2 to the run's whole session. Where the image had no setsid, to its shell only. */
export const KILL = 'cd "$1" && pid=$(cat pid) && { kill -s "$2" -- "-$pid" 2> /dev/null || kill -s "$2" "$pid"; }';

/** Prints size, SHA-256 and path of each result file, a line each. */
export const LIST = [
  'cd "$1/results" 2> /dev/null || exit 0',
  "find . -type f -name '*.json' | sort | while IFS= read -r file; do",
  '  echo "$(wc -c < "$file") $(sha256sum "$file")"',
  'done',
].join('\n');

export type RemoteState =
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly exitCode: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'lost' };

/** Reads what `LOOK` printed to stderr. Undefined when it printed something else. */
export function parseLook(stderr: string): { readonly step: string; readonly state: RemoteState } | undefined {
  const lines = stderr.trimEnd().split('\n');
  const word = lines.at(-1) ?? '';
  const step = lines.at(-2) ?? '';
  const exit = /^exit (\d+)$/.exec(word);
  if (exit) return { step, state: { kind: 'ended', exitCode: Number(exit[1]) } };
  if (word === 'running' || word === 'gone' || word === 'lost') return { step, state: { kind: word } };
  return undefined;
}

export interface RemoteFile {
  /** Relative to the results directory. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Reads what `LIST` printed. */
export function parseList(stdout: string): RemoteFile[] {
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+\\?([0-9a-f]{64})\s+\*?(?:\.\/)?(.+)$/.exec(line);
    return match?.[2] !== undefined && match[3] !== undefined
      ? [{ size: Number(match[1]), sha256: match[2], path: match[3] }]
      : [];
  });
}

/** One word of a POSIX shell, whatever it holds. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

import { PassThrough, type Readable, type Writable } from 'node:stream';
import type { ExecResult, ResolvedCommandContext } from 'just-bash';
import { environmentOf, runCommand, type ShellRuntime } from '../adapter.ts';
import { internalCommand, pipeSeparator, pipeSeparatorWithStderr } from '../live-script.ts';
import { liveVariable, readLiveStreams } from '../live-streams.ts';
import { emptyInput, quote, type Stdio } from '../script.ts';
import { readAll, writeAll, writeText } from '../streams.ts';

interface Stage {
  readonly argv: readonly string[];
  /** Whether stderr goes into the pipe too. */
  readonly merged: boolean;
}

/** A stage whose reader has ended may finish by itself for so long, then it is ended as by SIGPIPE. */
const brokenPipeGraceMs = 100;

/** Runs the stages of a pipeline side by side, so that the last shows what the first says as it says it. */
export async function pipe(
  argv: readonly string[],
  context: ResolvedCommandContext,
  runtime: ShellRuntime,
): Promise<ExecResult> {
  const stages = splitStages(argv);
  const live = readLiveStreams(context.env.get(liveVariable));
  const readerGone = stages.map(() => new AbortController());
  let input: Readable = live.stdin ? runtime.stdio.stdin : emptyInput();
  const codes: Promise<number>[] = [];
  for (const [index, stage] of stages.entries()) {
    const last = index === stages.length - 1;
    const between = new PassThrough();
    const stdout: Writable = last ? runtime.stdio.stdout : between;
    const setting: StageSetting = {
      stdio: {
        stdin: input,
        stdout,
        stderr: stage.merged ? stdout : runtime.stdio.stderr,
        tty: last && runtime.stdio.tty,
      },
      signal: AbortSignal.any([runtime.signal, ...(readerGone[index] === undefined ? [] : [readerGone[index].signal])]),
    };
    codes.push(
      runStage(stage.argv, setting, context, runtime).finally(() => {
        if (!last) between.end();
        const writer = readerGone[index - 1];
        if (writer !== undefined) setTimeout(() => writer.abort(), brokenPipeGraceMs).unref();
      }),
    );
    input = between;
  }
  const results = await Promise.all(codes);
  const pipefail = context.env.get('SHELLOPTS')?.split(':').includes('pipefail') === true;
  const toFile = isFileStage(stages.at(-1));
  const exitCode = toFile
    ? (results[0] ?? 0)
    : pipefail
      ? (results.findLast((code) => code !== 0) ?? 0)
      : (results.at(-1) ?? 0);
  return { stdout: '', stderr: '', exitCode };
}

/** The last stage of a redirection that was made a pipe: its command's exit code is the one that counts. */
function isFileStage(stage: Stage | undefined): boolean {
  const [name] = stage?.argv ?? [];
  return name === internalCommand.write || name === internalCommand.append;
}

async function writeFile(argv: readonly string[], input: Readable, context: ResolvedCommandContext): Promise<number> {
  const [name, file = ''] = argv;
  const path = context.fs.resolvePath(context.cwd, file);
  if (name === internalCommand.write) await context.fs.writeFile(path, '');
  for await (const chunk of input) await context.fs.appendFile(path, chunk as Uint8Array);
  return 0;
}

interface StageSetting {
  readonly stdio: Stdio;
  readonly signal: AbortSignal;
}

function splitStages(argv: readonly string[]): readonly Stage[] {
  const stages: Stage[] = [];
  let words: string[] = [];
  for (const word of argv) {
    if (word !== pipeSeparator && word !== pipeSeparatorWithStderr) {
      words.push(word);
      continue;
    }
    stages.push({ argv: words, merged: word === pipeSeparatorWithStderr });
    words = [];
  }
  return [...stages, { argv: words, merged: false }];
}

/** A streaming command reads and writes as it goes; any other gets its input whole. */
async function runStage(
  argv: readonly string[],
  { stdio, signal }: StageSetting,
  context: ResolvedCommandContext,
  runtime: ShellRuntime,
): Promise<number> {
  const [name = '', ...args] = argv;
  // There is no hang-up to be spared of: what nohup starts runs as without it.
  if (name === 'nohup') return runStage(args, { stdio, signal }, context, runtime);
  if (name === internalCommand.write || name === internalCommand.append) return writeFile(argv, stdio.stdin, context);
  const command = runtime.commands.get(name);
  const env = environmentOf(context);
  if (command !== undefined) {
    const code = await runCommand(command, args, { stdio, env, cwd: context.cwd, signal }, runtime);
    // What still comes has no reader any more.
    stdio.stdin.resume();
    return code;
  }
  if (context.exec === undefined) return 126;
  const input = await readAll(stdio.stdin);
  const result = await context.exec(argv.map(quote).join(' '), {
    cwd: context.cwd,
    env: { ...env },
    stdin: input.toString('latin1'),
    stdinKind: 'bytes',
    signal,
  });
  await writeAll(stdio.stdout, Buffer.from(result.stdout, result.stdoutKind === 'bytes' ? 'latin1' : 'utf8'));
  await writeText(stdio.stderr, result.stderr);
  return result.exitCode;
}

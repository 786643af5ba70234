import { toWorkbenchError, isWorkbenchError } from '../base/errors.ts';
import { badUsage, help, parseInvocation, type Command } from './command.ts';
import { commands } from './commands.ts';
import { exit, line, printing, type Io } from './io.ts';

/** Runs one command line and answers its exit code: 0, 1 (failed) or 2 (bad usage). Errors are one line plus hint on stderr. */
export async function main(args: readonly string[], given: Io): Promise<number> {
  const io = printing(given);
  try {
    if (args.length === 0 || args[0] === '--help' || args[0] === 'help') {
      io.out(overview());
      return args.length === 0 ? exit.usage : exit.ok;
    }
    const command = find(args);
    const rest = args.slice(command.words.length);
    if (rest.includes('--help') || rest.includes('-h')) {
      io.out(help(command));
      return exit.ok;
    }
    const invocation = parseInvocation(command, rest);
    const run = await command.load();
    return await run(invocation, io);
  } catch (error) {
    return report(error, args, io);
  }
}

function find(args: readonly string[]): Command {
  const command = commands.find((candidate) => candidate.words.every((word, index) => args[index] === word));
  if (command) return command;
  throw badUsage(`there is no command "${args.slice(0, 2).join(' ')}"`, 'Run "llmdw --help" for the list.');
}

function report(error: unknown, args: readonly string[], io: Io): number {
  const known = toWorkbenchError(error, `llmdw ${args.slice(0, 2).join(' ')}`);
  io.err(line`llmdw: ${known.message.replaceAll('\n', ' ')}`);
  if (known.hint !== undefined && known.hint !== '') io.err(line`hint: ${known.hint.replaceAll('\n', ' ')}`);
  if (known.code === 'internal' && io.env['LLMDW_DEBUG'] !== undefined && error instanceof Error)
    io.err(`${error.stack ?? ''}\n`);
  return isWorkbenchError(known, 'bad-usage') ? exit.usage : exit.failed;
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.words.join(' ').length));
  const lines = commands.map((command) => `  ${command.words.join(' ').padEnd(width)}  ${command.summary}`);
  return `llmdw: the llm-d Workbench on the command line\n\nCommands:\n${lines.join('\n')}\n\nEach has --help; those that print figures have --json. Exit codes: 0, 1 failed, 2 bad usage.\n`;
}

import { quote } from './script.ts';

export interface ShellInvocation {
  /** The script of `-c`. */
  readonly command: string | undefined;
  /** `set -e` and the like, given on the command line. */
  readonly options: string;
  /** What follows: `$0` and arguments after `-c`, else a file and its arguments. */
  readonly rest: readonly string[];
}

/** Reads the arguments of bash, sh or zsh. Login and interactive flags change nothing here. */
export function readShellInvocation(argv: readonly string[]): ShellInvocation {
  let options = '';
  let index = 0;
  let wantsCommand = false;
  for (; index < argv.length; index += 1) {
    const argument = argv[index] ?? '';
    if (argument === '--') {
      index += 1;
      break;
    }
    if (!/^[-+]./.test(argument)) break;
    if (argument.startsWith('--')) continue;
    if (/^[-+]o$/.test(argument)) {
      index += 1;
      options += `set ${argument} ${quote(argv[index] ?? '')}\n`;
      continue;
    }
    const letters = argument.slice(1);
    if (letters.includes('c')) wantsCommand = true;
    const settable = letters.replaceAll(/[^eux]/g, '');
    if (settable !== '') options += `set -${settable}\n`;
    if (letters.endsWith('o')) {
      index += 1;
      options += `set -o ${quote(argv[index] ?? '')}\n`;
    }
  }
  const rest = argv.slice(index);
  return wantsCommand
    ? { command: rest[0] ?? '', options, rest: rest.slice(1) }
    : { command: undefined, options, rest };
}

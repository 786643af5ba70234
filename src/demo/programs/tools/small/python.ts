import type { ShellCommand } from '../../../nodes/types.ts';
import { print } from '../command-line.ts';

const VERSION = '3.12.11';

/** Enough of `python3` to tell its version; programs are not run. */
export const pythonCommand: ShellCommand = {
  name: 'python3',
  async run(argv, io) {
    if (argv[0] === '--version' || argv[0] === '-V') {
      await print(io, `Python ${VERSION}\n`);
      return 0;
    }
    await print(
      io,
      'python3: this demo container runs no Python programs; its tools are vllm, guidellm and lm_eval\n',
      'stderr',
    );
    return 1;
  },
};

import { vllmVersion } from '../../servers/vllm/version.ts';
import type { ShellCommand } from '../../../nodes/types.ts';
import { print, UsageError } from '../command-line.ts';
import { parseBenchOptions } from './bench-options.ts';
import { benchServe } from './bench-serve.ts';

const USAGE = 'usage: vllm [-h] [-v] {bench,serve} ...\n';

/** The `vllm` command in a shell: its version and `vllm bench serve`. Servers are started by a container's main process. */
export const vllmCommand: ShellCommand = {
  name: 'vllm',
  async run(argv, io, container) {
    if (argv[0] === '--version' || argv[0] === '-v') {
      await print(io, `${vllmVersion(container.image).text}\n`);
      return 0;
    }
    if (argv[0] !== 'bench' || argv[1] !== 'serve') {
      await print(
        io,
        `${USAGE}vllm: error: ${argv[0] === 'serve' ? 'serve: no GPU in this shell; a pod serves as its main process' : `invalid choice: '${argv.join(' ')}'`}\n`,
        'stderr',
      );
      return argv.length === 0 || argv[0] === '--help' ? 0 : 2;
    }
    try {
      return await benchServe(parseBenchOptions(argv.slice(2)), io, container);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      await print(io, `usage: vllm bench serve [options]\nvllm bench serve: error: ${error.message}\n`, 'stderr');
      return 2;
    }
  },
};

import { createHash } from 'node:crypto';
import type { PartialShellCommand } from '../adapter.ts';
import { writeText } from '../streams.ts';
import { forEachFile, readInput } from './files.ts';

/** `sha256sum file…` and its likes. Checking lists (`-c`) is left to the shell library. */
function checksum(name: string, algorithm: string): PartialShellCommand {
  return {
    name,
    handles: (argv) => argv.every((argument) => argument === '-' || argument === '-b' || !argument.startsWith('-')),
    run: (argv, io, { fs }) =>
      forEachFile(
        name,
        argv.filter((argument) => argument !== '-b'),
        io,
        async (file) => {
          const hash = createHash(algorithm);
          if (file === '-') for await (const chunk of io.stdin) hash.update(chunk as Uint8Array);
          else hash.update(await readInput(fs, io, file));
          await writeText(io.stdout, `${hash.digest('hex')}  ${file}\n`);
        },
      ),
  };
}

export const checksums: readonly PartialShellCommand[] = [
  checksum('sha256sum', 'sha256'),
  checksum('sha1sum', 'sha1'),
  checksum('md5sum', 'md5'),
];

import type { ShellCommand } from '../../types.ts';
import { ProcessTable } from '../processes.ts';
import { checksums } from './checksums.ts';
import { dd } from './dd.ts';
import { cat, head, tail, tee } from './files.ts';
import { systemCommands, type MachineFacts } from './system.ts';
import { tar } from './tar.ts';

/** The commands that every container's shell has beside those of the shell library. */
export function ownCommands(facts: MachineFacts, processes: ProcessTable): readonly ShellCommand[] {
  return [cat, head, tail, tee, dd, tar, ...checksums, ...systemCommands(facts, processes)];
}

/** Their names: every image has a file of each. */
export const ownCommandNames: readonly string[] = ownCommands(
  { hostname: '', kernel: '', cpus: 0, memoryBytes: 0, mounts: [] },
  new ProcessTable(),
).map(({ name }) => name);

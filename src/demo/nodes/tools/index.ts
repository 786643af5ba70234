import type { ShellCommand } from '../types.ts';
import { vllmCommand } from './vllm/command.ts';

/** Commands that the containers' shell has beside just-bash's own. */
export function commands(): readonly ShellCommand[] {
  return [vllmCommand];
}

import type { ShellCommand } from '../../nodes/types.ts';
import { curlCommand } from './curl/command.ts';
import { guidellmCommand } from './guidellm/command.ts';
import { justCommand } from './just/command.ts';
import { lmEvalCommand } from './lm-eval/command.ts';
import { nvidiaSmiCommand } from './small/nvidia-smi.ts';
import { pythonCommand } from './small/python.ts';
import { vllmCommand } from './vllm/command.ts';

/** Commands that the containers' shell has beside just-bash's own. */
export function commands(): readonly ShellCommand[] {
  return [vllmCommand, guidellmCommand, lmEvalCommand, curlCommand, nvidiaSmiCommand, justCommand, pythonCommand];
}

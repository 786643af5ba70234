import { delimiter, join } from 'node:path';
import type { EnvironmentVariableCollection } from 'vscode';

/** Puts `llmdw` on the PATH of integrated terminals. Its launcher runs it with VS Code's own Node where the machine has none. */
export function offerCommandLine(environment: EnvironmentVariableCollection, root: string): void {
  environment.description = 'Adds the llm-d Workbench command line, `llmdw`';
  environment.prepend('PATH', join(root, 'bin') + delimiter);
  environment.replace('LLMDW_NODE', process.execPath);
}

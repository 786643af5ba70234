import type * as vscode from 'vscode';
import { compose } from './compose.ts';
import { createOutput, environmentOf, registerHost, type HostApi } from './host/index.ts';

/** Composes the features and hands them to the window. What it answers is for the tests that run inside VS Code. */
export function activate(context: vscode.ExtensionContext): HostApi {
  const output = createOutput();
  const workbench = compose(environmentOf(context, output));
  const host = registerHost(context, workbench, output);
  context.subscriptions.push(output, workbench, host);
  return host;
}

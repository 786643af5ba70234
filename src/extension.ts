import type * as vscode from 'vscode';
import { compose } from './compose.ts';
import { createOutput, environmentOf, registerHost, type HostApi } from './host/index.ts';

let end: (() => Promise<void>) | undefined;

/** Composes the features and hands them to the window. What it answers is for the tests that run inside VS Code. */
export function activate(context: vscode.ExtensionContext): HostApi {
  const output = createOutput();
  const workbench = compose(environmentOf(context, output));
  const host = registerHost(context, workbench, output);
  // Nothing is subscribed to the context: VS Code disposes that without waiting for `deactivate`, and jobs need clients to end.
  end = async () => {
    await host.close();
    for (const part of [host, workbench, output]) part.dispose();
  };
  return host;
}

/** VS Code gives it 5 s. */
export async function deactivate(): Promise<void> {
  await end?.();
  end = undefined;
}

import * as vscode from 'vscode';

/** The keys that `when` clauses in package.json may ask for. */
export interface ContextKeys {
  /** `none`: no kubeconfig; `failed`: one that cannot be read or reached. */
  'llmd.connection': 'loading' | 'none' | 'failed' | 'ready';
  'llmd.demoRunning': boolean;
  /** By command without its `llmd.`: true once it is known that the cluster would refuse it. Unset hides nothing. */
  [denied: `llmd.denied.${string}`]: boolean;
}

export async function setContextKey<Key extends keyof ContextKeys>(key: Key, value: ContextKeys[Key]): Promise<void> {
  await vscode.commands.executeCommand('setContext', key, value);
}

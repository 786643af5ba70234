import * as vscode from 'vscode';
import { poll, systemClock } from '../../src/base/clock.ts';
import type { HostApi } from '../../src/host/index.ts';
import type { Connection } from '../../src/host/session.ts';
import type { Row } from '../../src/host/trees/row.ts';

export const EXTENSION_ID = 'llm-d-workbench.llm-d-workbench';

export function extension(): vscode.Extension<HostApi> {
  const found = vscode.extensions.getExtension<HostApi>(EXTENSION_ID);
  if (!found) throw new Error(`${EXTENSION_ID} is not there`);
  return found;
}

export function activated(): Thenable<HostApi> {
  return extension().activate();
}

/** Asks every 50 ms until there is an answer. Mocha's own time limit ends it. */
export function eventually<T>(probe: () => T | undefined): Promise<T> {
  return poll(systemClock, 50, new AbortController().signal, () => Promise.resolve(probe()));
}

/** The kubeconfig of the demo cluster that the runner started. */
function testKubeconfig(): string {
  const path = process.env['LLMDW_TEST_KUBECONFIG'];
  if (path === undefined || path === '')
    throw new Error('LLMDW_TEST_KUBECONFIG names no kubeconfig: run these tests by `npm test -- host`');
  return path;
}

/** The window on the demo cluster, its views in sight. */
export function useTestCluster(): Promise<HostApi> {
  return useKubeconfig(testKubeconfig(), 'ready');
}

/** The window as it is where nobody has a kubeconfig, its views in sight. */
export function useNoCluster(): Promise<HostApi> {
  return useKubeconfig(undefined, 'none');
}

async function useKubeconfig(path: string | undefined, kind: Connection['kind']): Promise<HostApi> {
  const api = await activated();
  await vscode.workspace.getConfiguration('llmd').update('kubeconfig', path, vscode.ConfigurationTarget.Global);
  await eventually(() => (api.session.connection.kind === kind ? true : undefined));
  await vscode.commands.executeCommand('llmd.cluster.focus');
  await eventually(() => (api.trees.cluster.view.visible ? true : undefined));
  return api;
}

export async function closeAllEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  await eventually(() => (vscode.window.tabGroups.all.every(({ tabs }) => tabs.length === 0) ? true : undefined));
}

/** Every row with those below it, top down. */
export function flatten(rows: readonly Row[]): readonly Row[] {
  return rows.flatMap((row) => [row, ...flatten(row.children ?? [])]);
}

import * as vscode from 'vscode';
import { poll, systemClock } from '../../src/base/clock.ts';
import type { HostApi } from '../../src/host/index.ts';
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
export function testKubeconfig(): string {
  const path = process.env['LLMDW_TEST_KUBECONFIG'];
  if (path === undefined || path === '')
    throw new Error('LLMDW_TEST_KUBECONFIG names no kubeconfig: run these tests by `npm test -- host`');
  return path;
}

export async function useTestCluster(): Promise<HostApi> {
  const api = await activated();
  await vscode.workspace
    .getConfiguration('llmd')
    .update('kubeconfig', testKubeconfig(), vscode.ConfigurationTarget.Global);
  await eventually(() => (api.session.connection.kind === 'ready' ? true : undefined));
  await vscode.commands.executeCommand('llmd.cluster.focus');
  return api;
}

/** Every row with those below it, top down. */
export function flatten(rows: readonly Row[]): readonly Row[] {
  return rows.flatMap((row) => [row, ...flatten(row.children ?? [])]);
}

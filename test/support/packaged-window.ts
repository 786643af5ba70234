import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { kubeTools } from '../../scripts/lib/clients.ts';
import { startWorkbenchServer, type TrustOption } from '../../scripts/lib/workbench-window.ts';
import { Window } from '../../scripts/tour/window.ts';

/** Where `npm run package` leaves the package, and tests their pictures. */
export const out = resolve(import.meta.dirname, '../../out');

export interface PackagedWindow {
  readonly window: Window;
  close(): Promise<void>;
}

export interface PackagedWindowOptions extends TrustOption {
  readonly workspace: string;
  /** User data and extensions of VS Code. */
  readonly data: string;
  readonly kubeconfig: string;
}

/** A window of the real VS Code with the packaged extension. */
export async function openPackaged({
  workspace,
  data,
  kubeconfig,
  ...trust
}: PackagedWindowOptions): Promise<PackagedWindow> {
  const [vsix] = (await readdir(out)).filter((file) => file.endsWith('.vsix'));
  assert.ok(vsix, 'the package is built by "npm run package"');
  const server = await startWorkbenchServer({
    vsix: join(out, vsix),
    workspace,
    data,
    env: { KUBECONFIG: kubeconfig },
    tools: await kubeTools(),
    ...trust,
  });
  const window = await Window.open(server.url);
  return {
    window,
    async close() {
      await window.close();
      await server.stop();
    },
  };
}

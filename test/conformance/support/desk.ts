import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { trusted } from '../../../src/base/trust.ts';
import { assetsAt, compose, type Workbench } from '../../../src/compose.ts';
import type { ClusterRef } from '../../../src/kube/types.ts';
import type { Server } from './both.ts';
import { variable } from './targets.ts';

export const root = resolve(import.meta.dirname, '../../..');
export const owner = 'somebody';

export interface Desk {
  readonly workbench: Workbench;
  readonly cluster: ClusterRef;
  close(): Promise<void>;
}

/** The services as the extension composes them, on a workspace of their own. */
export async function sitDown(server: Server): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-loop-'));
  const workspace = join(folder, 'workspace');
  await mkdir(workspace);
  const workbench = compose({
    workspace,
    trust: trusted,
    assets: assetsAt(root),
    store: new MemoryStore(),
    storage: join(folder, 'storage'),
    settings: () => ({ kubectlPath: variable('KUBECTL_NEW'), helmPath: variable('HELM_NEW'), owner }),
    env: { PATH: process.env['PATH'], KUBECONFIG: server.target.kubeconfigPath },
    logger: silentLogger,
  });
  const cluster = await workbench.contexts.select(server.target.context, server.namespace);
  return {
    workbench,
    cluster,
    async close() {
      workbench.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

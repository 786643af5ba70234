import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MemoryStore } from '../base/store.ts';
import { silentLogger } from '../base/logger.ts';
import { assetsAt, compose, type Assets, type Settings, type Workbench } from '../compose.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Invocation } from './command.ts';
import type { Io } from './io.ts';

/** The product's folder: the nearest one above this module that holds package.json, both bundled in `dist/` and from the sources. */
export function ownAssets(): Assets {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return assetsAt(folder);
}

/** The features for one command, with its own settings; `dispose` it when the command ends. */
export function services(invocation: Invocation, io: Io, settings: Settings = {}): Workbench {
  const kubeconfig = invocation.text('kubeconfig');
  return compose({
    workspace: io.cwd,
    assets: ownAssets(),
    store: new MemoryStore(),
    storage: join(homedir(), '.llm-d-workbench'),
    settings: () => ({ ...settings, ...(kubeconfig === undefined ? {} : { kubeconfig }) }),
    env: io.env,
    logger: silentLogger,
  });
}

/** The cluster that `--context` and `--namespace` name, else the kubeconfig's. */
export async function chosenCluster(workbench: Workbench, invocation: Invocation): Promise<ClusterRef> {
  const context = invocation.text('context');
  const namespace = invocation.text('namespace');
  const current = await workbench.contexts.current();
  if (context === undefined && namespace === undefined && current) return current;
  return workbench.contexts.select(context ?? current?.context ?? '', namespace);
}

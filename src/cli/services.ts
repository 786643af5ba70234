import { homedir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '../base/store.ts';
import { WorkbenchError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { trusted } from '../base/trust.ts';
import { assetsAt, compose, type Settings, type Workbench } from '../compose.ts';
import type { InventorySnapshot } from '../inventory/types.ts';
import { accessError, needOf } from '../kube/access/access.ts';
import { Nodes, Pods } from '../kube/resources.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Invocation } from './command.ts';
import type { Io } from './io.ts';
import { ownFolder } from './own-folder.ts';

/** The features for one command, with its own settings; `dispose` it when the command ends. */
export function services(invocation: Invocation, io: Io, settings: Settings = {}): Workbench {
  const kubeconfig = invocation.text('kubeconfig');
  return compose({
    workspace: io.cwd,
    trust: trusted,
    checkEnv: ({ path, values }) => {
      if (!values['KUBECONFIG'] || kubeconfig !== undefined || invocation.flag('trust-env')) return;
      throw new WorkbenchError({
        code: 'untrusted',
        message: `${path} names a kubeconfig, and a kubeconfig can run programs`,
        hint: 'Add --trust-env if the folder is yours or you know what it holds; or name a file with --kubeconfig.',
      });
    },
    assets: assetsAt(ownFolder()),
    store: new MemoryStore(),
    storage: join(homedir(), '.llm-d-workbench'),
    settings: () => ({ ...settings, ...(kubeconfig === undefined ? {} : { kubeconfig }) }),
    env: io.env,
    logger: silentLogger,
  });
}

/** Ends a command that may not see any of what it is to show: an empty table would say that there is nothing. */
export function requireSight(snapshot: InventorySnapshot, doing: string, kinds: readonly ('nodes' | 'pods')[]): void {
  if (kinds.some((kind) => snapshot.states[kind].kind !== 'denied')) return;
  throw accessError(
    doing,
    kinds.map((kind) => needOf('list', kind === 'nodes' ? Nodes : Pods)),
    snapshot.cluster,
  );
}

/** The cluster that `--context` and `--namespace` name, else the kubeconfig's. */
export async function chosenCluster(workbench: Workbench, invocation: Invocation): Promise<ClusterRef> {
  const context = invocation.text('context');
  const namespace = invocation.text('namespace');
  const current = await workbench.contexts.current();
  if (context === undefined && namespace === undefined && current) return current;
  return workbench.contexts.select(context ?? current?.context ?? '', namespace);
}

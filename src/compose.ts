import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from './base/clock.ts';
import { DisposableStore, type Disposable } from './base/disposables.ts';
import { WorkbenchError } from './base/errors.ts';
import type { Logger } from './base/logger.ts';
import { ownNode } from './base/own-node.ts';
import { loadPart, onFirstCall } from './base/parts.ts';
import type { KeyValueStore } from './base/store.ts';
import type { Trust } from './base/trust.ts';
import { WorkspaceFiles } from './base/workspace-files.ts';
import type { ResultTasks } from './benchmarks/reader-tasks.ts';
import type { BenchmarkService } from './benchmarks/types.ts';
import { createDemoControl } from './democtl/control.ts';
import type { DemoControl } from './democtl/types.ts';
import { readEnv, type WorkspaceEnv } from './deployment/env.ts';
import type { DeploymentService } from './deployment/types.ts';
import { createDecodePodsFile } from './inventory/decode-pods/service.ts';
import type { DecodePodsFile } from './inventory/decode-pods/types.ts';
import { createInventory } from './inventory/inventory.ts';
import { createLiveFigures } from './inventory/live/live-figures.ts';
import type { LiveFigures } from './inventory/live/types.ts';
import type { LoadWatcher } from './inventory/loading/types.ts';
import { createLoadWatcher } from './inventory/loading/watcher.ts';
import { ownerName } from './inventory/owner.ts';
import type { RunningServer } from './inventory/running-servers.ts';
import type { GpuReport, Inventory } from './inventory/types.ts';
import { createContexts } from './kube/login/contexts.ts';
import type { ClusterRef } from './kube/types.ts';
import type { CommandRunner } from './kube/tools/types.ts';
import type { Contexts } from './kube/login/types.ts';
import type { PokerService } from './poker/types.ts';
import type { BegunProfiles } from './profiling/begun-profiles.ts';
import type { ProfilingService } from './profiling/types.ts';
import { createRunLedger } from './runs/ledger.ts';
import { RunPlaces } from './runs/places.ts';
import type { RunLedger } from './runs/types.ts';
import type { TraceTasks } from './traces/reader-tasks.ts';
import type { TraceService } from './traces/types.ts';

/** Where the product's own files are: `dist/` (bundles, WASM), `manifests/`, `media/`. */
export interface Assets {
  readonly root: string;
  readonly dist: string;
  readonly manifests: string;
  readonly media: string;
}

/** What a person may set. Empty strings count as not set. */
export interface Settings {
  /** A kubeconfig file instead of KUBECONFIG and the home folder's. */
  readonly kubeconfig?: string;
  readonly kubectlPath?: string;
  readonly helmPath?: string;
  /** Who I am on a shared cluster; the system's user name otherwise. */
  readonly owner?: string;
  readonly demoSpeed?: number;
  readonly perfettoSource?: 'auto' | 'bundled' | 'public';
  /** Whether running servers are asked for their figures; off unless switched on. */
  readonly liveFigures?: boolean;
  /** From one round to the next, 1 to 60; 5 unless set. */
  readonly liveFiguresSeconds?: number;
}

export interface ComposeOptions {
  /** The open folder; without one nothing is written to disk and what needs a folder says so. */
  readonly workspace: string | undefined;
  /** Until it is granted the open folder counts as none. */
  readonly trust: Trust;
  /** Throws where the folder's `.env` asks for more than its reader granted. */
  readonly checkEnv?: (env: WorkspaceEnv) => void;
  readonly assets: Assets;
  readonly store: KeyValueStore;
  /** A folder for state of this machine and user. */
  readonly storage: string;
  readonly settings: () => Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** The system's when left out. */
  readonly clock?: Clock;
}

/** Every feature, composed once a window or a command line. */
export interface Workbench extends Disposable {
  readonly assets: Assets;
  /** The open folder, once it is trusted. */
  readonly workspace: string | undefined;
  readonly trust: Trust;
  readonly logger: Logger;
  /** Sanitised name that marks what is mine on a shared cluster. */
  readonly owner: string;
  readonly contexts: Contexts;
  readonly runner: CommandRunner;
  readonly inventory: Inventory;
  readonly decodePods: DecodePodsFile;
  readonly loading: LoadWatcher;
  readonly live: LiveFigures;
  readonly deployments: DeploymentService;
  readonly poker: PokerService;
  readonly benchmarks: BenchmarkService;
  readonly profiling: ProfilingService;
  /** Where profilers were switched on. Looked at before anything of `profiling` is loaded. */
  readonly begunProfiles: Pick<BegunProfiles, 'any'>;
  readonly traces: TraceService;
  readonly runs: RunLedger;
  readonly demo: DemoControl;
}

export function assetsAt(root: string): Assets {
  return { root, dist: join(root, 'dist'), manifests: join(root, 'manifests'), media: join(root, 'media') };
}

/** Constructs every feature by plain constructors. What one feature needs of another is handed in here, and nowhere else. */
export function compose(options: ComposeOptions): Workbench {
  const { trust, assets, settings, env, logger, clock = systemClock } = options;
  const owned = new DisposableStore();
  const owner = ownerName({ USER: systemUser(), ...env }, settings().owner);
  const workspace = (): string | undefined => (trust.granted ? options.workspace : undefined);
  const files =
    options.workspace === undefined ? undefined : new WorkspaceFiles(options.workspace, () => mayWrite(trust));
  const below = (path: string) => (): WorkspaceFiles | undefined => (trust.granted ? files?.below(path) : undefined);
  const folder = (): string => workspace() ?? options.storage;
  const workspaceEnv = async (): Promise<WorkspaceEnv> => {
    const read = await readEnv(join(folder(), '.env'));
    options.checkEnv?.(read);
    return read;
  };

  const demo = owned.add(
    createDemoControl({
      storage: options.storage,
      cli: join(assets.dist, 'llmdw.mjs'),
      node: ownNode(env),
      clock,
      logger,
    }),
  );
  const runner = onFirstCall(async () =>
    (await import('./kube/tools/command-runner.ts')).createCommandRunner({
      env,
      toolPaths: () => ({ kubectl: settings().kubectlPath, helm: settings().helmPath }),
      logger,
    }),
  );
  const contexts = owned.add(
    createContexts({
      env,
      home: homedir(),
      folder,
      kubeconfigSetting: () => settings().kubeconfig,
      workspaceEnv: async () => (await workspaceEnv()).values,
      alsoRead: () => [demo.kubeconfig],
      runner,
      store: options.store,
      clock,
      logger,
    }),
  );
  const inventory = owned.add(createInventory({ contexts, clock, logger }));
  const decodePods = owned.add(createDecodePodsFile({ files: below('.tmp'), contexts, owner, clock, logger }));
  const loading = owned.add(
    createLoadWatcher({ inventory, contexts, owner, evidence: below('.tmp/evidence'), clock, logger }),
  );
  const live = owned.add(
    createLiveFigures({
      inventory,
      contexts,
      owner,
      settings: () => ({
        enabled: trust.granted && (settings().liveFigures ?? false),
        intervalMs: Math.min(60, Math.max(1, settings().liveFiguresSeconds ?? 5)) * 1000,
      }),
      store: options.store,
      clock,
      logger,
    }),
  );
  const runs = owned.add(
    createRunLedger({
      files: below('results'),
      places: new RunPlaces(
        new WorkspaceFiles(options.storage).below('runs'),
        options.workspace ?? options.storage,
        clock,
      ),
      clock,
      logger,
    }),
  );

  // What nothing needs before it is called: each comes with the modules and libraries that it stands on.
  const gpus = async (cluster: ClusterRef, signal: AbortSignal): Promise<GpuReport | undefined> => {
    const [{ snapshotOf }, { gpuReport }] = await loadPart(() =>
      Promise.all([import('./inventory/running-servers.ts'), import('./inventory/gpus.ts')]),
    );
    const snapshot = await snapshotOf(inventory, cluster, signal);
    return snapshot && gpuReport(snapshot);
  };
  const servers = async (cluster: ClusterRef, signal: AbortSignal): Promise<readonly RunningServer[]> => {
    const { runningServers, snapshotOf } = await loadPart(() => import('./inventory/running-servers.ts'));
    const snapshot = await snapshotOf(inventory, cluster, signal);
    return snapshot ? runningServers(snapshot, owner, cluster.namespace) : [];
  };
  const deployments = onFirstCall(async () => {
    const [{ createDeploymentService }, { deploymentLoads }] = await Promise.all([
      import('./deployment/service.ts'),
      import('./inventory/loading/deployment-loading.ts'),
    ]);
    return createDeploymentService({
      contexts,
      runner,
      manifests: assets.manifests,
      owner: () => owner,
      workspaceEnv,
      gpus,
      loads: deploymentLoads(loading, inventory, owner),
      clock,
    });
  });
  const poker = onFirstCall(async () => {
    const [{ createPokerService }, { servedModel }] = await Promise.all([
      import('./poker/service.ts'),
      import('./deployment/served-model.ts'),
    ]);
    return createPokerService({
      contexts,
      runner,
      manifests: assets.manifests,
      owner: () => owner,
      deployments,
      servedModel,
      clock,
    });
  });
  const readers = owned.add(
    onFirstCall(async () =>
      (await import('./readers/product-readers.ts')).productReaders<ResultTasks & TraceTasks>(
        join(assets.dist, 'reader.mjs'),
        env,
        clock,
      ),
    ),
  );
  const benchmarks = owned.add(
    onFirstCall(async () => {
      const { createBenchmarkService } = await import('./benchmarks/service.ts');
      return createBenchmarkService({
        contexts,
        poker,
        ledger: runs,
        readers,
        owner: () => owner,
        manifestsDir: assets.manifests,
        logger,
        clock,
      });
    }),
  );
  const begunProfiles = onFirstCall<Pick<BegunProfiles, keyof BegunProfiles>>(async () => {
    const { BegunProfiles } = await import('./profiling/begun-profiles.ts');
    return new BegunProfiles(new WorkspaceFiles(options.storage), clock, logger);
  });
  const profiling = onFirstCall(async () =>
    (await import('./profiling/service.ts')).createProfilingService({
      contexts,
      servers,
      begun: begunProfiles,
      owner: () => owner,
      logger,
      clock,
    }),
  );
  const traces = owned.add(
    onFirstCall(async () => {
      const { createTraceService } = await import('./traces/service.ts');
      return createTraceService({
        files: below('traces'),
        assets,
        readers,
        contexts,
        servers,
        clock,
        logger,
        perfetto: () => settings().perfettoSource ?? 'auto',
      });
    }),
  );

  owned.add(
    trust.onDidGrant(() => {
      void contexts.reload();
      live.reconfigure();
    }),
  );

  return {
    assets,
    get workspace() {
      return workspace();
    },
    trust,
    logger,
    owner,
    contexts,
    runner,
    inventory,
    decodePods,
    loading,
    live,
    deployments,
    poker,
    benchmarks,
    profiling,
    begunProfiles,
    traces,
    runs,
    demo,
    dispose: () => owned.dispose(),
  };
}

/** The features ask for no folder before it is trusted; this holds where one of them forgot. */
function mayWrite(trust: Trust): void {
  if (!trust.granted)
    throw new WorkbenchError({
      code: 'not-supported',
      message: 'nothing is written below a folder that is not trusted',
      hint: 'Run "Workspaces: Manage Workspace Trust".',
    });
}

/** Undefined in a container whose user has no entry. */
function systemUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

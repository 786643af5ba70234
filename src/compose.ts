import type { Disposable } from './base/disposables.ts';
import type { Logger } from './base/logger.ts';
import type { KeyValueStore } from './base/store.ts';
import type { BenchmarkService } from './benchmarks/types.ts';
import type { DemoControl } from './democtl/types.ts';
import type { DeploymentService } from './deployment/types.ts';
import type { Inventory } from './inventory/types.ts';
import type { CommandRunner, Contexts } from './kube/types.ts';
import type { PokerService } from './poker/types.ts';
import type { ProfilingService } from './profiling/types.ts';
import type { RunLedger } from './runs/types.ts';
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
}

export interface ComposeOptions {
  /** The open folder; without one nothing is written to disk and what needs a folder says so. */
  readonly workspace: string | undefined;
  readonly assets: Assets;
  readonly store: KeyValueStore;
  /** A folder for state of this machine and user. */
  readonly storage: string;
  readonly settings: () => Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
}

/** Every feature, composed once a window or a command line. */
export interface Workbench extends Disposable {
  readonly assets: Assets;
  readonly workspace: string | undefined;
  readonly logger: Logger;
  /** Sanitised name that marks what is mine on a shared cluster. */
  readonly owner: string;
  readonly contexts: Contexts;
  readonly runner: CommandRunner;
  readonly inventory: Inventory;
  readonly deployments: DeploymentService;
  readonly poker: PokerService;
  readonly benchmarks: BenchmarkService;
  readonly profiling: ProfilingService;
  readonly traces: TraceService;
  readonly runs: RunLedger;
  readonly demo: DemoControl;
}

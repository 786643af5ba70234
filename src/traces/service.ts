import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { WorkbenchError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { WorkspaceFiles } from '../base/workspace-files.ts';
import type { LongCall } from '../deployment/types.ts';
import type { ClusterRef } from '../kube/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import type { Readers } from '../readers/types.ts';
import { podOf, readSet, setNumbers } from './local/sets.ts';
import { TraceSummaries } from './local/summaries.ts';
import { PerfettoServer, type PerfettoSource } from './perfetto/server.ts';
import { copySet } from './remote/copy-set.ts';
import { realDisk, type TraceDisk } from './remote/disk.ts';
import { RemoteListing } from './remote/list.ts';
import type { TraceTasks } from './reader-tasks.ts';
import type {
  CopyOutcome,
  RemoteTrace,
  RemoteTraces,
  ServedTrace,
  TraceService,
  TraceSet,
  TraceSummary,
  TraceSummaryReport,
} from './types.ts';

/** A pod whose traces are mine to copy. */
export interface TracedPod {
  readonly pod: string;
  readonly deployment: string;
}

export interface TraceDependencies {
  /** `traces/` of the workspace. While no folder counts, nothing can be copied and nothing is cached. */
  readonly files: () => WorkspaceFiles | undefined;
  /** The product's folders: `dist/` has the scanner, `media/` the Perfetto UI. */
  readonly assets: { readonly dist: string; readonly media: string };
  readonly readers: Readers<TraceTasks>;
  readonly contexts: Contexts;
  /** Running model-server pods of mine in the cluster's namespace. */
  readonly servers: (cluster: ClusterRef, signal: AbortSignal) => Promise<readonly TracedPod[]>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Which Perfetto UI to show; `auto` takes the bundled one where it is there. */
  readonly perfetto?: () => PerfettoSource;
  readonly disk?: TraceDisk;
}

export function createTraceService(dependencies: TraceDependencies): TraceService {
  return new Traces(dependencies);
}

class Traces implements TraceService {
  readonly #dependencies: TraceDependencies;
  readonly #summaries: TraceSummaries;
  readonly #listing: RemoteListing;
  readonly #perfetto: PerfettoServer;

  constructor(dependencies: TraceDependencies) {
    const { files, readers, assets, clock, logger } = dependencies;
    this.#dependencies = dependencies;
    this.#summaries = new TraceSummaries({ files, readers, wasm: join(assets.dist, 'kineto.wasm'), logger });
    this.#listing = new RemoteListing(clock);
    this.#perfetto = new PerfettoServer({
      media: assets.media,
      readers,
      logger,
      source: dependencies.perfetto ?? (() => 'auto'),
      summary: (path, signal) => this.summary(path, signal),
      podOf: (path) => podOf(files()?.folder, path),
    });
  }

  async remote(cluster: ClusterRef, signal: AbortSignal): Promise<RemoteTraces> {
    const pods = await this.#dependencies.servers(cluster, signal);
    const client = await this.#dependencies.contexts.client(cluster);
    return this.#listing.list(
      client,
      pods.map((server) => server.pod),
      signal,
    );
  }

  async copy(cluster: ClusterRef, traces: readonly RemoteTrace[], call: LongCall): Promise<CopyOutcome> {
    const { contexts, servers, clock, disk = realDisk } = this.#dependencies;
    const files = this.#dependencies.files();
    if (files === undefined) {
      throw new WorkbenchError({
        code: 'bad-usage',
        message: 'cannot copy traces: no folder is open',
        hint: 'Open a folder: traces are kept in its traces/<n>/.',
      });
    }
    const client = await contexts.client(cluster);
    const pods = await servers(cluster, call.signal);
    const deployments = new Set(traces.map((trace) => pods.find((server) => server.pod === trace.pod)?.deployment));
    const [deployment = null] = deployments.size === 1 ? [...deployments] : [];
    return copySet({ client, disk, clock, files, deployment, traces, call });
  }

  async local(): Promise<readonly TraceSet[]> {
    const files = this.#dependencies.files();
    if (files === undefined) return [];
    const numbers = await setNumbers(files.folder);
    return Promise.all(numbers.map((n) => readSet(files, n, this.#summaries.cache)));
  }

  summary(path: string, signal: AbortSignal): Promise<TraceSummary> {
    return this.#summaries.of(path, signal);
  }

  summaries(paths: readonly string[], signal: AbortSignal): Promise<TraceSummaryReport> {
    return this.#summaries.ofAll(paths, signal);
  }

  serve(path: string, options: { readonly dark: boolean; readonly signal: AbortSignal }): Promise<ServedTrace> {
    return this.#perfetto.serve(path, options);
  }

  dispose(): void {
    this.#perfetto.dispose();
  }
}

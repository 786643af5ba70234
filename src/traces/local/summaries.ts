import { resolve } from 'node:path';
import { isAbort, toWorkbenchError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { FileError } from '../../benchmarks/types.ts';
import type { Readers } from '../../readers/types.ts';
import { fileError } from '../errors.ts';
import type { TraceTasks } from '../reader-tasks.ts';
import type { TraceSummary, TraceSummaryReport } from '../types.ts';
import { SummaryCache } from './summary-cache.ts';

export interface SummaryDependencies {
  /** `traces/` of the workspace. While no folder counts, nothing is cached. */
  readonly files: () => WorkspaceFiles | undefined;
  readonly readers: Readers<TraceTasks>;
  /** The scanner. */
  readonly wasm: string;
  readonly logger: Logger;
}

/** Summaries of traces on disk: from the cache, else made by a reader. */
export class TraceSummaries {
  readonly #dependencies: SummaryDependencies;
  readonly cache: SummaryCache;

  constructor(dependencies: SummaryDependencies) {
    this.#dependencies = dependencies;
    this.cache = new SummaryCache(dependencies.files, dependencies.logger);
  }

  async of(path: string, signal: AbortSignal): Promise<TraceSummary> {
    const absolute = resolve(path);
    const cached = await this.cache.get(absolute);
    if (cached) return { ...cached, path };
    const { readers, wasm } = this.#dependencies;
    const summary = await readers.run('summarise trace', { path, wasm }, { signal });
    await this.cache.set(absolute, summary);
    return summary;
  }

  /** A file that cannot be read fails alone. Rejects only when cancelled. */
  async ofAll(paths: readonly string[], signal: AbortSignal): Promise<TraceSummaryReport> {
    const files: TraceSummary[] = [];
    const errors: FileError[] = [];
    const outcomes = await Promise.allSettled(paths.map((path) => this.of(path, signal)));
    for (const [index, outcome] of outcomes.entries()) {
      const path = paths[index] ?? '';
      if (outcome.status === 'fulfilled') files.push(outcome.value);
      else if (isAbort(outcome.reason)) throw outcome.reason;
      else errors.push(fileError(path, toWorkbenchError(outcome.reason, `cannot read the trace ${path}`)));
    }
    return { files, errors };
  }
}

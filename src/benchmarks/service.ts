import { abortable, type Clock } from '../base/clock.ts';
import { WorkbenchError } from '../base/errors.ts';
import type { Logger, ReportProgress } from '../base/logger.ts';
import type { LongCall } from '../deployment/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import type { PokerService } from '../poker/types.ts';
import type { Readers } from '../readers/types.ts';
import type { Lease } from '../base/lease.ts';
import type { RunLedger, RunPlace, RunRecord } from '../runs/types.ts';
import type { ResultTasks } from './reader-tasks.ts';
import { RECIPES, recipeById } from './recipes/index.ts';
import { checkValues, recordedValues } from './recipes/values.ts';
import { ResultReader } from './result-reader.ts';
import { Attendance, isActive, type AttendanceOptions } from './running/attendance.ts';
import { deploymentGpus, podGpus, targetPod } from './running/cluster-facts.ts';
import { findRun, launchRun, type Launcher, type RunPlan } from './running/launch.ts';
import { readRun } from './running/run-results.ts';
import { FollowedRun } from './running/followed-run.ts';
import type { BenchmarkRecipe, BenchmarkRequest, BenchmarkService, RunResults } from './types.ts';

export interface BenchmarkDependencies {
  readonly contexts: Contexts;
  readonly poker: PokerService;
  readonly ledger: RunLedger;
  readonly readers: Readers<ResultTasks>;
  /** Whose runs these are in the cluster. */
  readonly owner: () => string;
  /** The product's `manifests/`. */
  readonly manifestsDir: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** An adopted run has no progress bar of its own: its word goes into the record, not more often than this. */
const RECORD_PROGRESS_MS = 2000;

/** A run that could not be closed is not taken up again sooner: each try asks the cluster, and what it writes calls for the next one. */
const REST_MS = 60_000;

export function createBenchmarkService(dependencies: BenchmarkDependencies): BenchmarkService {
  return new Benchmarks(dependencies);
}

class Benchmarks implements BenchmarkService {
  readonly #dependencies: BenchmarkDependencies;
  readonly #attended = new Map<string, Attendance>();
  /** When the attendance of a run ended, in monotonic ms: one that is active all the same could not be closed. */
  readonly #ended = new Map<string, number>();
  readonly #disposed = new AbortController();
  readonly #results: ResultReader;

  constructor(dependencies: BenchmarkDependencies) {
    this.#dependencies = dependencies;
    this.#results = new ResultReader({ ...dependencies, lifetime: this.#disposed.signal });
  }

  recipes(): Promise<readonly BenchmarkRecipe[]> {
    return Promise.resolve(RECIPES);
  }

  async start(request: BenchmarkRequest, { signal, progress }: LongCall): Promise<string> {
    const { contexts, poker, ledger, clock } = this.#dependencies;
    const recipe = recipeById(request.recipe);
    const values = checkValues(recipe, request.parameters);
    progress({ message: 'asking the model servers' });
    const client = await contexts.client(request.cluster);
    const endpoint = await poker.endpoint(request.cluster, request.deployment, signal);
    const podParameter = recipe.parameters.find((parameter) => parameter.kind === 'pod');
    const target = podParameter ? await targetPod(client, endpoint, values.text(podParameter.id), signal) : undefined;
    const gpus = target
      ? await podGpus(client, target.name, signal)
      : request.deployment === undefined
        ? null
        : await deploymentGpus(client, request.deployment, signal);
    const { record, lease } = await ledger.create(
      {
        kind: 'benchmark',
        recipe: recipe.id,
        label: recipe.label(values),
        parameters: recordedValues(recipe, values),
        context: request.cluster.context,
        namespace: request.cluster.namespace,
        deployment: request.deployment ?? null,
        model: endpoint.model,
        gpus,
        command: [],
        pod: null,
        job: null,
        state: 'starting',
        startedAt: new Date(clock.now()).toISOString(),
        endedAt: null,
        summary: null,
        files: [],
        baseline: false,
      },
      request.cluster.server,
    );
    const launcher: Launcher = { ...this.#dependencies, client };
    const plan: RunPlan = { recipe, values, endpoint, target, deployment: request.deployment };
    const run = new FollowedRun({
      ...this.#dependencies,
      client,
      lease,
      results: this.#results,
      progress,
      runId: record.id,
      adopted: false,
      launch: (waiting) => launchRun(launcher, plan, record, waiting),
    });
    this.#attended.get(record.id)?.leave();
    this.#attend(record.id, { lease, run });
    return record.id;
  }

  async wait(runId: string, signal: AbortSignal): Promise<void> {
    await abortable(this.#attended.get(runId)?.ended ?? this.#untilClosed(runId, signal), signal);
  }

  async cancel(runId: string): Promise<void> {
    const record = await this.#record(runId);
    const { state, endedAt, summary } = record;
    if (state === 'lost' && endedAt === null)
      throw new WorkbenchError({
        code: 'not-supported',
        message: `cannot cancel run ${runId}: ${summary ?? state}`,
        hint: 'Cancel it where it was started; its record can be deleted here.',
      });
    if (isActive(record)) await this.#attendance(runId).cancel();
  }

  async resume(signal: AbortSignal): Promise<void> {
    for (const record of await this.#dependencies.ledger.list()) {
      if (record.kind === 'benchmark' && isActive(record) && !this.#rests(record.id))
        await abortable(this.#attendance(record.id).begun, signal);
    }
  }

  async results(runIds: readonly string[]): Promise<readonly RunResults[]> {
    const { ledger } = this.#dependencies;
    const results: RunResults[] = [];
    for (const runId of runIds) {
      const record = await this.#record(runId);
      const read = await readRun(this.#results, ledger.folder(runId), record, this.#disposed.signal);
      results.push({ runId, label: record.label, gpus: record.gpus, ...read });
    }
    return results;
  }

  dispose(): void {
    this.#disposed.abort();
    for (const attendance of this.#attended.values()) attendance.leave();
    this.#attended.clear();
  }

  /** One a run, whoever asks first: what cancels and what resumes never both take it up. */
  #attendance(runId: string): Attendance {
    return this.#attended.get(runId) ?? this.#attend(runId);
  }

  #rests(runId: string): boolean {
    const ended = this.#ended.get(runId);
    return ended !== undefined && this.#dependencies.clock.monotonic() - ended < REST_MS;
  }

  #attend(runId: string, begun?: AttendanceOptions['begun']): Attendance {
    const { ledger, clock, logger } = this.#dependencies;
    const attendance = new Attendance({
      runId,
      ledger,
      clock,
      logger,
      ...(begun ? { begun } : {}),
      adopt: (record, lease) => this.#adopt(record, lease),
    });
    this.#attended.set(runId, attendance);
    if (this.#disposed.signal.aborted) attendance.leave();
    void attendance.ended.finally(() => {
      this.#ended.set(runId, clock.monotonic());
      if (this.#attended.get(runId) === attendance) this.#attended.delete(runId);
    });
    return attendance;
  }

  /** Follows a run of this workspace that another window started; closes the record of one that cannot be found. */
  async #adopt(record: RunRecord, lease: Lease): Promise<FollowedRun | undefined> {
    const { contexts, ledger } = this.#dependencies;
    const place = await ledger.place(record.id);
    if (!place) return undefined;
    const { runsIn } = place;
    const lost =
      (await this.#outOfReach(place)) ??
      (runsIn === null ? 'its window was closed before the run was started' : undefined);
    if (lost !== undefined || runsIn === null) {
      await this.#close(record, lost ?? '');
      return undefined;
    }
    const client = await contexts.client({ context: place.context, namespace: place.namespace, server: place.server });
    const launcher = { ...this.#dependencies, client };
    return new FollowedRun({
      ...launcher,
      lease,
      results: this.#results,
      progress: this.#progressInto(record.id, lease),
      runId: record.id,
      adopted: true,
      launch: (waiting) => findRun(launcher, record.id, runsIn, waiting),
    });
  }

  /** Why the cluster of a run cannot be asked any more. */
  async #outOfReach({ context, server }: RunPlace): Promise<string | undefined> {
    const known = (await this.#dependencies.contexts.list()).find((info) => info.name === context);
    if (!known) return `context ${context} is no longer in the kubeconfig, so the run cannot be found`;
    return known.server === server
      ? undefined
      : `context ${context} leads to ${known.server} now and not to ${server}, so the run cannot be found`;
  }

  async #close({ id }: RunRecord, summary: string): Promise<void> {
    const { ledger, clock } = this.#dependencies;
    await ledger.update(id, { state: 'lost', summary, endedAt: new Date(clock.now()).toISOString() });
  }

  #progressInto(runId: string, lease: Lease): ReportProgress {
    const { ledger, clock, logger } = this.#dependencies;
    let told = Number.NEGATIVE_INFINITY;
    return ({ message }) => {
      if (clock.monotonic() - told < RECORD_PROGRESS_MS) return;
      told = clock.monotonic();
      lease
        .confirm()
        .then(() => ledger.update(runId, { summary: message }))
        .catch((error: unknown) => logger.warn(`the progress of run ${runId} is not kept: ${String(error)}`));
    };
  }

  async #record(runId: string): Promise<RunRecord> {
    const record = await this.#dependencies.ledger.get(runId);
    if (!record)
      throw new WorkbenchError({ code: 'not-found', message: `there is no run ${runId}`, hint: 'It was deleted.' });
    return record;
  }

  /** For a run that another window follows: until its record says that it has ended. */
  async #untilClosed(runId: string, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#dependencies;
    while (!signal.aborted && (await this.#isOpen(runId))) await nextChange(ledger, signal);
  }

  /** A run that was deleted has ended. */
  async #isOpen(runId: string): Promise<boolean> {
    const record = await this.#dependencies.ledger.get(runId);
    return record !== undefined && isActive(record);
  }
}

/** Resolves at the next change of the ledger, or when the signal fires. */
function nextChange(ledger: RunLedger, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      subscription.dispose();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const subscription = ledger.onDidChange(done);
    signal.addEventListener('abort', done, { once: true });
  });
}

import * as vscode from 'vscode';
import type { BenchmarkRequest } from '../../benchmarks/types.ts';
import { isActive } from '../../runs/active.ts';
import type { RunRecord } from '../../runs/types.ts';
import { plural } from '../../protocol/format.ts';
import { choose, chooseMany, type Choice } from '../ask/steps.ts';
import type { Host } from '../host.ts';
import { placeOf } from '../session.ts';
import { isProduction } from '../production.ts';
import { hostSettings } from '../settings.ts';
import { firstTarget, targets } from './arguments.ts';
import { askBenchmark } from './benchmark-flow.ts';
import { clusterCommand, windowCommand, type CommandCall, type TableEntry } from './definition.ts';
import { productionConfirmation } from './production-confirmation.ts';

export const BENCHMARK_COMMANDS: readonly TableEntry[] = [
  clusterCommand<{ readonly deployment: string | undefined }>({
    id: 'llmd.runBenchmark',
    title: 'Run Benchmark...',
    doing: 'run the benchmark',
    disturbs: true,
    alsoNeeds: ['workspace'],
    argument: (given) => ({ deployment: firstTarget(given, 'deployment')?.name }),
    ask: () => Promise.resolve(undefined),
    async run({ host, cluster }, { deployment }) {
      const request = await askBenchmark(host, cluster, deployment);
      if (request) await runAndTell(host, request);
    },
  }),
  windowCommand<string>({
    id: 'llmd.cancelRun',
    title: 'Cancel Run',
    doing: 'cancel the run',
    needs: ['workspace'],
    argument: runId,
    ask: (call) => askRun(call, 'Cancel Run', isActive),
    async confirm({ host }, id) {
      // Where it runs is not where the record says so: a record comes with the folder.
      const place = await host.workbench.runs.place(id);
      return place && isProduction(place.context, hostSettings().productionContexts)
        ? productionConfirmation(place, 'Cancel Run', true, undefined)
        : undefined;
    },
    run: ({ host }, id) => host.workbench.benchmarks.cancel(id),
  }),
  windowCommand<readonly string[]>({
    id: 'llmd.deleteRun',
    title: 'Delete Run...',
    doing: 'delete the run',
    needs: ['workspace'],
    argument: runIds,
    ask: (call) => askOne(call, 'Delete Run'),
    async confirm({ host }, ids) {
      const runs = (await host.workbench.runs.list()).filter((run) => ids.includes(run.id));
      return {
        message: `Delete ${plural(runs.length, 'run')} from disk?`,
        detail: runs
          .map(
            (run) => `${run.label}, ${new Date(run.startedAt).toLocaleString()}\n${host.workbench.runs.folder(run.id)}`,
          )
          .join('\n\n'),
        action: 'Delete',
      };
    },
    async run({ host }, ids) {
      for (const id of ids) await host.workbench.runs.remove(id);
    },
  }),
  windowCommand<string>({
    id: 'llmd.pinBaseline',
    title: 'Pin as Baseline',
    doing: 'pin the baseline',
    needs: ['workspace'],
    argument: runId,
    ask: (call) => askRun(call, 'Pin as Baseline', (run) => !isActive(run) && !run.baseline),
    run: ({ host }, id) => setBaseline(host, id),
  }),
  windowCommand<string>({
    id: 'llmd.unpinBaseline',
    title: 'Unpin Baseline',
    doing: 'unpin the baseline',
    needs: ['workspace'],
    argument: runId,
    ask: (call) => askRun(call, 'Unpin Baseline', (run) => run.baseline),
    async run({ host }, id) {
      await host.workbench.runs.update(id, { baseline: false });
    },
  }),
  windowCommand<readonly string[]>({
    id: 'llmd.showResults',
    title: 'Show Results',
    doing: 'show the results',
    needs: ['workspace'],
    argument: (given) => runIds(given),
    ask: (call) => askFinishedRuns(call),
    run: ({ host }, ids) => host.panels.showResults(ids),
  }),
];

/** One baseline at a time. */
export async function setBaseline(host: Host, id: string): Promise<void> {
  for (const run of await host.workbench.runs.list()) {
    if (run.baseline && run.id !== id) await host.workbench.runs.update(run.id, { baseline: false });
  }
  await host.workbench.runs.update(id, { baseline: true });
}

async function runAndTell(host: Host, request: BenchmarkRequest): Promise<void> {
  let known: string | undefined;
  const record = await host.jobs.run(
    `Benchmark ${request.deployment ?? ''} in ${placeOf(request.cluster)}`,
    async ({ signal, progress }) => {
      const id = await host.workbench.benchmarks.start(request, {
        signal,
        progress: (word) => {
          progress(word);
          if (known !== undefined) host.runProgress.report(known, word);
        },
      });
      known = id;
      try {
        await host.workbench.benchmarks.wait(id, signal);
      } catch (error) {
        if (signal.aborted) await host.workbench.benchmarks.cancel(id);
        throw error;
      } finally {
        host.runProgress.ended(id);
      }
      return host.workbench.runs.get(id);
    },
  );
  if (!record) return;
  if (record.state === 'succeeded') {
    host.offer(`${record.label}: ${record.summary ?? 'finished'}`, {
      'Show Results': () => host.panels.showResults([record.id]),
      'Compare with Baseline': () => compareWithBaseline(host, record),
    });
  } else {
    host.offer(`${record.label} ${record.state}: ${record.summary ?? 'its log says more'}`, {
      'Show Log': () => showRunLog(host, record),
    });
  }
}

async function compareWithBaseline(host: Host, record: RunRecord): Promise<void> {
  const baseline = (await host.workbench.runs.list()).find((run) => run.baseline && run.id !== record.id);
  await host.panels.showResults(baseline ? [baseline.id, record.id] : [record.id]);
}

async function showRunLog(host: Host, record: RunRecord): Promise<void> {
  await vscode.window.showTextDocument(
    vscode.Uri.joinPath(vscode.Uri.file(host.workbench.runs.folder(record.id)), 'stdout.log'),
  );
}

function runId(given: readonly unknown[]): string | undefined {
  return firstTarget(given, 'run')?.id;
}

function runIds(given: readonly unknown[]): readonly string[] | undefined {
  const ids = targets(given, 'run').map((target) => target.id);
  return ids.length > 0 ? ids : undefined;
}

async function askRun(
  { host }: CommandCall,
  title: string,
  fits: (run: RunRecord) => boolean,
): Promise<string | undefined> {
  const answer = await choose<string>({
    title,
    placeholder: 'Runs of this folder, newest first',
    choices: async () => (await host.workbench.runs.list()).filter(fits).map(runChoice),
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

async function askOne(call: CommandCall, title: string): Promise<readonly string[] | undefined> {
  const id = await askRun(call, title, (run) => !isActive(run));
  return id === undefined ? undefined : [id];
}

async function askFinishedRuns({ host }: CommandCall): Promise<readonly string[] | undefined> {
  const runs = (await host.workbench.runs.list()).filter((run) => run.kind === 'benchmark' && !isActive(run));
  if (runs.length === 0) {
    host.offer('No benchmark of this folder has finished yet.', {
      'Run Benchmark': () => vscode.commands.executeCommand('llmd.runBenchmark'),
    });
    return undefined;
  }
  const chosen = await chooseMany({
    title: 'Show Results',
    placeholder: 'Runs to show in one chart',
    choices: runs.map((run, index) => ({ ...runChoice(run), picked: index === 0 || run.baseline })),
  });
  return chosen && chosen.length > 0 ? chosen : undefined;
}

function runChoice(run: RunRecord): Choice<string> {
  return {
    ...(run.baseline ? { icon: 'pinned' } : {}),
    label: run.label,
    description: new Date(run.startedAt).toLocaleString(),
    detail: [run.deployment, run.summary ?? run.state].filter((part) => part !== null).join(' · '),
    value: run.id,
  };
}

import * as vscode from 'vscode';
import type { BenchmarkRequest } from '../../benchmarks/types.ts';
import { isActive } from '../../runs/active.ts';
import type { RunRecord } from '../../runs/types.ts';
import { plural } from '../../protocol/format.ts';
import { choose, chooseMany, type Choice } from '../ask/steps.ts';
import type { Host } from '../host.ts';
import { windowClosed } from '../jobs.ts';
import { placeOf } from '../../kube/place.ts';
import { askBenchmark } from './benchmark-flow.ts';
import { clusterCommand, windowCommand, type CommandCall } from './definition.ts';
import { button } from './run.ts';

export const BENCHMARK_COMMANDS = {
  'llmd.runBenchmark': clusterCommand('llmd.runBenchmark', {
    ask: askBenchmark,
    run: ({ host }, request) => runAndTell(host, request),
  }),
  'llmd.cancelRun': windowCommand('llmd.cancelRun', {
    ask: (call, id) => askRun(call, id, isActive),
    // Where it runs is not where the record says so: a record comes with the folder.
    place: ({ host }, id) => host.workbench.runs.place(id),
    run: ({ host }, id) => host.workbench.benchmarks.cancel(id),
  }),
  'llmd.deleteRun': windowCommand('llmd.deleteRun', {
    async ask(call, ids) {
      const id = ids === undefined ? await askRun(call, undefined, (run) => !isActive(run)) : undefined;
      return id === undefined ? ids : [id];
    },
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
  'llmd.pinBaseline': windowCommand('llmd.pinBaseline', {
    ask: (call, id) => askRun(call, id, (run) => !isActive(run) && !run.baseline),
    run: ({ host }, id) => setBaseline(host, id),
  }),
  'llmd.unpinBaseline': windowCommand('llmd.unpinBaseline', {
    ask: (call, id) => askRun(call, id, (run) => run.baseline),
    async run({ host }, id) {
      await host.workbench.runs.update(id, { baseline: false });
    },
  }),
  'llmd.showResults': windowCommand('llmd.showResults', {
    ask: askFinishedRuns,
    run: ({ host }, ids) => host.panels.showResults(ids),
  }),
};

/** One baseline at a time. */
export async function setBaseline(host: Host, id: string): Promise<void> {
  for (const run of await host.workbench.runs.list()) {
    if (run.baseline && run.id !== id) await host.workbench.runs.update(run.id, { baseline: false });
  }
  await host.workbench.runs.update(id, { baseline: true });
}

/** Starts it as a job of the window and follows it; tells how it ended. */
export async function runAndTell(host: Host, request: BenchmarkRequest): Promise<void> {
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
        // A run survives its window: the next one follows it.
        if (signal.aborted && signal.reason !== windowClosed) await host.workbench.benchmarks.cancel(id);
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

async function askRun(
  { host, title }: CommandCall,
  given: string | undefined,
  fits: (run: RunRecord) => boolean,
): Promise<string | undefined> {
  if (given !== undefined) return given;
  const answer = await choose<string>({
    title,
    placeholder: 'Runs of this folder, newest first',
    choices: async () => (await host.workbench.runs.list()).filter(fits).map(runChoice),
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

async function askFinishedRuns(
  { host, title }: CommandCall,
  given: readonly string[] | undefined,
): Promise<readonly string[] | undefined> {
  if (given !== undefined) return given;
  const runs = (await host.workbench.runs.list()).filter((run) => run.kind === 'benchmark' && !isActive(run));
  if (runs.length === 0) {
    host.offer('No benchmark of this folder has finished yet.', button('llmd.runBenchmark'));
    return undefined;
  }
  const chosen = await chooseMany({
    title,
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

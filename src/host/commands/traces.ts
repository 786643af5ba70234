import * as vscode from 'vscode';
import { WorkbenchError } from '../../base/errors.ts';
import type { CopyOutcome, RemoteTrace } from '../../traces/types.ts';
import { formatBytes, plural } from '../../protocol/format.ts';
import { choose } from '../ask/steps.ts';
import type { Host } from '../host.ts';
import { placeOf } from '../../kube/place.ts';
import { clusterCommand, windowCommand, type ClusterCall, type CommandCall } from './definition.ts';
import { run } from './run.ts';

export const TRACE_COMMANDS = {
  'llmd.copyTraces': clusterCommand('llmd.copyTraces', {
    async run(clusterCall, traces) {
      const { host, cluster } = clusterCall;
      const outcome = await host.jobs.run(`Copy traces from ${placeOf(cluster)}`, async (call) => {
        const wanted = traces ?? (await allTraces(clusterCall, call.signal));
        // What was copied before it was cancelled or failed shows as well.
        return host.workbench.traces.copy(cluster, wanted, call).finally(() => host.trees.traces.update());
      });
      tellOfCopy(host, outcome);
    },
  }),
  'llmd.openTrace': windowCommand('llmd.openTrace', {
    ask: askTrace,
    run: ({ host }, path) => host.panels.openPerfetto(path),
  }),
  'llmd.showTraceSummary': windowCommand('llmd.showTraceSummary', {
    ask: askTrace,
    run: ({ host }, path) => host.panels.showTraceSummary(path),
  }),
  'llmd.revealInExplorer': windowCommand('llmd.revealInExplorer', {
    ask: askTrace,
    async run(_call, path) {
      await vscode.commands.executeCommand('revealInExplorer', vscode.Uri.file(path));
    },
  }),
};

async function allTraces({ host, cluster }: ClusterCall, signal: AbortSignal): Promise<readonly RemoteTrace[]> {
  const { traces, errors } = await host.workbench.traces.remote(cluster, signal);
  const complete = traces.filter((trace) => trace.complete);
  if (complete.length > 0) return complete;
  const [unreadable] = errors;
  throw new WorkbenchError({
    code: 'no-traces',
    message: `no finished trace was found in the pods of ${placeOf(cluster)}${unreadable ? `; ${unreadable.pod}: ${unreadable.message}` : ''}`,
    hint: unreadable?.hint ?? 'Profile a model server first.',
  });
}

function tellOfCopy(host: Host, outcome: CopyOutcome): void {
  const bytes = outcome.copied.reduce((total, { trace }) => total + trace.bytes, 0);
  const [failed] = outcome.failed;
  for (const { trace, message, hint } of outcome.failed)
    host.workbench.logger.warn(`copy ${trace.pod}:${trace.path}: ${message} (${hint})`);
  const first = outcome.copied[0]?.file;
  const text = `Copied ${plural(outcome.copied.length, 'trace')} (${formatBytes(bytes)}) to traces/${outcome.n}.`;
  const trouble = failed
    ? ` ${plural(outcome.failed.length, 'file')} failed, first ${failed.trace.pod}: ${failed.message}`
    : '';
  host.offer(text + trouble, {
    ...(first === undefined ? {} : { 'Show Summary': () => host.panels.showTraceSummary(first) }),
    ...(failed
      ? {
          'Copy the Failed Ones': () =>
            run(
              'llmd.copyTraces',
              outcome.failed.map(({ trace }) => trace),
            ),
        }
      : first === undefined
        ? {}
        : { 'Open in Perfetto': () => host.panels.openPerfetto(first) }),
  });
}

async function askTrace({ host, title }: CommandCall, given: string | undefined): Promise<string | undefined> {
  if (given !== undefined) return given;
  const sets = host.workbench.workspace === undefined ? [] : await host.workbench.traces.local();
  const choices = sets
    .toSorted((a, b) => b.n - a.n)
    .flatMap((set) =>
      set.traces.map((trace) => ({
        label: trace.rank === null ? trace.pod : `rank ${trace.rank}`,
        description: `traces/${set.n} · ${trace.pod} · ${formatBytes(trace.bytes)}`,
        value: trace.path,
      })),
    );
  if (choices.length === 0) return askFile(title);
  const answer = await choose<string | undefined>({
    title,
    placeholder: 'Copied traces, newest first',
    choices: () =>
      Promise.resolve([
        ...choices,
        { icon: 'folder-opened', label: 'Another file...', alwaysShow: true, value: undefined },
      ]),
  });
  if (answer.kind !== 'answer') return undefined;
  return answer.value ?? askFile(title);
}

async function askFile(title: string): Promise<string | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({ title, canSelectMany: false, filters: { Traces: ['json', 'gz'] } })) ?? [];
  return file?.fsPath;
}

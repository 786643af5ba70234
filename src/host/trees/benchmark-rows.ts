import { isActive } from '../../runs/active.ts';
import type { RunRecord, RunState } from '../../runs/types.ts';
import { formatDuration, plural } from '../../protocol/format.ts';
import { BUSY, ERROR, GOOD, plainText, WARNING, type Row, type RowIcon } from './row.ts';

/** Runs by day, the newest first. `now` is ms since the epoch; days are those of this machine's time zone. */
export function benchmarkRows(
  runs: readonly RunRecord[],
  folderOf: (id: string) => string,
  progressOf: (id: string) => string | undefined,
  now: number,
): readonly Row[] {
  const days = Map.groupBy(runs, (run) => dayOf(new Date(run.startedAt)));
  const today = dayOf(new Date(now));
  const yesterday = dayOf(new Date(now - 86_400_000));
  return days
    .entries()
    .map(([day, ofDay]): Row => ({
      id: `day/${day}`,
      label: day === today ? 'today' : day === yesterday ? 'yesterday' : day,
      description: plural(ofDay.length, 'run'),
      icon: { id: 'calendar' },
      expand: day === today || days.size === 1 ? 'expanded' : 'collapsed',
      context: 'day',
      children: ofDay.map((run) => runRow(run, folderOf(run.id), progressOf(run.id))),
    }))
    .toArray();
}

function runRow(run: RunRecord, folder: string, progress: string | undefined): Row {
  const active = isActive(run);
  const summary = active ? (progress ?? run.summary ?? run.state) : (run.summary ?? run.state);
  return {
    id: `run/${run.id}`,
    label: timeOf(new Date(run.startedAt)),
    // The figures come first: a narrow side bar cuts the end.
    description: [run.baseline ? 'baseline' : undefined, summary, run.label]
      .filter((part) => part !== undefined)
      .join(' · '),
    tooltip: runTooltip(run),
    icon: runIcon(run),
    context: ['run', active ? 'active' : 'finished', run.kind, run.baseline ? 'baseline' : 'candidate'].join(' '),
    target: { kind: 'run', id: run.id, folder },
    ...(active || run.kind === 'profile' ? {} : { opens: 'llmd.showResults' }),
  };
}

function runTooltip(run: RunRecord): string {
  const took =
    run.endedAt === null ? undefined : formatDuration((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000);
  const parameters = Object.entries(run.parameters).map(([name, value]) => `- ${plainText(name)}: ${plainText(value)}`);
  return [
    `**${plainText(run.label)}** · ${run.state}${took === undefined ? '' : ` after ${took}`}`,
    `${plainText(run.recipe)} on ${plainText(run.deployment ?? 'no deployment')} in ${plainText(run.context)}/${plainText(run.namespace)}  \nModel: ${plainText(run.model ?? 'not known')}  \nGPUs of the deployment: ${run.gpus ?? 'not known'}`,
    parameters.join('\n'),
    run.summary === null ? '' : plainText(run.summary),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const STATE_ICONS: Record<RunState, RowIcon> = {
  starting: { id: 'loading~spin', color: BUSY },
  running: { id: 'loading~spin', color: BUSY },
  succeeded: { id: 'pass', color: GOOD },
  failed: { id: 'error', color: ERROR },
  cancelled: { id: 'circle-slash' },
  lost: { id: 'question', color: WARNING },
};

function runIcon(run: RunRecord): RowIcon {
  if (run.baseline) return { id: 'pinned', color: GOOD };
  return run.kind === 'profile' && run.state === 'succeeded' ? { id: 'pulse', color: GOOD } : STATE_ICONS[run.state];
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function timeOf(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

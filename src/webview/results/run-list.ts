import type { RunItem } from '../../protocol/results.ts';
import { element, icon } from '../shared/dom.ts';
import type { ShownRun } from './model.ts';
import { runSwatch } from './table.ts';

export interface RunListEvents {
  readonly tick: (runId: string, on: boolean) => void;
  readonly pin: (runId: string) => void;
}

/** A row a finished run: a tick, its colour in the chart, what it was, and the pin of the baseline. */
export function runRows(
  runs: readonly RunItem[],
  shown: readonly ShownRun[],
  chosen: readonly string[],
  events: RunListEvents,
): readonly HTMLElement[] {
  return runs.map((run) =>
    runRow(
      run,
      shown.find((found) => found.id === run.id),
      chosen.includes(run.id),
      events,
    ),
  );
}

function runRow(run: RunItem, shown: ShownRun | undefined, ticked: boolean, { tick, pin }: RunListEvents): HTMLElement {
  const box = element('input', {
    attributes: { type: 'checkbox', 'data-key': `check/${run.id}` },
    on: { change: () => tick(run.id, box.checked) },
  });
  box.checked = ticked;
  const details = [startOf(run), run.deployment].filter((part) => part !== null).join(' · ');
  const title = [run.label, details, run.model, run.summary].filter((part) => part !== null).join('\n');
  return element('div', { class: 'run' }, [
    element('label', { title }, [
      box,
      shown ? runSwatch(shown) : element('span', { class: 'swatch none' }),
      element('span', { class: 'run-text' }, [
        element('span', { class: 'run-label', text: run.label }),
        element('span', { class: 'run-details muted', text: details }),
        run.summary === null ? undefined : element('span', { class: 'run-details muted', text: run.summary }),
      ]),
    ]),
    element(
      'button',
      {
        class: `pin${run.baseline ? ' pinned' : ''}`,
        title: run.baseline ? 'This is the baseline' : 'Pin as baseline',
        attributes: {
          'aria-label': `Pin ${run.label} as baseline`,
          'aria-pressed': String(run.baseline),
          'data-key': `pin/${run.id}`,
        },
        on: { click: () => pin(run.id) },
      },
      [icon(run.baseline ? 'pinned' : 'pin')],
    ),
  ]);
}

function startOf(run: RunItem): string {
  return new Date(run.startedAt).toLocaleString(undefined, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

import { formatNs } from '../../protocol/format.ts';
import type { StepView } from '../../protocol/trace-summary.ts';
import { element } from '../shared/dom.ts';
import { shownOf } from './figures.ts';
import { SortableTable } from './sortable.ts';

/** The steps that the model server marked, in the order of time. */
export function stepSection(steps: readonly StepView[]): HTMLElement {
  if (steps.length === 0)
    return element('section', {}, [
      element('h2', { text: 'Steps' }),
      element('p', { class: 'muted', text: 'The trace marks no step.' }),
    ]);
  const table = new SortableTable<StepView>({
    label: 'Steps',
    rows: steps,
    sortedBy: 'start',
    descending: false,
    describeCount: (shown, all) => `${shownOf(shown, all)} steps`,
    columns: [
      {
        id: 'name',
        title: 'Step',
        text: true,
        sortBy: (step) => step.name,
        cell: (step) => element('span', { class: 'name', text: step.name, title: step.name }),
      },
      {
        id: 'where',
        title: 'Measured on',
        text: true,
        meaning: 'GPU: from the first to the last kernel of the step. CPU: the call that launched it',
        sortBy: (step) => step.where,
        cell: (step) => step.where,
      },
      {
        id: 'start',
        title: 'Start',
        meaning: 'After the first event of the trace',
        sortBy: (step) => step.start,
        cell: (step) => formatNs(step.start),
      },
      { id: 'duration', title: 'Duration', sortBy: (step) => step.duration, cell: (step) => formatNs(step.duration) },
    ],
  });
  return element('section', {}, [element('h2', { text: 'Steps' }), ...table.elements]);
}

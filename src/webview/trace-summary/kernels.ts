import { VscodeTextfield } from '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { formatNs, formatNumber, formatShare } from '../../protocol/format.ts';
import type { KernelView, TraceView } from '../../protocol/trace-summary.ts';
import { element } from '../shared/dom.ts';
import { shownOf } from './figures.ts';
import { SortableTable } from './sortable.ts';

/** Kernels by name with their share of all kernel time; a search box narrows them. */
export function kernelSection(trace: TraceView): HTMLElement {
  const table = new SortableTable<KernelView>({
    label: 'Kernels',
    rows: trace.kernels,
    sortedBy: 'total',
    descending: true,
    describeCount: (shown, all) => `${shownOf(shown, all)} kernels`,
    columns: [
      { id: 'name', title: 'Kernel', text: true, sortBy: (kernel) => kernel.name, cell: kernelName },
      { id: 'count', title: 'Count', sortBy: (kernel) => kernel.count, cell: (kernel) => formatNumber(kernel.count) },
      {
        id: 'total',
        title: 'Total',
        meaning: 'Sum of the durations',
        sortBy: (kernel) => kernel.total,
        cell: (kernel) => formatNs(kernel.total),
      },
      {
        id: 'share',
        title: 'Share',
        meaning: 'Of the durations of all kernels; kernels that overlap each count in full',
        sortBy: (kernel) => kernel.total,
        cell: (kernel) => formatShare(trace.kernelTotal === 0 ? null : kernel.total / trace.kernelTotal),
      },
      { id: 'mean', title: 'Mean', sortBy: mean, cell: (kernel) => formatNs(mean(kernel)) },
      { id: 'min', title: 'Min', sortBy: (kernel) => kernel.min, cell: (kernel) => formatNs(kernel.min) },
      { id: 'max', title: 'Max', sortBy: (kernel) => kernel.max, cell: (kernel) => formatNs(kernel.max) },
    ],
  });
  const search = new VscodeTextfield();
  search.placeholder = 'Search kernels';
  search.setAttribute('aria-label', 'Search kernels');
  search.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase();
    table.narrow((kernel) => kernel.name.toLowerCase().includes(wanted));
  });
  return element('section', {}, [
    element('div', { class: 'section-head' }, [element('h2', { text: 'Kernels' }), search]),
    ...table.elements,
  ]);
}

function kernelName(kernel: KernelView): HTMLElement {
  return element('span', { class: 'kernel' }, [
    element('span', {
      class: `swatch part-${kernel.comm ? 'comm' : 'compute'}`,
      title: kernel.comm ? 'Communication' : 'Compute',
    }),
    element('span', { class: 'name', text: kernel.name, title: kernel.name }),
    kernel.comm ? element('span', { class: 'muted', text: 'communication' }) : undefined,
  ]);
}

function mean(kernel: KernelView): number {
  return kernel.count === 0 ? 0 : kernel.total / kernel.count;
}

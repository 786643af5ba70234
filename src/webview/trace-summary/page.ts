import { csvText } from '../../base/table-text.ts';
import { formatBytes, formatNs, formatShare, plural } from '../../protocol/format.ts';
import type { DeviceView, FromTraceSummary, TraceView } from '../../protocol/trace-summary.ts';
import { button, element } from '../shared/dom.ts';
import { headline, median } from './figures.ts';
import { kernelSection } from './kernels.ts';
import { stepSection } from './steps.ts';

/** Everything about one trace, top down: five figures, the devices' time, steps, kernels. */
export function summaryPage(trace: TraceView, send: (message: FromTraceSummary) => void): HTMLElement {
  return element('div', { class: 'summary' }, [
    element('header', { class: 'toolbar' }, [
      element('div', { class: 'grow', title: trace.path }, [
        element('h1', { text: trace.name }),
        element('span', { class: 'muted', text: describe(trace) }),
      ]),
      button({ label: 'Open in Perfetto', icon: 'list-flat', click: () => send({ type: 'perfetto' }) }),
      button({
        label: 'Copy Kernels as CSV',
        icon: 'copy',
        secondary: true,
        click: () => send({ type: 'copy', what: 'Kernel table', text: kernelsCsv(trace) }),
      }),
    ]),
    element('main', {}, [
      trace.warnings.length > 0
        ? element(
            'ul',
            { class: 'warnings' },
            trace.warnings.map((text) => element('li', { text })),
          )
        : undefined,
      figuresLine(trace),
      deviceSection(trace.devices),
      stepSection(trace.steps),
      kernelSection(trace),
    ]),
  ]);
}

function describe(trace: TraceView): string {
  return [
    trace.rank === null ? null : `rank ${trace.rank}${trace.worldSize === null ? '' : ` of ${trace.worldSize}`}`,
    trace.device,
    plural(trace.events, 'event'),
    trace.fileBytes === trace.jsonBytes
      ? formatBytes(trace.fileBytes)
      : `${formatBytes(trace.fileBytes)} on disk, ${formatBytes(trace.jsonBytes)} of JSON`,
    trace.graphLaunches === 0 ? null : plural(trace.graphLaunches, 'graph launch', 'graph launches'),
  ]
    .filter((part) => part !== null && part !== '')
    .join(' · ');
}

function figuresLine(trace: TraceView): HTMLElement {
  const { span, busy, exposedComm, exposedCopy, idle } = headline(trace.devices);
  const onGpu = trace.steps.filter((found) => found.where === 'GPU');
  const steps = onGpu.length > 0 ? onGpu : trace.steps;
  const step = median(steps.map((found) => found.duration));
  const share = (part: number): string => (span === 0 ? formatShare(null) : formatShare(part / span));
  const figures: readonly (readonly [string, string, string])[] = [
    [
      'Step p50',
      formatNs(step),
      step === null
        ? 'The trace marks no step'
        : `Median of ${plural(steps.length, 'step')}, measured on the ${onGpu.length > 0 ? 'GPU' : 'CPU'}`,
    ],
    [
      'GPU busy',
      share(busy),
      'Time in which at least one kernel or copy ran, over the time from the first to the last GPU event',
    ],
    [
      'Exposed communication',
      share(exposedComm),
      'Communication kernels that no compute kernel hides, over the same time',
    ],
    [
      'Exposed copies',
      share(exposedCopy),
      'Memory copies that neither compute nor communication hides, over the same time',
    ],
    ['Idle', share(idle), 'Nothing ran on the GPU, over the same time'],
  ];
  return element(
    'section',
    { class: 'figures', attributes: { 'aria-label': 'Key figures' } },
    figures.map(([name, value, meaning]) =>
      element('div', { class: 'figure', title: meaning }, [
        element('span', { class: 'value', text: value }),
        element('span', { class: 'muted', text: name }),
      ]),
    ),
  );
}

interface Part {
  readonly name: string;
  readonly kind: string;
  readonly time: number;
}

function partsOf(device: DeviceView): readonly Part[] {
  return [
    { name: 'Compute', kind: 'compute', time: device.compute },
    { name: 'Exposed communication', kind: 'comm', time: device.exposedComm },
    { name: 'Exposed copies', kind: 'copy', time: device.exposedCopy },
    { name: 'Idle', kind: 'idle', time: device.idle },
  ];
}

/** A bar a device: what each moment between its first and last event was spent on. The four parts add up to the span. */
function deviceSection(devices: readonly DeviceView[]): HTMLElement {
  if (devices.length === 0)
    return element('section', {}, [
      element('h2', { text: 'Devices' }),
      element('p', {
        class: 'muted',
        text: 'The trace holds no GPU event: nothing ran on the GPU while it was taken, or CUDA activity was not recorded. Profile while requests are being served.',
      }),
    ]);
  const legend = partsOf(devices[0] ?? emptyDevice).map((part) =>
    element('li', {}, [element('span', { class: `swatch part-${part.kind}` }), element('span', { text: part.name })]),
  );
  return element('section', {}, [
    element('h2', { text: 'Where the time went' }),
    element('ul', { class: 'legend' }, legend),
    ...devices.map((device) => {
      const parts = partsOf(device);
      const spoken = parts.map((part) => `${part.name} ${formatShare(part.time / device.span)}`).join(', ');
      return element('div', { class: 'device' }, [
        element('span', {
          class: 'device-name',
          text: `GPU ${device.name}`,
          title: `${plural(device.events, 'GPU event')} in ${formatNs(device.span)}`,
        }),
        element(
          'div',
          { class: 'bar', attributes: { role: 'img', 'aria-label': `GPU ${device.name}: ${spoken}` } },
          parts.map((part) => barPart(part, device.span)),
        ),
        element('span', { class: 'muted device-span', text: formatNs(device.span) }),
      ]);
    }),
  ]);
}

const emptyDevice: DeviceView = {
  name: '',
  span: 0,
  busy: 0,
  idle: 0,
  compute: 0,
  exposedComm: 0,
  exposedCopy: 0,
  events: 0,
};
const LABEL_FROM = 0.07;

function barPart(part: Part, span: number): HTMLElement {
  const share = span === 0 ? 0 : part.time / span;
  const made = element(
    'span',
    { class: `part part-${part.kind}`, title: `${part.name}: ${formatNs(part.time)}, ${formatShare(share)}` },
    [share >= LABEL_FROM ? element('span', { class: 'part-label', text: formatShare(share) }) : undefined],
  );
  made.style.flexGrow = String(share);
  return made;
}

function kernelsCsv(trace: TraceView): string {
  return csvText(
    ['name', 'count', 'total_ns', 'min_ns', 'max_ns', 'communication'],
    trace.kernels.map((kernel) => [
      kernel.name,
      kernel.count,
      kernel.total,
      kernel.min,
      kernel.max,
      String(kernel.comm),
    ]),
  );
}

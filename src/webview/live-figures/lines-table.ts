import type { ChartLine } from '../../protocol/live-figures.ts';
import { element } from '../shared/dom.ts';
import { seriesColor } from '../shared/theme.ts';
import { strokeOf, type DrawnLine } from './chart-option.ts';
import { latest, type Figure } from './figures.ts';

/** The lines with their latest figures: the charts' legend, and what they show for those who do not see them. */
export function linesTable(
  lines: readonly DrawnLine[],
  figures: readonly Figure[],
  hidden: ReadonlySet<string>,
  toggle: (id: string, shown: boolean) => void,
): HTMLElement {
  return element('table', {}, [
    element('caption', { class: 'visually-hidden', text: 'The latest figures of each line of the charts' }),
    element('thead', {}, [
      element('tr', {}, [
        element('th', { class: 'text', text: 'Line', attributes: { scope: 'col' } }),
        ...figures.map(({ title, unit, meaning }) =>
          element('th', { title: meaning, attributes: { scope: 'col' } }, [
            element('span', { text: title }),
            element('span', { class: 'muted', text: ` ${unit}` }),
          ]),
        ),
      ]),
    ]),
    element(
      'tbody',
      {},
      lines.map(({ line, index }) => row(line, index, figures, hidden, toggle)),
    ),
  ]);
}

function row(
  line: ChartLine,
  index: number,
  figures: readonly Figure[],
  hidden: ReadonlySet<string>,
  toggle: (id: string, shown: boolean) => void,
): HTMLElement {
  const box = element('input', {
    attributes: { type: 'checkbox', 'data-key': line.id },
    on: { change: () => toggle(line.id, box.checked) },
  });
  box.checked = !hidden.has(line.id);
  const swatch = element('span', { class: `swatch ${strokeOf(index)}` });
  swatch.style.setProperty('--swatch', seriesColor(index));
  return element('tr', {}, [
    element('th', { class: 'text', attributes: { scope: 'row' } }, [
      element('label', { class: 'check' }, [box, swatch, element('span', { text: line.label })]),
    ]),
    ...figures.map((figure) => element('td', { text: figure.format(latest(line, figure.id)) })),
  ]);
}

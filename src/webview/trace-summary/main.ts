import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './trace-summary.css';
import type { FromTraceSummary, ToTraceSummary, TraceMemory } from '../../protocol/trace-summary.ts';
import { appRoot, button, element, notice } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';
import { summaryPage } from './page.ts';

const root = appRoot();
const host = connect<{ toPage: ToTraceSummary; fromPage: FromTraceSummary; memory: TraceMemory }>(receive);

function receive(message: ToTraceSummary): void {
  host.remember({ path: message.type === 'summary' ? message.trace.path : message.path });
  switch (message.type) {
    case 'reading':
      root.replaceChildren(skeleton(message.name));
      return;
    case 'summary':
      root.replaceChildren(summaryPage(message.trace, (reply) => host.send(reply)));
      return;
    case 'failed':
      root.replaceChildren(
        notice('error', message.message, message.hint, [
          button({ label: 'Read Again', icon: 'refresh', click: () => host.send({ type: 'again' }) }),
        ]),
      );
  }
}

/** The page's shape while the trace is read. */
function skeleton(name: string): HTMLElement {
  return element('div', { class: 'summary', attributes: { 'aria-busy': 'true' } }, [
    element('header', { class: 'toolbar' }, [element('h1', { class: 'grow', text: name })]),
    element('main', {}, [
      element('p', {
        class: 'muted',
        text: 'Reading the trace. A gigabyte takes about two seconds.',
        attributes: { role: 'status' },
      }),
      element(
        'div',
        { class: 'figures' },
        Array.from({ length: 5 }, () => element('div', { class: 'figure placeholder' })),
      ),
    ]),
  ]);
}

host.send({ type: 'ready' });

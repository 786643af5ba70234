import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './results.css';
import { RESULTS_MEMORY, type FromResults, type ToResults } from '../../protocol/results.ts';
import { appRoot, button, notice } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';
import { onThemeChange } from '../shared/theme.ts';
import { ResultsPage } from './page.ts';

const root = appRoot();
const host = connect<{ toPage: ToResults; fromPage: FromResults; memory: { readonly chosen: readonly string[] } }>(
  receive,
);
const page = new ResultsPage(root, (message) => {
  if (message.type === 'choose') host.remember({ chosen: message.runIds });
  host.send(message);
});
onThemeChange(() => page.redraw());

function receive(message: ToResults): void {
  switch (message.type) {
    case 'state':
      host.remember({ chosen: message.chosen });
      page.show(message);
      return;
    case 'failed':
      root.replaceChildren(
        notice('error', message.message, message.hint, [
          button({ label: 'Try Again', click: () => host.send({ type: 'choose', runIds: rememberedRuns() }) }),
        ]),
      );
  }
}

function rememberedRuns(): string[] {
  const memory = RESULTS_MEMORY.safeParse(host.recall());
  return memory.success ? memory.data.chosen : [];
}

host.send({ type: 'ready' });

import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './results.css';
import type { FromResults, ResultsMemory, ToResults } from '../../protocol/results.ts';
import { appRoot, button, notice } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';
import { onThemeChange } from '../shared/theme.ts';
import { ResultsPage } from './page.ts';

const root = appRoot();
const host = connect<{ toPage: ToResults; fromPage: FromResults; memory: ResultsMemory }>(receive);
const page = new ResultsPage(root, {
  send: (message) => host.send(message),
  remember: (memory) => host.remember(memory),
});
onThemeChange(() => page.redraw());

function receive(message: ToResults): void {
  switch (message.type) {
    case 'state':
      page.show(message);
      return;
    case 'failed':
      root.replaceChildren(
        notice('error', message.message, message.hint, [
          button({ label: 'Try Again', icon: 'refresh', click: () => host.send({ type: 'again' }) }),
        ]),
      );
  }
}

host.send({ type: 'ready' });

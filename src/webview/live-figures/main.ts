import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './live-figures.css';
import type { FromLiveFigures, LiveFiguresMemory, ToLiveFigures } from '../../protocol/live-figures.ts';
import { appRoot } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';
import { onThemeChange } from '../shared/theme.ts';
import { LiveFiguresPage } from './page.ts';

const host = connect<{ toPage: ToLiveFigures; fromPage: FromLiveFigures; memory: LiveFiguresMemory }>(receive);
const page = new LiveFiguresPage(appRoot(), memoryOf(host.recall()), {
  send: (message) => host.send(message),
  remember: (memory) => host.remember(memory),
});
onThemeChange(() => page.recolor());

function receive(message: ToLiveFigures): void {
  switch (message.type) {
    case 'nothing':
      page.showNothing(message);
      return;
    case 'figures':
      page.show(message);
  }
}

/** What was kept, where it has this version's shape. By hand, so that the page starts without a schema library. */
function memoryOf(kept: unknown): LiveFiguresMemory {
  if (typeof kept !== 'object' || kept === null || !('hidden' in kept) || !Array.isArray(kept.hidden))
    return { lines: null, hidden: [] };
  const lines = 'lines' in kept && (kept.lines === 'rank' || kept.lines === 'role') ? kept.lines : null;
  return { lines, hidden: kept.hidden.filter((id) => typeof id === 'string') };
}

host.send({ type: 'ready' });

import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './node-table.css';
import type { FromNodeTable, NodeTableLayout, NodeTablePicture, ToNodeTable } from '../../protocol/node-table.ts';
import { appRoot, button, element, notice } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';
import { readMemory, type PageMemory } from './memory.ts';
import { NodeTablePage } from './page.ts';

const root = appRoot();
const host = connect<{ toPage: ToNodeTable; fromPage: FromNodeTable; memory: PageMemory }>(receive);
let layout: NodeTableLayout | undefined;
let page: NodeTablePage | undefined;

function receive(message: ToNodeTable): void {
  switch (message.type) {
    case 'open':
      layout = message.layout;
      draw(message.picture, layout);
      return;
    case 'picture':
      draw(message.picture, undefined);
      return;
    case 'changed':
      page?.change(message.head, message.rows, message.gone);
  }
}

/** `opened`: the layout is to be taken over with the picture. */
function draw(picture: NodeTablePicture, opened: NodeTableLayout | undefined): void {
  if (picture.kind === 'waiting') root.replaceChildren(skeleton(picture.place));
  else if (picture.kind === 'nothing')
    root.replaceChildren(
      notice(
        picture.icon,
        picture.title,
        picture.detail,
        picture.help.map(({ label, command }) => button({ label, click: () => host.send({ type: 'help', command }) })),
      ),
    );
  else if (layout) {
    const known = page;
    page ??= new NodeTablePage(layout, readMemory(host.recall()), {
      send: (reply) => host.send(reply),
      remember: (kept) => host.remember(kept),
    });
    // In the document first: what is measured and focused has to be there.
    if (!page.root.isConnected) root.replaceChildren(page.root);
    if (opened || !known) page.open(layout, picture);
    else page.show(picture);
  }
}

/** The table's shape until the first answer is there. */
function skeleton(place: string | null): HTMLElement {
  return element('main', { class: 'node-table', attributes: { 'aria-busy': 'true' } }, [
    element('div', { class: 'toolbar' }, [
      element('span', {
        class: 'grow muted',
        text: place === null ? 'Reading the kubeconfig' : `Asking ${place} for its nodes`,
        attributes: { role: 'status' },
      }),
    ]),
    element(
      'div',
      { class: 'skeleton', attributes: { 'aria-hidden': 'true' } },
      Array.from({ length: 8 }, () => element('div', { class: 'placeholder' })),
    ),
  ]);
}

root.replaceChildren(skeleton(null));
host.send({ type: 'ready' });

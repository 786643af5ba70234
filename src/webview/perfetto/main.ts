import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './perfetto.css';
import { FROM_FRAME, type FromPerfetto, type ToPerfetto } from '../../protocol/perfetto.ts';
import { appRoot, button, element, notice } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';

const FAILURES = { failed: 'Perfetto could not open the trace', offline: 'Perfetto could not be loaded: there is no network and no offline copy' };

const root = appRoot();
const host = connect<{ toPage: ToPerfetto; fromPage: FromPerfetto; memory: { readonly path: string } }>(receive);

function receive(message: ToPerfetto): void {
  switch (message.type) {
    case 'frame':
      host.remember({ path: message.path });
      showFrame(message);
      return;
    case 'failed':
      host.remember({ path: message.path });
      showFailure(message.message, message.hint);
  }
}

function showFrame({ url, title, ui }: Extract<ToPerfetto, { readonly type: 'frame' }>): void {
  const state = element('span', { class: 'state muted', text: 'Loading the trace', attributes: { role: 'status' } });
  const frame = element('iframe', { title: `Perfetto: ${title}`, attributes: { src: url, allow: 'clipboard-write' } });
  const origin = new URL(url).origin;
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    const said = FROM_FRAME.safeParse(event.data);
    if (!said.success) return;
    const { llmd } = said.data;
    if (llmd.kind === 'key') document.dispatchEvent(new KeyboardEvent('keydown', { ...llmd.key, bubbles: true }));
    else if (llmd.state === 'failed' || llmd.state === 'offline') showFailure(FAILURES[llmd.state], llmd.detail ?? 'The summary needs no Perfetto.');
    else state.textContent = llmd.state === 'loaded' ? '' : (llmd.detail ?? 'Loading the trace');
  });
  root.replaceChildren(
    element('div', { class: 'perfetto' }, [
      element('div', { class: 'toolbar thin' }, [
        element('span', { class: 'grow', text: title, title }),
        state,
        element('span', { class: 'muted', text: ui === 'bundled' ? 'Perfetto, offline' : 'ui.perfetto.dev; the trace stays on this machine' }),
        button({ label: 'Summary', icon: 'dashboard', secondary: true, click: () => host.send({ type: 'summary' }) }),
      ]),
      frame,
    ]),
  );
}

function showFailure(message: string, hint: string): void {
  root.replaceChildren(
    notice('error', message, hint, [
      button({ label: 'Show Trace Summary', icon: 'dashboard', click: () => host.send({ type: 'summary' }) }),
      button({ label: 'Try Again', icon: 'refresh', secondary: true, click: () => host.send({ type: 'again' }) }),
    ]),
  );
}

root.replaceChildren(notice('loading', 'Opening the trace', 'It is served from this machine; nothing is uploaded.'));
host.send({ type: 'ready' });

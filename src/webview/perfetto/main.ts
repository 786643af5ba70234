import '@vscode/codicons/dist/codicon.css';
import '../shared/base.css';
import './perfetto.css';
import {
  FROM_FRAME,
  type FromFrame,
  type FromPerfetto,
  type ToFrame,
  type ToPerfetto,
} from '../../protocol/perfetto.ts';
import { appRoot, button, element, icon, notice } from '../shared/dom.ts';
import { connect } from '../shared/host.ts';
import { onThemeChange } from '../shared/theme.ts';

const COVER_MS = 20_000;
const F1_KEY_CODE = 112;
const OFFLINE = 'Perfetto could not be reached';
const FAILED = 'Perfetto could not open the trace';

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
  const state = element('p', { text: 'Starting Perfetto' });
  // Until the trace is there, Perfetto's own start page would be in sight.
  const cover = element('div', { class: 'cover', attributes: { role: 'status' } }, [
    icon('loading', 'codicon-modifier-spin notice-icon'),
    state,
  ]);
  const frame = element('iframe', { title: `Perfetto: ${title}`, attributes: { src: url, allow: 'clipboard-write' } });
  const origin = new URL(url).origin;
  // A trace that takes long: from then on Perfetto's own progress says more.
  setTimeout(() => cover.remove(), COVER_MS);
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== frame.contentWindow || event.origin !== origin) return;
    const said = FROM_FRAME.safeParse(event.data);
    if (!said.success) return;
    if (said.data.type === 'key') pressKey(said.data);
    else if (said.data.state === 'loading') state.textContent = said.data.detail;
    else if (said.data.state === 'loaded') cover.remove();
    else showFailure(said.data.state === 'offline' ? OFFLINE : FAILED, said.data.detail);
  });
  onThemeChange(() => frame.contentWindow?.postMessage({ type: 'theme', dark: isDark() } satisfies ToFrame, origin));
  root.replaceChildren(
    element('div', { class: 'perfetto' }, [
      element('div', { class: 'toolbar thin' }, [
        element('span', { class: 'grow', text: title, title }),
        element('span', {
          class: 'muted',
          text: ui === 'bundled' ? 'Perfetto, offline' : 'ui.perfetto.dev; the trace stays on this machine',
        }),
        button({ label: 'Summary', icon: 'dashboard', secondary: true, click: () => host.send({ type: 'summary' }) }),
      ]),
      element('div', { class: 'stage' }, [frame, cover]),
    ]),
  );
}

/** VS Code hears keys of this page, not of a page framed in it; it resolves them by their old key codes. */
function pressKey({ type: _type, ...key }: Extract<FromFrame, { readonly type: 'key' }>): void {
  const functionKey = /^F(\d{1,2})$/.exec(key.key);
  const keyCode = functionKey ? F1_KEY_CODE - 1 + Number(functionKey[1]) : key.key.toUpperCase().charCodeAt(0);
  document.dispatchEvent(new KeyboardEvent('keydown', { ...key, keyCode, bubbles: true }));
}

function isDark(): boolean {
  return (
    document.body.classList.contains('vscode-dark') ||
    (document.body.classList.contains('vscode-high-contrast') &&
      !document.body.classList.contains('vscode-high-contrast-light'))
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

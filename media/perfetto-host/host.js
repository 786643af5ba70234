// Runs on the loopback page that the panel frames. Frames the Perfetto UI in turn, hands it the trace, and tells the panel:
//   { type: 'state', state: 'loading' | 'loaded' | 'failed' | 'offline', detail }
//   { type: 'key', key, code, ctrlKey, shiftKey, altKey, metaKey }   VS Code's own keys, which the UI would swallow
// Hears from the panel: { type: 'theme', dark }
// All addresses are relative: behind a proxy this page does not lie at the root.

const PUBLIC_UI = 'https://ui.perfetto.dev';
const PING_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 200;
const TELL_EVERY_BYTES = 1e6;
const SETTINGS_KEY = 'perfettoSettings';

const frame = document.getElementById('ui');
const status = document.getElementById('status');

class Failure extends Error {
  constructor(state, message) {
    super(message);
    this.state = state;
  }
}

function report(state, detail = '') {
  status.textContent = state === 'loaded' ? '' : detail;
  status.className = state;
  window.parent.postMessage({ type: 'state', state, detail }, '*');
}

function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The UI reads its settings from storage when it starts. Others may keep things there too: merge, never clear. */
function presetTheme(dark) {
  try {
    const settings = JSON.parse(localStorage.getItem(SETTINGS_KEY) ?? '{}');
    localStorage.setItem(SETTINGS_KEY, JSON.stringify({ ...settings, theme: dark ? 'dark' : 'light', analyticsEnable: false }));
  } catch (error) {
    console.warn('the theme of Perfetto could not be set', error);
  }
}

/** The running UI's own object; not a stable API, so each use looks whether it is there. Undefined for the public UI. */
function uiApp() {
  try {
    return frame.contentWindow.app;
  } catch {
    return undefined;
  }
}

function changeTheme(dark) {
  document.body.classList.toggle('dark', dark);
  presetTheme(dark);
  const app = uiApp();
  app?.settings?.get?.('theme')?.set?.(dark ? 'dark' : 'light');
  app?.raf?.scheduleFullRedraw?.();
}

/** Resolves when the UI takes messages. */
async function uiAnswers(origin) {
  let answered = false;
  const listen = (event) => {
    if (event.source === frame.contentWindow && event.data === 'PONG') answered = true;
  };
  window.addEventListener('message', listen);
  try {
    const giveUp = performance.now() + ANSWER_WITHIN_MS;
    while (!answered) {
      if (performance.now() > giveUp) throw new Failure('offline', 'The Perfetto UI does not answer.');
      frame.contentWindow.postMessage('PING', origin);
      await wait(PING_EVERY_MS);
    }
  } finally {
    window.removeEventListener('message', listen);
  }
}

async function fetchTrace() {
  const response = await fetch('trace');
  if (!response.ok) throw new Failure('failed', 'The trace is no longer served. Close this panel and open the trace again.');
  const chunks = [];
  let bytes = 0;
  let told = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes - told < TELL_EVERY_BYTES) continue;
    told = bytes;
    report('loading', `Reading the trace: ${(bytes / 1e6).toFixed(0)} MB`);
  }
  return new Blob(chunks).arrayBuffer();
}

/** The bundled UI shows what it is doing; the public one can't be looked into. */
async function uiLoaded() {
  for (;;) {
    const dialog = frame.contentDocument.querySelector('.pf-modal-dialog');
    if (dialog !== null) throw new Failure('failed', `Perfetto could not open the trace: ${dialog.textContent.trim().slice(0, 300)}`);
    const app = uiApp();
    if (app?.trace && !app.isLoadingTrace) return;
    await wait(LOOK_EVERY_MS);
  }
}

/** Streams of the GPUs are what a person came for: open them. */
async function expandGpus() {
  try {
    await uiApp()?.commands?.runCommand?.('dev.perfetto.ExpandTracksByRegex', '^GPU ');
  } catch (error) {
    console.warn('the tracks of the GPUs were not opened', error);
  }
}

function isWorkbenchKey(event) {
  if (event.key === 'F1') return true;
  return (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'p';
}

function forwardKeys(event) {
  if (!isWorkbenchKey(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { key, code, ctrlKey, shiftKey, altKey, metaKey } = event;
  window.parent.postMessage({ type: 'key', key, code, ctrlKey, shiftKey, altKey, metaKey }, '*');
}

async function frameLoads(address) {
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  frame.src = address;
  await loaded;
}

async function open() {
  const config = await (await fetch('config.json')).json();
  const bundled = config.ui === 'bundled';
  const origin = bundled ? location.origin : PUBLIC_UI;
  document.title = config.title;
  changeTheme(config.dark);
  report('loading', 'Starting Perfetto…');
  const trace = fetchTrace();
  trace.catch(() => undefined); // looked at below, once the UI is there
  await Promise.race([frameLoads(bundled ? 'ui/index.html#!/viewer?mode=embedded' : `${PUBLIC_UI}/#!/?mode=embedded`), wait(ANSWER_WITHIN_MS)]);
  await uiAnswers(origin);
  if (bundled) frame.contentWindow.addEventListener('keydown', forwardKeys, true);
  const buffer = await trace;
  const perfetto = { buffer, title: config.title, fileName: config.fileName, localOnly: true, keepApiOpen: true };
  frame.contentWindow.postMessage({ perfetto }, origin, [buffer]);
  report('loading', 'Perfetto is loading the trace…');
  if (bundled) {
    await uiLoaded();
    await expandGpus();
  }
  report('loaded', bundled ? 'bundled' : 'public');
}

window.addEventListener('message', (event) => {
  if (event.source === window.parent && event.data?.type === 'theme') changeTheme(event.data.dark === true);
});
window.addEventListener('keydown', forwardKeys, true);

open().catch((error) => {
  const offline = error instanceof Failure && error.state === 'offline';
  const hint = offline ? ' Without a network it needs the offline UI ("npm run perfetto" when the package is built). The summary of the trace works without it.' : '';
  report(error instanceof Failure ? error.state : 'failed', `${error.message}${hint}`);
});

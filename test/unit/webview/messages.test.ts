import assert from 'node:assert/strict';

type Connect = (receive: (message: { readonly type: string }) => void) => { send(message: unknown): void };

/** In its page: its origin, and VS Code's side of it. */
describe('messages to a page', () => {
  const own = 'vscode-webview://1abc';
  const page = Object.assign(new EventTarget(), { origin: own });
  const sent: unknown[] = [];
  let connect: Connect;

  before(async () => {
    Object.assign(globalThis, {
      window: page,
      acquireVsCodeApi: () => ({ postMessage: (message: unknown) => sent.push(message) }),
    });
    // By its address: the tests are compiled without the DOM.
    ({ connect } = (await import(new URL('../../../src/webview/shared/host.ts', import.meta.url).href)) as {
      connect: Connect;
    });
  });
  after(() => {
    for (const name of ['window', 'acquireVsCodeApi']) Reflect.deleteProperty(globalThis, name);
  });

  it("are those of VS Code, which come from the page's own origin, never those of a page that is framed in it", () => {
    const received: unknown[] = [];
    connect((message) => received.push(message)).send({ type: 'ready' });
    const tell = (data: unknown, origin: string): boolean =>
      page.dispatchEvent(new MessageEvent('message', { data, origin }));
    for (const origin of ['https://ui.perfetto.dev', 'http://127.0.0.1:9001', 'vscode-webview://2def', 'null', ''])
      tell({ type: 'failed', path: '/etc/passwd' }, origin);
    for (const data of [null, 'failed', 7, {}, { type: 7 }]) tell(data, own);
    assert.deepEqual(received, []);
    tell({ type: 'figures' }, own);
    assert.deepEqual([received, sent], [[{ type: 'figures' }], [{ type: 'ready' }]]);
  });
});

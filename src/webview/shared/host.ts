/** VS Code's side of a webview, typed by the page's own messages. */
export interface HostConnection<FromPage, Memory> {
  send(message: FromPage): void;
  /** Kept by VS Code while the page is hidden and across a reload of the window. */
  remember(memory: Memory): void;
  recall(): unknown;
}

interface VsCodeApi {
  postMessage(message: unknown): void;
  setState(state: unknown): void;
  getState(): unknown;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The messages of one page: what the host sends, what the page sends, what is kept across a reload. */
export interface Conversation {
  readonly toPage: { readonly type: string };
  readonly fromPage: { readonly type: string };
  readonly memory: unknown;
}

/**
 * The host is trusted: what it sends was checked by the compiler on its side. VS Code hands it over from this page's own origin, which
 * no page that is framed here has. Send `ready` once everything is in place.
 */
export function connect<Talk extends Conversation>(
  receive: (message: Talk['toPage']) => void,
): HostConnection<Talk['fromPage'], Talk['memory']> {
  const api = acquireVsCodeApi();
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const { data, origin } = event;
    if (origin !== window.origin) return;
    if (typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string')
      receive(data as Talk['toPage']);
  });
  return {
    send: (message) => api.postMessage(message),
    remember: (memory) => api.setState(memory),
    recall: () => api.getState(),
  };
}

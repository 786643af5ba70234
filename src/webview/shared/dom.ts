import { VscodeButton } from '@vscode-elements/elements/dist/vscode-button/index.js';

/** What an element is made of. `text` is set as text, never as markup. */
export interface ElementOptions {
  readonly class?: string;
  readonly text?: string;
  readonly title?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  options: ElementOptions = {},
  children: readonly (Node | undefined)[] = [],
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (options.class !== undefined) made.className = options.class;
  if (options.text !== undefined) made.textContent = options.text;
  if (options.title !== undefined) made.title = options.title;
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value);
  for (const [type, listener] of Object.entries(options.on ?? {})) made.addEventListener(type, listener);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** An icon of VS Code's own font; decoration only, so hidden from screen readers. */
export function icon(name: string, extra = ''): HTMLElement {
  return element('span', { class: `codicon codicon-${name} ${extra}`.trim(), attributes: { 'aria-hidden': 'true' } });
}

export interface ButtonOptions {
  readonly label: string;
  readonly icon?: string;
  readonly secondary?: boolean;
  readonly title?: string;
  readonly click: () => void;
}

export function button({ label, icon: name, secondary = false, title, click }: ButtonOptions): HTMLElement {
  const made = new VscodeButton();
  made.textContent = label;
  made.secondary = secondary;
  if (name !== undefined) made.icon = name;
  if (title !== undefined) made.title = title;
  made.addEventListener('click', click);
  return made;
}

/** A message in place of a page's content: what is the matter and what helps. */
export function notice(name: string, title: string, detail: string, actions: readonly HTMLElement[] = []): HTMLElement {
  return element('main', {}, [
    element('div', { class: 'notice', attributes: { role: 'status' } }, [
      icon(name, 'notice-icon'),
      element('h1', { text: title }),
      element('p', { text: detail }),
      element('div', { class: 'actions' }, actions),
    ]),
  ]);
}

/** Replaces an element's content. What had the focus, found by its `data-key`, gets it back. */
export function refill(place: HTMLElement, children: readonly Node[]): void {
  const { activeElement } = document;
  const key =
    activeElement instanceof HTMLElement && place.contains(activeElement) ? activeElement.dataset['key'] : undefined;
  place.replaceChildren(...children);
  if (key !== undefined)
    place.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** The element of the page that scripts fill. */
export function appRoot(): HTMLElement {
  const found = document.querySelector<HTMLElement>('#app');
  if (!found) throw new Error('the page has no #app');
  return found;
}

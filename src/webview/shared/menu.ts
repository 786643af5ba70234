import { element, icon } from './dom.ts';

export interface MenuAction {
  readonly label: string;
  readonly icon: string;
  readonly run: () => void;
}

export interface MenuOptions {
  readonly label: string;
  readonly icon: string;
  readonly actions: readonly MenuAction[];
  /** A line above the actions that says what they act on; asked each time the menu opens. */
  readonly about?: () => string;
}

/** A button that opens a short list of actions. Arrows move in it; Escape, a choice and whatever leads away from it close it. */
export function menu({ label, icon: name, actions, about }: MenuOptions): HTMLElement {
  const summary = element('summary', {}, [icon(name), element('span', { text: label }), icon('chevron-down')]);
  const note = element('p', { class: 'menu-about muted' });
  const close = (): void => {
    made.open = false;
  };
  const buttons = actions.map((action) =>
    element(
      'button',
      {
        on: {
          click: () => {
            close();
            summary.focus();
            action.run();
          },
        },
      },
      [icon(action.icon), element('span', { text: action.label })],
    ),
  );
  const list = element(
    'ul',
    {},
    buttons.map((button) => element('li', {}, [button])),
  );
  const made = element('details', { class: 'menu' }, [
    summary,
    element('div', { class: 'menu-list' }, [about && note, list]),
  ]);
  made.addEventListener('toggle', () => {
    if (made.open && about) note.textContent = about();
  });
  made.addEventListener('keydown', (event) => {
    if (!made.open) return;
    if (event.key === 'Escape') {
      close();
      summary.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const here = buttons.findIndex((button) => button === document.activeElement);
      buttons.at((here + (event.key === 'ArrowDown' ? 1 : here < 0 ? 0 : -1)) % buttons.length)?.focus();
    }
  });
  made.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !made.contains(relatedTarget)) close();
  });
  document.addEventListener('click', (event) => {
    if (event.target instanceof Node && !made.contains(event.target)) close();
  });
  return made;
}

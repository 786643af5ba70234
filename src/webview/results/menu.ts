import { element, icon } from '../shared/dom.ts';

export interface MenuAction {
  readonly label: string;
  readonly icon: string;
  readonly run: () => void;
}

/** A button that opens a short list of actions; Escape, a choice and a click elsewhere close it. */
export function menu(label: string, iconName: string, actions: readonly MenuAction[]): HTMLElement {
  const summary = element('summary', {}, [icon(iconName), element('span', { text: label }), icon('chevron-down')]);
  const close = (): void => {
    made.open = false;
  };
  const items = actions.map((action) =>
    element('li', {}, [
      element('button', { on: { click: () => { close(); action.run(); } } }, [icon(action.icon), element('span', { text: action.label })]),
    ]),
  );
  const made = element('details', { class: 'menu' }, [summary, element('ul', {}, items)]);
  made.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !made.open) return;
    close();
    summary.focus();
  });
  document.addEventListener('click', (event) => {
    if (event.target instanceof Node && !made.contains(event.target)) close();
  });
  return made;
}

// Stands in for `vscode` where a test asks what the window is given to show. It shows nothing and decides nothing: it writes down every
// text, and answers as a person does who goes away (or, for `answers`, who presses that button and picks those rows).

export interface Shown {
  readonly place: string;
  readonly text: string;
}

export const shown: Shown[] = [];
export const answers = { button: undefined as string | undefined, picks: [] as string[] };

function record(place: string, text: unknown): void {
  if (typeof text === 'string') shown.push({ place, text });
}

/** An object that writes down what is set on it. */
function recorded<T extends object>(place: string, parts: T): T {
  return new Proxy(parts, {
    set(target, name, value) {
      recordAll(`${place}.${String(name)}`, value);
      return Reflect.set(target, name, value);
    },
  });
}

function recordAll(place: string, value: unknown): void {
  if (typeof value === 'string') record(place, value);
  else if (Array.isArray(value)) for (const each of value) recordAll(place, each);
  else if (value instanceof MarkdownString) record(`${place} (Markdown)`, value.value);
  else if (typeof value === 'object' && value !== null && !(value instanceof ThemeIcon)) {
    // What a choice stands for is kept beside what is shown of it.
    for (const [name, part] of Object.entries(value))
      if (name !== 'choice' && name !== 'id' && name !== 'arguments') recordAll(`${place}.${name}`, part);
  }
}

const notification =
  (place: string) =>
  (message: string, ...rest: readonly unknown[]): Promise<string | undefined> => {
    record(place, message);
    for (const each of rest) recordAll(place, each);
    return Promise.resolve(answers.button);
  };

export class EventEmitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}
export class ThemeColor extends ThemeIcon {}
export class MarkdownString {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}
export class TreeItem {
  readonly label: string;
  constructor(label: string) {
    this.label = label;
  }
}
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const QuickInputButtons = { Back: {} };
export const ProgressLocation = { Notification: 15 };
export const StatusBarAlignment = { Left: 1 };
export const ViewColumn = { Active: -1 };
export const TerminalExitReason = { Process: 2 };
export const Uri = { file: (path: string) => ({ path }), joinPath: (uri: object) => uri };

const never = (): { dispose(): void } => ({ dispose() {} });

function quickInput(place: string): object {
  const hidden = new EventEmitter<void>();
  const accepted = new EventEmitter<void>();
  const parts = {
    activeItems: [],
    selectedItems: [] as readonly { readonly label: string }[],
    set items(items: readonly { readonly label: string }[]) {
      const pick = answers.picks.shift();
      if (pick === undefined) return;
      parts.selectedItems = items.filter(({ label }) => label.includes(pick)).slice(0, 1);
      setImmediate(() => (parts.selectedItems.length > 0 ? accepted : hidden).fire());
    },
    onDidHide: hidden.event,
    onDidTriggerButton: never,
    onDidAccept: accepted.event,
    // Types one character, then looks at the validation message for a moment, then goes away.
    onDidChangeValue(listener: (text: string) => void) {
      setImmediate(() => listener('x'));
      return never();
    },
    show: () => void (answers.picks.length === 0 && setTimeout(() => hidden.fire(), 5)),
    hide() {},
    dispose() {},
  };
  return recorded(place, parts);
}

export interface RecordedTerminal {
  readonly pty?: { onDidWrite(listener: (text: string) => void): unknown; open(): void; close(): void };
  readonly message?: string;
  readonly name: string;
}

/** The terminals that were made, newest last. */
export const terminals: RecordedTerminal[] = [];

export const window = {
  showErrorMessage: notification('error'),
  showInformationMessage: notification('information'),
  showWarningMessage: notification('question'),
  setStatusBarMessage: (text: string): void => record('status message', text),
  createStatusBarItem: () => recorded('status item', { show() {}, hide() {}, dispose() {} }),
  async withProgress(
    options: { readonly title?: string },
    task: (
      progress: { report(value: unknown): void },
      token: { onCancellationRequested: typeof never },
    ) => Promise<unknown>,
  ): Promise<unknown> {
    record('progress title', options.title);
    return task({ report: (value) => recordAll('progress', value) }, { onCancellationRequested: never });
  },
  createQuickPick: () => quickInput('quick pick'),
  createInputBox: () => quickInput('input box'),
  showQuickPick(items: readonly unknown[], options: unknown): Promise<undefined> {
    recordAll('quick pick', items);
    recordAll('quick pick', options);
    return Promise.resolve(undefined);
  },
  createTreeView: (id: string) => recorded(`view ${id}`, { visible: true, onDidChangeVisibility: never, dispose() {} }),
  createTerminal(options: RecordedTerminal): object {
    record('terminal name', options.name);
    terminals.push(options);
    return { show() {}, exitStatus: undefined };
  },
  onDidCloseTerminal: never,
  showSaveDialog(options: { readonly defaultUri: { readonly path: string } }): Promise<undefined> {
    record('save dialog', options.defaultUri.path);
    return Promise.resolve(undefined);
  },
};
export const env = {
  clipboard: {
    writeText(text: string): Promise<void> {
      record('clipboard', text);
      return Promise.resolve();
    },
  },
};
/** Commands that were registered, by id; another one does nothing. */
const registered = new Map<string, (...given: readonly unknown[]) => unknown>();
export const commands = {
  registerCommand(id: string, run: (...given: readonly unknown[]) => unknown): { dispose(): void } {
    registered.set(id, run);
    return { dispose: () => registered.delete(id) };
  },
  executeCommand: async (id: string, ...given: readonly unknown[]): Promise<unknown> => registered.get(id)?.(...given),
};
export const workspace = {
  getConfiguration: () => ({ get: () => undefined, inspect: () => undefined }),
  onDidChangeConfiguration: never,
};

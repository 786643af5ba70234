/** What a person did at the prompt. */
export type EditedLine =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'end' };

export interface Completion {
  /** Text that takes the place of the word before the cursor. */
  readonly word: string;
  readonly choices: readonly string[];
}

export interface LineEditorOptions {
  readonly write: (text: string) => void;
  /** Earlier lines, the newest last; accepted lines are added. */
  readonly history: string[];
  readonly columns: () => number;
  readonly complete: (before: string) => Promise<Completion | undefined>;
}

const escape = '\u001b';

/** Escape sequences of keys, as terminals in their usual modes send them. */
const keys: Readonly<Record<string, string>> = {
  '[A': 'up',
  OA: 'up',
  '[B': 'down',
  OB: 'down',
  '[C': 'right',
  OC: 'right',
  '[D': 'left',
  OD: 'left',
  '[H': 'home',
  OH: 'home',
  '[1~': 'home',
  '[7~': 'home',
  '[F': 'end',
  OF: 'end',
  '[4~': 'end',
  '[8~': 'end',
  '[3~': 'delete',
  '[1;5C': 'word-right',
  '[1;5D': 'word-left',
  f: 'word-right',
  b: 'word-left',
  '[200~': 'paste',
  '[201~': 'paste',
};

const controls: Readonly<Record<string, string>> = {
  '\u0001': 'home',
  '\u0002': 'left',
  '\u0003': 'interrupt',
  '\u0004': 'end-of-input',
  '\u0005': 'end',
  '\u0006': 'right',
  '\u0008': 'backspace',
  '\t': 'complete',
  '\n': 'accept',
  '\u000b': 'kill-to-end',
  '\u000c': 'clear-screen',
  '\r': 'accept',
  '\u000e': 'down',
  '\u0010': 'up',
  '\u0015': 'kill-to-start',
  '\u0017': 'kill-word',
  '\u007f': 'backspace',
};

/** Edits one line of a terminal: cursor keys, deletions, history and completion, drawn with ANSI sequences. */
export class LineEditor {
  readonly #options: LineEditorOptions;
  #prompt = '';
  #characters: string[] = [];
  #cursor = 0;
  #historyAt = 0;
  /** The line that was being typed when history was entered. */
  #draft: string[] = [];
  #cursorRow = 0;
  #listedFor: string | undefined;
  #pending = '';

  constructor(options: LineEditorOptions) {
    this.#options = options;
  }

  /** Shows the prompt and starts an empty line. */
  begin(prompt: string): void {
    this.#prompt = prompt;
    this.#characters = [];
    this.#cursor = 0;
    this.#historyAt = this.#options.history.length;
    this.#cursorRow = 0;
    this.#options.write(prompt);
  }

  /** Takes typed text; answers with what was done and the text typed after it, or undefined while the line goes on. */
  async feed(text: string): Promise<{ readonly result: EditedLine; readonly rest: string } | undefined> {
    let input = this.#pending + text;
    this.#pending = '';
    while (input !== '') {
      const key = nextKey(input);
      if (key === undefined) {
        this.#pending = input;
        return undefined;
      }
      input = input.slice(key.length);
      const result = key.kind === 'text' ? this.#insert(key.text) : await this.#act(key.action);
      if (result !== undefined) return { result, rest: input };
    }
    return undefined;
  }

  #insert(text: string): undefined {
    const characters = Array.from(text);
    this.#characters.splice(this.#cursor, 0, ...characters);
    this.#cursor += characters.length;
    if (this.#cursor === this.#characters.length) {
      this.#options.write(text);
      this.#cursorRow = this.#rowOf(this.#cursor);
    } else this.#draw();
    return undefined;
  }

  async #act(action: string): Promise<EditedLine | undefined> {
    const before = this.#characters.slice(0, this.#cursor);
    switch (action) {
      case 'accept':
        this.#moveTo(this.#characters.length);
        this.#options.write('\r\n');
        return { kind: 'line', text: this.#characters.join('') };
      case 'interrupt':
        this.#options.write('^C\r\n');
        return { kind: 'interrupt' };
      case 'end-of-input':
        if (this.#characters.length === 0) return { kind: 'end' };
        this.#remove(this.#cursor, 1);
        return undefined;
      case 'backspace':
        if (this.#cursor > 0) this.#remove(this.#cursor - 1, 1);
        return undefined;
      case 'delete':
        this.#remove(this.#cursor, 1);
        return undefined;
      case 'kill-to-end':
        this.#remove(this.#cursor, this.#characters.length - this.#cursor);
        return undefined;
      case 'kill-to-start':
        this.#remove(0, this.#cursor);
        return undefined;
      case 'kill-word':
        this.#remove(wordStart(before), this.#cursor - wordStart(before));
        return undefined;
      case 'left':
        this.#moveTo(this.#cursor - 1);
        return undefined;
      case 'right':
        this.#moveTo(this.#cursor + 1);
        return undefined;
      case 'home':
        this.#moveTo(0);
        return undefined;
      case 'end':
        this.#moveTo(this.#characters.length);
        return undefined;
      case 'word-left':
        this.#moveTo(wordStart(before));
        return undefined;
      case 'word-right':
        this.#moveTo(this.#cursor + (/^\s*\S*/.exec(this.#characters.slice(this.#cursor).join(''))?.[0].length ?? 0));
        return undefined;
      case 'up':
        this.#recall(this.#historyAt - 1);
        return undefined;
      case 'down':
        this.#recall(this.#historyAt + 1);
        return undefined;
      case 'clear-screen':
        this.#options.write(`${escape}[H${escape}[2J`);
        this.#cursorRow = 0;
        this.#draw();
        return undefined;
      case 'complete':
        await this.#complete(before.join(''));
        return undefined;
      default:
        return undefined;
    }
  }

  #remove(start: number, count: number): void {
    this.#characters.splice(start, count);
    this.#cursor = start;
    this.#draw();
  }

  #recall(index: number): void {
    const { history } = this.#options;
    if (index < 0 || index > history.length) return;
    if (this.#historyAt === history.length) this.#draft = this.#characters;
    this.#historyAt = index;
    this.#characters = index === history.length ? this.#draft : Array.from(history[index] ?? '');
    this.#cursor = this.#characters.length;
    this.#draw();
  }

  async #complete(before: string): Promise<void> {
    const found = await this.#options.complete(before);
    if (found === undefined) return;
    const word = /\S*$/.exec(before)?.[0] ?? '';
    if (found.word !== word) {
      this.#characters.splice(
        this.#cursor - Array.from(word).length,
        Array.from(word).length,
        ...Array.from(found.word),
      );
      this.#cursor += Array.from(found.word).length - Array.from(word).length;
      this.#listedFor = undefined;
      this.#draw();
    } else if (this.#listedFor === before) {
      this.#options.write(`\r\n${found.choices.join('  ')}\r\n`);
      this.#cursorRow = 0;
      this.#draw();
    } else this.#listedFor = before;
  }

  #moveTo(position: number): void {
    const target = Math.max(0, Math.min(this.#characters.length, position));
    if (target === this.#cursor) return;
    this.#cursor = target;
    this.#place(this.#rowOf(this.#characters.length), false);
  }

  /** Draws prompt and line anew and puts the cursor where it belongs. */
  #draw(): void {
    const up = this.#cursorRow > 0 ? `${escape}[${this.#cursorRow}A` : '';
    this.#options.write(`${up}\r${escape}[J${this.#prompt}${this.#characters.join('')}`);
    this.#place(this.#rowOf(this.#characters.length), true);
  }

  #place(lastRow: number, drawn: boolean): void {
    const from = drawn ? lastRow : this.#cursorRow;
    const row = this.#rowOf(this.#cursor);
    const column = (this.#prompt.length + this.#cursor) % this.#options.columns();
    const vertical = row < from ? `${escape}[${from - row}A` : row > from ? `${escape}[${row - from}B` : '';
    this.#options.write(`${vertical}\r${column > 0 ? `${escape}[${column}C` : ''}`);
    this.#cursorRow = row;
  }

  #rowOf(position: number): number {
    return Math.floor((this.#prompt.length + position) / this.#options.columns());
  }
}

type Key =
  | { readonly kind: 'text'; readonly text: string; readonly length: number }
  | { readonly kind: 'action'; readonly action: string; readonly length: number };

/** The first key of typed text; undefined when it is the beginning of an escape sequence. */
function nextKey(input: string): Key | undefined {
  if (input.startsWith(escape)) {
    const sequence = /^(?:\[[\d;]*[A-Za-z~]|O[A-Z]|[a-z])/.exec(input.slice(1))?.[0];
    if (sequence !== undefined)
      return { kind: 'action', action: keys[sequence] ?? 'unknown', length: 1 + sequence.length };
    return /^(?:\[[\d;]*|O)?$/.test(input.slice(1)) ? undefined : { kind: 'action', action: 'unknown', length: 1 };
  }
  const first = input.charAt(0);
  const action = controls[first];
  // A pasted "\r\n" is one end of line.
  if (action !== undefined) return { kind: 'action', action, length: input.startsWith('\r\n') ? 2 : 1 };
  if (first < ' ') return { kind: 'action', action: 'unknown', length: 1 };
  const text = Array.from(input).slice(0, firstControl(input)).join('');
  return { kind: 'text', text, length: text.length };
}

function firstControl(input: string): number {
  const characters = Array.from(input);
  const found = characters.findIndex((character) => character < ' ' || character === '\u007f');
  return found < 0 ? characters.length : found;
}

/** Where the word before the cursor begins, spaces after it included. */
function wordStart(before: readonly string[]): number {
  return before.join('').replace(/\S+\s*$|\s+$/, '').length;
}

import { createInterface, type CompleterResult, type Interface } from 'node:readline';
import { PassThrough, Writable } from 'node:stream';

/** What a person did at the prompt. */
export type EditedLine =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'end' };

export interface LineEditorOptions {
  readonly write: (text: string) => void;
  /** Earlier lines, the newest last. */
  readonly history: readonly string[];
  readonly columns: () => number;
  /** Candidates for the word before the cursor, and that word. */
  readonly complete: (before: string) => Promise<CompleterResult>;
}

/** As many as bash keeps. */
const HISTORY_LINES = 500;

/** Stands for a line's end in an earlier command of several lines, which readline would bring back from last to first. */
const lineEnd = '⏎';

type Completed = (error: null, result: CompleterResult) => void;

/** One prompt of readline: it takes keys until a line is done. */
interface Prompt {
  readonly keyboard: PassThrough;
  readonly readline: Interface;
}

/** Edits one line of a terminal by Node's readline, and hands back what was typed beyond its end: that is for the command. */
export class LineEditor {
  readonly #options: LineEditorOptions;
  readonly #screen: Writable;
  #prompt: Prompt | undefined;
  #result: EditedLine | undefined;
  #completing: Promise<unknown> = Promise.resolve();

  constructor(options: LineEditorOptions) {
    this.#options = options;
    const screen = new Writable({
      write: (text: unknown, _encoding, done) => {
        options.write(String(text));
        done();
      },
    });
    this.#screen = Object.defineProperty(screen, 'columns', { get: options.columns });
  }

  /** Shows the prompt and starts an empty line. */
  begin(prompt: string): void {
    this.#close();
    this.#result = undefined;
    const keyboard = new PassThrough();
    const readline = createInterface({
      input: keyboard,
      output: this.#screen,
      terminal: true,
      prompt,
      historySize: HISTORY_LINES,
      history: this.#options.history.map((line) => line.replaceAll('\n', lineEnd)).toReversed(),
      completer: (before: string, done: Completed) => {
        this.#completing = this.#complete(before, done);
      },
    });
    readline.on('line', (text) => (this.#result ??= { kind: 'line', text: text.replaceAll(lineEnd, '\n') }));
    readline.on('SIGINT', () => {
      this.#options.write('^C\r\n');
      this.#result ??= { kind: 'interrupt' };
    });
    readline.on('close', () => (this.#result ??= { kind: 'end' }));
    // Without a listener readline stops the process that it runs in.
    readline.on('SIGTSTP', () => undefined);
    this.#prompt = { keyboard, readline };
    // Bare, as a shell writes it: readline's own way puts the cursor in its place afterwards, and whoever waits for `# ` waits for ever.
    this.#options.write(prompt);
  }

  /** Takes typed text; answers with what was done and the text typed after it, or undefined while the line goes on. */
  async feed(text: string): Promise<{ readonly result: EditedLine; readonly rest: string } | undefined> {
    const keys = Array.from(text);
    for (const [index, key] of keys.entries()) {
      // Not written but told: so each key has been acted on before the next one is looked at.
      this.#prompt?.keyboard.emit('data', Buffer.from(key));
      await this.#completing;
      if (this.#result === undefined) continue;
      this.#close();
      const rest = keys.slice(index + 1).join('');
      // A pasted "\r\n" is one end of line.
      return { result: this.#result, rest: key === '\r' && rest.startsWith('\n') ? rest.slice(1) : rest };
    }
    return undefined;
  }

  async #complete(before: string, done: Completed): Promise<void> {
    done(null, await this.#options.complete(before));
  }

  #close(): void {
    const closing = this.#prompt;
    this.#prompt = undefined;
    closing?.readline.close();
  }
}

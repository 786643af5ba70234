import { PassThrough, Writable } from 'node:stream';
import type { RemoteCommandSession, TerminalSize } from '../streaming/remote-command.ts';
import type { ContainerShell } from './container-shell.ts';
import { readShellInvocation } from './shell-invocation.ts';
import { complete } from './completion.ts';
import { LineEditor, type EditedLine } from './line-editor.ts';
import { definedFunctions, isIncomplete, parseScript } from './script-facts.ts';
import type { Stdio } from './script.ts';
import { flushed, writeAll } from './streams.ts';

const interruptKeys: ReadonlySet<string> = new Set(['\u0003', '\u001c']);
const endOfInput = '\u0004';
const killLine = '\u0015';

/** What a terminal needs of the running container. */
export interface TerminalRun {
  readonly shell: ContainerShell;
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  /** Fires when the container has ended. */
  readonly ended: AbortSignal;
  exec(command: readonly string[], stdio: Stdio, signal: AbortSignal): Promise<number>;
}

/** Runs a command for a client with a terminal: a shell that talks to a person, or any other command. */
export async function runInTerminal(
  run: TerminalRun,
  command: readonly string[],
  session: RemoteCommandSession,
): Promise<number> {
  const terminal = new Terminal(session);
  const { env, rest } = withoutEnvPrefix(command);
  return readsFromPerson(rest)
    ? interactiveShell(run, env, terminal, session)
    : runCooked(run, command, terminal, session);
}

/** `env NAME=value … shell`: the variables, and the command that gets them. */
function withoutEnvPrefix(command: readonly string[]): {
  readonly env: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
} {
  if (!/(?:^|\/)env$/.test(command[0] ?? '')) return { env: {}, rest: command };
  const env: Record<string, string> = {};
  let index = 1;
  for (; index < command.length; index += 1) {
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(command[index] ?? '');
    if (assignment?.[1] === undefined) break;
    env[assignment[1]] = assignment[2] ?? '';
  }
  return { env, rest: command.slice(index) };
}

/** `bash`, `sh -l`, `zsh -i`: a shell with neither script nor command. */
function readsFromPerson(command: readonly string[]): boolean {
  const [file = '', ...rest] = command;
  if (!/(?:^|\/)(?:bash|sh|zsh)$/.test(file)) return false;
  const invocation = readShellInvocation(rest);
  return invocation.command === undefined && invocation.rest.length === 0;
}

async function runCooked(
  run: TerminalRun,
  command: readonly string[],
  terminal: Terminal,
  session: RemoteCommandSession,
): Promise<number> {
  const interrupt = new AbortController();
  const stdin = terminal.cook(() => interrupt.abort());
  const code = await run.exec(
    command,
    { stdin, stdout: terminal.output, stderr: terminal.output, tty: true },
    AbortSignal.any([session.signal, interrupt.signal]),
  );
  await flushed(terminal.output);
  return interrupt.signal.aborted ? 130 : code;
}

async function interactiveShell(
  run: TerminalRun,
  given: Readonly<Record<string, string>>,
  terminal: Terminal,
  session: RemoteCommandSession,
): Promise<number> {
  let env: Readonly<Record<string, string>> = { ...run.env, TERM: 'xterm-256color', ...given };
  let cwd = run.workingDir;
  let code = 0;
  const { history } = run.shell;
  const functions = new Map<string, string>();
  const editor = new LineEditor({
    write: (text) => terminal.write(text),
    history,
    columns: () => terminal.size.columns,
    complete: (before) => complete(before, { fs: run.shell.container.fs, cwd, programs: run.shell.programs() }),
  });
  for (;;) {
    const line = await terminal.readCommand(editor, promptOf(env, cwd));
    if (session.signal.aborted || run.ended.aborted) return run.ended.aborted ? 137 : code;
    if (line.kind === 'end') {
      terminal.write('exit\r\n');
      return code;
    }
    if (line.kind === 'interrupt') {
      code = 130;
      continue;
    }
    if (line.text.trim() === '') continue;
    if (history.at(-1) !== line.text) history.push(line.text);
    for (const [name, source] of definedFunctions(parseScript(line.text) ?? { type: 'Script', statements: [] }))
      functions.set(name, source);
    const interrupt = new AbortController();
    const stdin = terminal.cook(() => interrupt.abort());
    const status = line.text.includes('$?') ? `(exit ${code})\n` : '';
    const result = await run.shell.run({
      source: `${[...functions.values()].join('\n')}\n${status}${line.text}`,
      name: 'bash',
      env: { ...env, COLUMNS: String(terminal.size.columns), LINES: String(terminal.size.rows) },
      cwd,
      stdio: { stdin, stdout: terminal.output, stderr: terminal.output, tty: true },
      signal: AbortSignal.any([session.signal, run.ended, interrupt.signal]),
      parentPid: 0,
    });
    // The next prompt comes after the last of the output.
    await flushed(terminal.output);
    terminal.uncook();
    ({ env, cwd, exitCode: code } = result);
    if (result.exited) return code;
  }
}

function promptOf(env: Readonly<Record<string, string>>, cwd: string): string {
  const home = env['HOME'] ?? '/root';
  const shown = cwd === home ? '~' : cwd.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd;
  return `root@${env['HOSTNAME'] ?? 'localhost'}:${shown}# `;
}

/**
 * The terminal's line discipline. At a prompt keys go to the line editor; while a command runs, lines go to its stdin,
 * echoed, and Ctrl-C interrupts it. What a command left unread is there for the next prompt.
 */
class Terminal {
  readonly output: Writable;
  size: TerminalSize = { columns: 80, rows: 24 };
  readonly #session: RemoteCommandSession;
  readonly #decoder = new TextDecoder();
  /** Typed text that nobody has taken yet. */
  #typed = '';
  #ended = false;
  #wake: (() => void) | undefined;
  #cooked: { readonly stdin: PassThrough; readonly interrupt: () => void } | undefined;
  /** The line being typed to a running command. */
  #cookedLine = '';

  constructor(session: RemoteCommandSession) {
    this.#session = session;
    this.output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        const pass = async (): Promise<void> => {
          await writeAll(session.stdout, lineEnds(chunk));
          done();
        };
        void pass();
      },
    });
    session.onResize((size) => {
      if (size.columns > 0 && size.rows > 0) this.size = size;
    });
    session.stdin.on('data', (chunk: Buffer) => this.#input(this.#decoder.decode(chunk, { stream: true })));
    const end = (): void => {
      this.#ended = true;
      this.#cooked?.stdin.end();
      this.#wake?.();
    };
    session.stdin.on('end', end);
    session.signal.addEventListener('abort', end, { once: true });
  }

  write(text: string): void {
    if (this.#session.stdout.writable) this.#session.stdout.write(text);
  }

  /** Reads a whole command, over several lines while the shell's grammar wants more. */
  async readCommand(editor: LineEditor, prompt: string): Promise<EditedLine> {
    let source = '';
    for (;;) {
      const line = await this.#readLine(editor, source === '' ? prompt : '> ');
      if (line.kind !== 'line') return line;
      source += source === '' ? line.text : `\n${line.text}`;
      if (!isIncomplete(source)) return { kind: 'line', text: source };
    }
  }

  /** Lets a command have the keyboard. */
  cook(interrupt: () => void): PassThrough {
    const stdin = new PassThrough();
    this.#cooked = { stdin, interrupt };
    this.#cookedLine = '';
    const typed = this.#typed;
    this.#typed = '';
    if (typed !== '') this.#input(typed);
    if (this.#ended) stdin.end();
    return stdin;
  }

  /** Takes the keyboard back, with what the command did not read. */
  uncook(): void {
    const left: unknown = this.#cooked?.stdin.read();
    this.#typed =
      (Buffer.isBuffer(left) ? left.toString().replaceAll('\n', '\r') : '') + this.#cookedLine + this.#typed;
    this.#cooked = undefined;
    this.#cookedLine = '';
  }

  async #readLine(editor: LineEditor, prompt: string): Promise<EditedLine> {
    editor.begin(prompt);
    for (;;) {
      const typed = this.#typed;
      this.#typed = '';
      const edited = typed === '' ? undefined : await editor.feed(typed);
      if (edited !== undefined) {
        this.#typed = edited.rest + this.#typed;
        return edited.result;
      }
      if (this.#typed !== '') continue;
      if (this.#ended) return { kind: 'end' };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #input(text: string): void {
    if (this.#cooked === undefined) {
      this.#typed += text;
      this.#wake?.();
      return;
    }
    for (const key of text) this.#cookedKey(key, this.#cooked);
  }

  #cookedKey(key: string, cooked: { readonly stdin: PassThrough; readonly interrupt: () => void }): void {
    if (interruptKeys.has(key)) {
      this.write('^C\r\n');
      this.#cookedLine = '';
      cooked.interrupt();
    } else if (key === endOfInput) {
      if (this.#cookedLine !== '') this.#sendCooked(cooked.stdin, '');
      else cooked.stdin.end();
    } else if (key === '\r' || key === '\n') {
      this.write('\r\n');
      this.#sendCooked(cooked.stdin, '\n');
    } else if (key === killLine) {
      this.write('\b \b'.repeat(Array.from(this.#cookedLine).length));
      this.#cookedLine = '';
    } else if (key === '\u007f' || key === '\u0008') {
      if (this.#cookedLine === '') return;
      this.#cookedLine = Array.from(this.#cookedLine).slice(0, -1).join('');
      this.write('\b \b');
    } else {
      this.#cookedLine += key;
      if (key >= ' ') this.write(key);
    }
  }

  #sendCooked(stdin: PassThrough, end: string): void {
    if (stdin.writable) stdin.write(this.#cookedLine + end);
    this.#cookedLine = '';
  }
}

/** A terminal wants CR LF where programs write LF. */
function lineEnds(chunk: Buffer): Buffer {
  return chunk.includes(10) ? Buffer.from(chunk.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1') : chunk;
}

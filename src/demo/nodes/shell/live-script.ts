import { parse, serialize, type CommandNode, type PipelineNode, type ScriptNode, type SimpleCommandNode, type StatementNode, type WordNode } from 'just-bash';

/**
 * The shell library returns a script's output when the script has ended. To stream, a script is rewritten so that each of
 * its parts whose output goes to the script's own stdout or stderr appends to a device file that passes it on at once:
 * `sleep 5; echo hi` becomes `sleep 5 >> /dev/.stdio/1 2>> /dev/.stdio/2; echo hi >> …`. Commands that can stream by
 * themselves are told, through an assignment before the command, which of their streams are the script's own.
 */

/** Where the device files are mounted while a script runs. */
export const stdioMount = '/dev/.stdio';

/** The variable that tells a streaming command which of its streams are live. */
export const liveVariable = '__LIVE';

/** Commands of ours that the rewriting refers to. The library looks for a file of that name in /usr/bin; the dot hides it. */
export const internalCommand = { background: '.background', exit: '.exit', pipe: '.pipe', wait: '.wait' } as const;

/** Separates the stages of the pipe command; no argument that a person types holds it. */
export const pipeSeparator = '\u001f|';
/** The same, for `|&` and `2>&1 |`: stderr goes into the pipe too. */
export const pipeSeparatorWithStderr = '\u001f|&';

/** Which streams of a command are the script's own: (i)n, (o)ut, (e)rr; with m, stderr goes where stdout goes. */
export interface LiveStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly merged: boolean;
}

export function readLiveStreams(value: string | undefined): LiveStreams {
  const has = (letter: string): boolean => value?.includes(letter) ?? false;
  return { stdin: has('i'), stdout: has('o'), stderr: has('e'), merged: has('m') };
}

type Redirection = SimpleCommandNode['redirections'][number];

interface Position {
  /** Names of commands that stream by themselves. */
  readonly streaming: ReadonlySet<string>;
  /** False inside `… < file` and behind a pipe: stdin is not the script's. */
  readonly stdin: boolean;
  /** Inside `( … )`, where `exit` ends that and not the script. */
  readonly subshell: boolean;
}

export function liveScript(script: ScriptNode, streaming: ReadonlySet<string>): ScriptNode {
  return { ...script, statements: liveStatements(script.statements, { streaming, stdin: true, subshell: false }) };
}

function liveStatements(statements: readonly StatementNode[], position: Position): StatementNode[] {
  // After `exec > file` the script's output is the file's: from there on nothing is ours to redirect.
  const moved = statements.findIndex((statement) => {
    const command = onlyCommand(statement);
    return command !== undefined && literal(command.name) === 'exec' && command.args.length === 0 && command.redirections.length > 0;
  });
  const live = moved < 0 ? statements : statements.slice(0, moved);
  return [...live.flatMap((statement) => liveStatement(statement, position)), ...statements.slice(live.length)];
}

function liveStatement(statement: StatementNode, position: Position): StatementNode[] {
  if (statement.background) {
    const source = serialize({ type: 'Script', statements: [{ ...statement, background: false }] });
    return [{ ...statement, background: false, pipelines: [pipelineOf(simpleCommand(internalCommand.background, [quotedWord(source)]))], operators: [] }];
  }
  const replaced = execOrExit(statement, position);
  if (replaced !== undefined) return replaced;
  return [{ ...statement, pipelines: statement.pipelines.map((pipeline) => livePipeline(pipeline, position)) }];
}

/** `exec command` is the command and the end of the script; `exit` also tells an interactive session to end. */
function execOrExit(statement: StatementNode, position: Position): StatementNode[] | undefined {
  const command = onlyCommand(statement);
  if (command === undefined || statement.pipelines.length !== 1) return undefined;
  const name = literal(command.name);
  const exit: StatementNode = { type: 'Statement', pipelines: [pipelineOf(simpleCommand('exit', []))], operators: [], background: false };
  if (name === 'exit') {
    if (position.subshell) return undefined;
    return [{ ...statement, pipelines: [pipelineOf({ ...command, name: plainWord(internalCommand.exit) })] }, exit];
  }
  const [program, ...args] = command.args;
  if (name !== 'exec' || program === undefined || literal(program)?.startsWith('-') === true) return undefined;
  return [{ ...statement, pipelines: [livePipeline(pipelineOf({ ...command, name: program, args }), position)] }, exit];
}

function livePipeline(pipeline: PipelineNode, position: Position): PipelineNode {
  const [first, ...rest] = pipeline.commands;
  if (first === undefined) return pipeline;
  if (rest.length === 0) return { ...pipeline, commands: [liveCommand(first, position)] };
  const streamed = streamedPipe(pipeline, position);
  if (streamed !== undefined) return streamed;
  // The last of a pipeline runs in a subshell of its own.
  const behindPipe = { ...position, stdin: false, subshell: true };
  const last = pipeline.commands.length - 1;
  const commands = pipeline.commands.map((command, index) => {
    if (index === last) return liveCommand(command, behindPipe);
    return pipeline.pipeStderr?.[index] === true ? command : withRedirections(command, undefined, deviceFor(2));
  });
  return { ...pipeline, commands };
}

/** A pipeline of plain commands that begins with a streaming one becomes one command that runs its stages side by side. */
function streamedPipe(pipeline: PipelineNode, position: Position): PipelineNode | undefined {
  if (pipeline.commands.length < 2) return undefined;
  const words: WordNode[] = [];
  for (const [index, command] of pipeline.commands.entries()) {
    if (command.type !== 'SimpleCommand' || command.name === null || command.assignments.length > 0) return undefined;
    if (index === 0 && !position.streaming.has(literal(command.name) ?? '')) return undefined;
    const merges = command.redirections.length === 1 && isStderrToStdout(command.redirections[0]);
    if (command.redirections.length > 0 && !merges) return undefined;
    const last = index === pipeline.commands.length - 1;
    if (last && merges) return undefined;
    words.push(command.name, ...command.args);
    if (!last) words.push(quotedWord(merges || pipeline.pipeStderr?.[index] === true ? pipeSeparatorWithStderr : pipeSeparator));
  }
  const [program, ...args] = words;
  if (program === undefined) return undefined;
  const pipe = simpleCommand(internalCommand.pipe, [program, ...args]);
  const { pipeStderr: _single, ...single } = pipeline;
  return { ...single, commands: [{ ...pipe, assignments: [liveAssignment(position.stdin ? 'ioe' : 'oe')] }] };
}

function liveCommand(command: CommandNode, position: Position): CommandNode {
  switch (command.type) {
    case 'SimpleCommand':
      return liveSimpleCommand(command, position);
    case 'If':
      if (redirectsOutput(command.redirections)) return command;
      return {
        ...command,
        clauses: command.clauses.map((clause) => ({ condition: liveStatements(clause.condition, position), body: liveStatements(clause.body, position) })),
        elseBody: command.elseBody === null ? null : liveStatements(command.elseBody, position),
      };
    case 'While':
    case 'Until': {
      if (redirectsOutput(command.redirections)) return command;
      const inner = redirectsInput(command.redirections) ? { ...position, stdin: false } : position;
      return { ...command, condition: liveStatements(command.condition, inner), body: liveStatements(command.body, inner) };
    }
    case 'For':
    case 'CStyleFor':
    case 'Group':
    case 'Subshell': {
      if (redirectsOutput(command.redirections)) return command;
      const stdin = position.stdin && !redirectsInput(command.redirections);
      return { ...command, body: liveStatements(command.body, { ...position, stdin, subshell: position.subshell || command.type === 'Subshell' }) };
    }
    case 'Case':
      if (redirectsOutput(command.redirections)) return command;
      return { ...command, items: command.items.map((item) => ({ ...item, body: liveStatements(item.body, position) })) };
    default:
      return command;
  }
}

/** Builtins that act through exceptions in the interpreter or on its own descriptors: left as they are. */
const untouchable: ReadonlySet<string> = new Set(['return', 'break', 'continue', 'exec', 'exit', 'set', 'shift', 'local']);

function liveSimpleCommand(command: SimpleCommandNode, position: Position): SimpleCommandNode {
  const name = literal(command.name);
  if (name === 'wait') return { ...command, name: plainWord(internalCommand.wait) };
  if (command.name === null || (name !== undefined && untouchable.has(name))) return command;
  const own = ownStreams(command.redirections);
  const redirected = withRedirections(command, own.stdout ? deviceFor(1) : undefined, own.stderr ? deviceFor(2) : undefined);
  if (name === undefined || !position.streaming.has(name)) return redirected;
  const letters = [position.stdin && own.stdin ? 'i' : '', own.stdout ? 'o' : '', own.stderr ? 'e' : '', own.merged && own.stdout ? 'm' : ''].join('');
  return letters === '' ? redirected : { ...redirected, assignments: [liveAssignment(letters), ...redirected.assignments] };
}

interface OwnStreams extends LiveStreams {}

/** Which streams a command's redirections leave to it. */
function ownStreams(redirections: readonly Redirection[]): OwnStreams {
  let stdin = true;
  let stdout = true;
  let stderr = true;
  let merged = false;
  for (const redirection of redirections) {
    if (isInput(redirection)) stdin = false;
    else if (isStderrToStdout(redirection)) merged = true;
    else if (redirection.operator === '&>' || redirection.operator === '&>>') stdout = stderr = false;
    else if ((redirection.fd ?? 1) === 1) stdout = false;
    else if (redirection.fd === 2) stderr = false;
  }
  return { stdin, stdout, stderr, merged };
}

function isInput(redirection: Redirection): boolean {
  return redirection.operator.startsWith('<') && (redirection.fd ?? 0) === 0;
}

function isStderrToStdout(redirection: Redirection | undefined): boolean {
  return redirection?.fd === 2 && redirection.operator === '>&' && redirection.target.type === 'Word' && literal(redirection.target) === '1';
}

function redirectsOutput(redirections: readonly Redirection[]): boolean {
  const own = ownStreams(redirections);
  return !own.stdout || !own.stderr || own.merged;
}

function redirectsInput(redirections: readonly Redirection[]): boolean {
  return !ownStreams(redirections).stdin;
}

/** Ours come first, so that a `2>&1` of the script's follows stdout to its device. */
function withRedirections(command: CommandNode, stdout: Redirection | undefined, stderr: Redirection | undefined): SimpleCommandNode;
function withRedirections(command: CommandNode, stdout: Redirection | undefined, stderr: Redirection | undefined): CommandNode;
function withRedirections(command: CommandNode, stdout: Redirection | undefined, stderr: Redirection | undefined): CommandNode {
  if (command.type === 'FunctionDef') return command;
  const added = [stdout, stderr].filter((redirection) => redirection !== undefined);
  return { ...command, redirections: [...added, ...command.redirections] };
}

function deviceFor(descriptor: 1 | 2): Redirection {
  return { type: 'Redirection', fd: descriptor, operator: '>>', target: plainWord(`${stdioMount}/${descriptor}`) };
}

function liveAssignment(letters: string): SimpleCommandNode['assignments'][number] {
  return { type: 'Assignment', name: liveVariable, value: plainWord(letters), append: false, array: null };
}

function simpleCommand(name: string, args: WordNode[]): SimpleCommandNode {
  return { type: 'SimpleCommand', name: plainWord(name), args, assignments: [], redirections: [] };
}

function pipelineOf(command: CommandNode): PipelineNode {
  return { type: 'Pipeline', commands: [command], negated: false };
}

function plainWord(text: string): WordNode {
  return { type: 'Word', parts: [{ type: 'Literal', value: text }] };
}

function quotedWord(text: string): WordNode {
  return { type: 'Word', parts: [{ type: 'SingleQuoted', value: text }] };
}

function onlyCommand(statement: StatementNode): SimpleCommandNode | undefined {
  const [pipeline] = statement.pipelines;
  const [command, ...more] = pipeline?.commands ?? [];
  return more.length === 0 && command?.type === 'SimpleCommand' ? command : undefined;
}

/** A word's text when nothing in it has to be expanded. */
function literal(word: WordNode | null): string | undefined {
  if (word === null) return undefined;
  let text = '';
  for (const part of word.parts) {
    if (part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'Escaped') text += part.value;
    else return undefined;
  }
  return text;
}

/** Commands that read their standard input when no file is named, with the number of leading arguments that are no file (a pattern, a program). */
const filters: Readonly<Record<string, number>> = {
  cat: 0, head: 0, tail: 0, wc: 0, sort: 0, uniq: 0, cut: 0, od: 0, xxd: 0, base64: 0, md5sum: 0, sha1sum: 0, sha256sum: 0, gzip: 0, gunzip: 0, zcat: 0,
  bash: 0, sh: 0, zsh: 0, grep: 1, sed: 1, awk: 1, jq: 1,
};

const alwaysReads: ReadonlySet<string> = new Set(['read', 'mapfile', 'readarray', 'tr', 'tee', 'xargs']);

function readsStandardInput(name: string, words: readonly WordNode[]): boolean {
  const args = words.map((word) => literal(word) ?? 'expanded');
  if (alwaysReads.has(name)) return true;
  if (name === 'dd') return !args.some((argument) => argument.startsWith('if='));
  if (name === 'tar') return /^-?[a-z]*[xt]/.test(args.find((argument) => !argument.startsWith('--')) ?? '') && args.includes('-');
  const notFiles = filters[name];
  if (notFiles === undefined) return false;
  if (args.includes('-')) return true;
  const files = args.filter((argument, index) => !argument.startsWith('-') && !/^-[ncdft]$/.test(args[index - 1] ?? ''));
  return files.length <= notFiles;
}

/**
 * Whether a script, run with input attached, may read it other than through a streaming command. Only then its input has
 * to be complete before it starts; a script that reads nothing must not wait for a terminal that never ends its input.
 */
export function readsInput(script: ScriptNode, streaming: ReadonlySet<string>): boolean {
  const inStatements = (statements: readonly StatementNode[]): boolean => statements.some((statement) => statement.pipelines.some(inPipeline));
  const inPipeline = (pipeline: PipelineNode): boolean => {
    const [first] = pipeline.commands;
    if (first === undefined || streamedPipe(pipeline, { streaming, stdin: true, subshell: false }) !== undefined) return false;
    return inCommand(first, pipeline.commands.length === 1);
  };
  const inCommand = (command: CommandNode, alone: boolean): boolean => {
    if (command.type === 'FunctionDef' || command.type === 'ArithmeticCommand' || command.type === 'ConditionalCommand') return false;
    if (redirectsInput(command.redirections)) return false;
    switch (command.type) {
      case 'SimpleCommand': {
        const name = literal(command.name);
        if (name === undefined || !readsStandardInput(name, command.args)) return false;
        return !(streaming.has(name) && alone && ownStreams(command.redirections).stdout);
      }
      case 'If':
        return command.clauses.some((clause) => inStatements(clause.condition) || inStatements(clause.body)) || inStatements(command.elseBody ?? []);
      case 'While':
      case 'Until':
        return inStatements(command.condition) || inStatements(command.body);
      case 'Case':
        return command.items.some((item) => inStatements(item.body));
      default:
        return inStatements(command.body);
    }
  };
  return inStatements(script.statements);
}

/** Functions that a script defines at its top, as source: an interactive session keeps them for its next lines. */
export function definedFunctions(script: ScriptNode): ReadonlyMap<string, string> {
  const functions = new Map<string, string>();
  for (const statement of script.statements) {
    for (const command of statement.pipelines.flatMap((pipeline) => pipeline.commands)) {
      if (command.type === 'FunctionDef') functions.set(command.name, serialize({ type: 'Script', statements: [{ type: 'Statement', pipelines: [pipelineOf(command)], operators: [], background: false }] }));
    }
  }
  return functions;
}

/** The script as a tree, or undefined when it has an error that the shell itself will report. */
export function parseScript(source: string): ScriptNode | undefined {
  try {
    return parse(source);
  } catch {
    return undefined;
  }
}

/** What could end a construct that a person has begun on a line of its own. */
const closers = ["'", '"', '\ndone', '\nfi', '\nesac', '\n}', '\n)', '\n:\ndone', '\n:\nfi', '\n:\n}', '\ndo :; done', '\nthen :; fi', '\n:'];

/** Whether the shell's grammar wants more lines: an open quote, loop, heredoc, or a backslash at the end. */
export function isIncomplete(source: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(source)) return true;
  const tree = parseScript(source);
  if (tree !== undefined) return hasOpenHereDocument(tree);
  return closers.some((closer) => parseScript(source + closer) !== undefined);
}

function hasOpenHereDocument(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if ('type' in node && node.type === 'HereDoc' && 'terminated' in node) return node.terminated === false;
  return Object.values(node).some(hasOpenHereDocument);
}

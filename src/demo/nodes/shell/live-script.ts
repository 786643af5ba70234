import {
  serialize,
  type CommandNode,
  type PipelineNode,
  type ScriptNode,
  type SimpleCommandNode,
  type StatementNode,
  type WordNode,
} from 'just-bash';
import { liveLetters, liveVariable } from './live-streams.ts';
import {
  isStderrToStdout,
  literal,
  onlyCommand,
  ownStreams,
  pipelineOf,
  plainWord,
  quotedWord,
  redirectsInput,
  redirectsOutput,
  simpleCommand,
  type Redirection,
} from './script-nodes.ts';

/**
 * The shell library returns a script's output when the script has ended. To stream, a script is rewritten so that each of
 * its parts whose output goes to the script's own stdout or stderr appends to a device file that passes it on at once:
 * `sleep 5; echo hi` becomes `sleep 5 >> /dev/.stdio/1 2>> /dev/.stdio/2; echo hi >> …`. Commands that can stream by
 * themselves are told, through an assignment before the command, which of their streams are the script's own.
 */

/** Where the device files are mounted while a script runs. */
export const stdioMount = '/dev/.stdio';

/** Commands of ours that the rewriting refers to. The library looks for a file of that name in /usr/bin; the dot hides it. */
export const internalCommand = {
  background: '.background',
  exit: '.exit',
  pipe: '.pipe',
  wait: '.wait',
  write: '.write',
  append: '.append',
} as const;

/** Separates the stages of the pipe command; no argument that a person types holds it. */
export const pipeSeparator = '\u001f|';
/** The same, for `|&` and `2>&1 |`: stderr goes into the pipe too. */
export const pipeSeparatorWithStderr = '\u001f|&';

export interface Position extends CommandNames {
  /** False inside `… < file` and behind a pipe: stdin is not the script's. */
  readonly stdin: boolean;
  /** Inside `( … )`, where `exit` ends that and not the script. */
  readonly subshell: boolean;
}

/** The names of commands that a script's rewriting treats in their own ways. */
export interface CommandNames {
  /** Commands that stream by themselves. */
  readonly streaming: ReadonlySet<string>;
  /** Those of them that run for long and say little: also a file that they are redirected to grows as they go. */
  readonly longRunning: ReadonlySet<string>;
}

export function liveScript(script: ScriptNode, names: CommandNames): ScriptNode {
  return { ...script, statements: liveStatements(script.statements, { ...names, stdin: true, subshell: false }) };
}

function liveStatements(statements: readonly StatementNode[], position: Position): StatementNode[] {
  // After `exec > file` the script's output is the file's: from there on nothing is ours to redirect.
  const moved = statements.findIndex((statement) => {
    const command = onlyCommand(statement);
    return (
      command !== undefined &&
      literal(command.name) === 'exec' &&
      command.args.length === 0 &&
      command.redirections.length > 0
    );
  });
  const live = moved < 0 ? statements : statements.slice(0, moved);
  return [...live.flatMap((statement) => liveStatement(statement, position)), ...statements.slice(live.length)];
}

function liveStatement(statement: StatementNode, position: Position): StatementNode[] {
  if (statement.background) {
    const source = serialize({ type: 'Script', statements: [{ ...statement, background: false }] });
    return [
      {
        ...statement,
        background: false,
        pipelines: [pipelineOf(simpleCommand(internalCommand.background, [quotedWord(source)]))],
        operators: [],
      },
    ];
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
  const exit: StatementNode = {
    type: 'Statement',
    pipelines: [pipelineOf(simpleCommand('exit', []))],
    operators: [],
    background: false,
  };
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
  if (rest.length === 0)
    return { ...pipeline, commands: [streamedToFile(first, position) ?? liveCommand(first, position)] };
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
export function streamedPipe(pipeline: PipelineNode, position: Position): PipelineNode | undefined {
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
    if (!last)
      words.push(quotedWord(merges || pipeline.pipeStderr?.[index] === true ? pipeSeparatorWithStderr : pipeSeparator));
  }
  const [program, ...args] = words;
  if (program === undefined) return undefined;
  const pipe = simpleCommand(internalCommand.pipe, [program, ...args]);
  const { pipeStderr: _single, ...single } = pipeline;
  return { ...single, commands: [{ ...pipe, assignments: [liveAssignment(position.stdin ? 'ioe' : 'oe')] }] };
}

/** `command > file` with a long-running command becomes a pipe whose last stage writes the file as the command speaks. */
function streamedToFile(command: CommandNode, position: Position): SimpleCommandNode | undefined {
  if (command.type !== 'SimpleCommand' || command.name === null || command.assignments.length > 0) return undefined;
  if (!position.longRunning.has(literal(command.name) ?? '')) return undefined;
  const [output, merge, ...more] = command.redirections;
  if (output === undefined || more.length > 0 || (merge !== undefined && !isStderrToStdout(merge))) return undefined;
  const toFile =
    (output.operator === '>' || output.operator === '>>') && (output.fd ?? 1) === 1 && output.target.type === 'Word';
  if (!toFile || output.target.type !== 'Word' || literal(output.target) === '/dev/null') return undefined;
  const write = plainWord(output.operator === '>' ? internalCommand.write : internalCommand.append);
  const separator = quotedWord(merge === undefined ? pipeSeparator : pipeSeparatorWithStderr);
  const pipe = simpleCommand(internalCommand.pipe, [command.name, ...command.args, separator, write, output.target]);
  return { ...pipe, assignments: [liveAssignment(position.stdin ? 'ioe' : 'oe')] };
}

function liveCommand(command: CommandNode, position: Position): CommandNode {
  switch (command.type) {
    case 'SimpleCommand':
      return liveSimpleCommand(command, position);
    case 'If':
      if (redirectsOutput(command.redirections)) return command;
      return {
        ...command,
        clauses: command.clauses.map((clause) => ({
          condition: liveStatements(clause.condition, position),
          body: liveStatements(clause.body, position),
        })),
        elseBody: command.elseBody === null ? null : liveStatements(command.elseBody, position),
      };
    case 'While':
    case 'Until': {
      if (redirectsOutput(command.redirections)) return command;
      const inner = redirectsInput(command.redirections) ? { ...position, stdin: false } : position;
      return {
        ...command,
        condition: liveStatements(command.condition, inner),
        body: liveStatements(command.body, inner),
      };
    }
    case 'For':
    case 'CStyleFor':
    case 'Group':
    case 'Subshell': {
      if (redirectsOutput(command.redirections)) return command;
      const stdin = position.stdin && !redirectsInput(command.redirections);
      return {
        ...command,
        body: liveStatements(command.body, {
          ...position,
          stdin,
          subshell: position.subshell || command.type === 'Subshell',
        }),
      };
    }
    case 'Case':
      if (redirectsOutput(command.redirections)) return command;
      return {
        ...command,
        items: command.items.map((item) => ({ ...item, body: liveStatements(item.body, position) })),
      };
    default:
      return command;
  }
}

/** Builtins that act through exceptions in the interpreter or on its own descriptors: left as they are. */
const untouchable: ReadonlySet<string> = new Set([
  'return',
  'break',
  'continue',
  'exec',
  'exit',
  'set',
  'shift',
  'local',
]);

function liveSimpleCommand(command: SimpleCommandNode, position: Position): SimpleCommandNode {
  const name = literal(command.name);
  if (name === 'wait') return { ...command, name: plainWord(internalCommand.wait) };
  if (command.name === null || (name !== undefined && untouchable.has(name))) return command;
  const own = ownStreams(command.redirections);
  const redirected = withRedirections(
    command,
    own.stdout ? deviceFor(1) : undefined,
    own.stderr ? deviceFor(2) : undefined,
  );
  if (name === undefined || !position.streaming.has(name)) return redirected;
  const letters = liveLetters({ ...own, stdin: position.stdin && own.stdin });
  return letters === ''
    ? redirected
    : { ...redirected, assignments: [liveAssignment(letters), ...redirected.assignments] };
}

/** Ours come first, so that a `2>&1` of the script's follows stdout to its device. */
function withRedirections(
  command: CommandNode,
  stdout: Redirection | undefined,
  stderr: Redirection | undefined,
): SimpleCommandNode;
function withRedirections(
  command: CommandNode,
  stdout: Redirection | undefined,
  stderr: Redirection | undefined,
): CommandNode;
function withRedirections(
  command: CommandNode,
  stdout: Redirection | undefined,
  stderr: Redirection | undefined,
): CommandNode {
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

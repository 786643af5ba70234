import {
  parse,
  serialize,
  type CommandNode,
  type PipelineNode,
  type ScriptNode,
  type StatementNode,
  type WordNode,
} from 'just-bash';
import { streamedPipe } from './live-script.ts';
import { literal, ownStreams, pipelineOf, redirectsInput } from './script-nodes.ts';

/** Commands that read their standard input when no file is named, with the number of leading arguments that are no file (a pattern, a program). */
const filters: Readonly<Record<string, number>> = {
  cat: 0,
  head: 0,
  tail: 0,
  wc: 0,
  sort: 0,
  uniq: 0,
  cut: 0,
  od: 0,
  xxd: 0,
  base64: 0,
  md5sum: 0,
  sha1sum: 0,
  sha256sum: 0,
  gzip: 0,
  gunzip: 0,
  zcat: 0,
  bash: 0,
  sh: 0,
  zsh: 0,
  grep: 1,
  sed: 1,
  awk: 1,
  jq: 1,
};

const alwaysReads: ReadonlySet<string> = new Set(['read', 'mapfile', 'readarray', 'tr', 'tee', 'xargs']);

function readsStandardInput(name: string, words: readonly WordNode[]): boolean {
  const args = words.map((word) => literal(word) ?? 'expanded');
  if (alwaysReads.has(name)) return true;
  if (name === 'dd') return !args.some((argument) => argument.startsWith('if='));
  if (name === 'tar')
    return /^-?[a-z]*[xt]/.test(args.find((argument) => !argument.startsWith('--')) ?? '') && args.includes('-');
  const notFiles = filters[name];
  if (notFiles === undefined) return false;
  if (args.includes('-')) return true;
  const files = args.filter(
    (argument, index) => !argument.startsWith('-') && !/^-[ncdft]$/.test(args[index - 1] ?? ''),
  );
  return files.length <= notFiles;
}

/**
 * Whether a script, run with input attached, may read it other than through a streaming command. Only then its input has
 * to be complete before it starts; a script that reads nothing must not wait for a terminal that never ends its input.
 */
export function readsInput(script: ScriptNode, streaming: ReadonlySet<string>): boolean {
  const inStatements = (statements: readonly StatementNode[]): boolean =>
    statements.some((statement) => statement.pipelines.some(inPipeline));
  const inPipeline = (pipeline: PipelineNode): boolean => {
    const [first] = pipeline.commands;
    if (
      first === undefined ||
      streamedPipe(pipeline, { streaming, longRunning: new Set(), stdin: true, subshell: false }) !== undefined
    )
      return false;
    return inCommand(first, pipeline.commands.length === 1);
  };
  const inCommand = (command: CommandNode, alone: boolean): boolean => {
    if (command.type === 'FunctionDef' || command.type === 'ArithmeticCommand' || command.type === 'ConditionalCommand')
      return false;
    if (redirectsInput(command.redirections)) return false;
    switch (command.type) {
      case 'SimpleCommand': {
        const name = literal(command.name);
        if (name === undefined || !readsStandardInput(name, command.args)) return false;
        return !(streaming.has(name) && alone && ownStreams(command.redirections).stdout);
      }
      case 'If':
        return (
          command.clauses.some((clause) => inStatements(clause.condition) || inStatements(clause.body)) ||
          inStatements(command.elseBody ?? [])
        );
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
      if (command.type === 'FunctionDef')
        functions.set(
          command.name,
          serialize({
            type: 'Script',
            statements: [{ type: 'Statement', pipelines: [pipelineOf(command)], operators: [], background: false }],
          }),
        );
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
const closers = [
  "'",
  '"',
  '\ndone',
  '\nfi',
  '\nesac',
  '\n}',
  '\n)',
  '\n:\ndone',
  '\n:\nfi',
  '\n:\n}',
  '\ndo :; done',
  '\nthen :; fi',
  '\n:',
];

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

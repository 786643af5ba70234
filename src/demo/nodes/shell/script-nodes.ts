import type { CommandNode, PipelineNode, SimpleCommandNode, StatementNode, WordNode } from 'just-bash';

/** Small builders of, and questions to, the shell library's syntax tree. */

export type Redirection = SimpleCommandNode['redirections'][number];

export function simpleCommand(name: string, args: WordNode[]): SimpleCommandNode {
  return { type: 'SimpleCommand', name: plainWord(name), args, assignments: [], redirections: [] };
}

export function pipelineOf(command: CommandNode): PipelineNode {
  return { type: 'Pipeline', commands: [command], negated: false };
}

export function plainWord(text: string): WordNode {
  return { type: 'Word', parts: [{ type: 'Literal', value: text }] };
}

export function quotedWord(text: string): WordNode {
  return { type: 'Word', parts: [{ type: 'SingleQuoted', value: text }] };
}

export function onlyCommand(statement: StatementNode): SimpleCommandNode | undefined {
  const [pipeline] = statement.pipelines;
  const [command, ...more] = pipeline?.commands ?? [];
  return more.length === 0 && command?.type === 'SimpleCommand' ? command : undefined;
}

/** A word's text when nothing in it has to be expanded. */
export function literal(word: WordNode | null): string | undefined {
  if (word === null) return undefined;
  let text = '';
  for (const part of word.parts) {
    if (part.type === 'Literal' || part.type === 'SingleQuoted' || part.type === 'Escaped') text += part.value;
    else return undefined;
  }
  return text;
}

/** Which streams a command's redirections leave to it; with `merged`, stderr goes where stdout goes. */
export interface OwnStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly merged: boolean;
}

export function ownStreams(redirections: readonly Redirection[]): OwnStreams {
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

export function isInput(redirection: Redirection): boolean {
  return redirection.operator.startsWith('<') && (redirection.fd ?? 0) === 0;
}

export function isStderrToStdout(redirection: Redirection | undefined): boolean {
  return (
    redirection?.fd === 2 &&
    redirection.operator === '>&' &&
    redirection.target.type === 'Word' &&
    literal(redirection.target) === '1'
  );
}

export function redirectsOutput(redirections: readonly Redirection[]): boolean {
  const own = ownStreams(redirections);
  return !own.stdout || !own.stderr || own.merged;
}

export function redirectsInput(redirections: readonly Redirection[]): boolean {
  return !ownStreams(redirections).stdin;
}

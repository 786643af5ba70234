/**
 * Finds the model server's argument vector in a container's command. The guides wrap it in a `bash -c` script that
 * computes ranks from LeaderWorkerSet variables, so a small part of bash is evaluated: assignments, exports,
 * one-line and block `if` on tests, parameter expansion and integer arithmetic. Lines of another kind are skipped.
 */
export interface Invocation {
  /** Arguments after `vllm serve` or after the Python module. */
  readonly args: readonly string[];
  /** The environment as the script left it. */
  readonly env: Readonly<Record<string, string>>;
}

const SHELLS = new Set(['bash', 'sh', 'zsh']);
const API_SERVER_MODULE = 'vllm.entrypoints.openai.api_server';

/** Cheap test on the raw command, before its environment is known. */
export function mentionsServe(command: readonly string[]): boolean {
  return /\bvllm\s+serve\b/.test(command.join(' ')) || command.some((part) => part.includes(API_SERVER_MODULE));
}

/** Undefined when the command starts no vLLM server. */
export function findInvocation(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Invocation | undefined {
  const script = scriptOf(command);
  if (script === undefined) {
    const args = serveArguments(command);
    return args && { args, env };
  }
  return runScript(script, { ...env });
}

function scriptOf(command: readonly string[]): string | undefined {
  const shell = command[0]?.split('/').at(-1);
  if (shell === undefined || !SHELLS.has(shell)) return undefined;
  const flag = command.findIndex((part, index) => index > 0 && /^-[a-z]*c$/.test(part));
  return flag < 0 ? undefined : command[flag + 1];
}

function serveArguments(words: readonly string[]): readonly string[] | undefined {
  const serve = words.findIndex((word, index) => word === 'serve' && words[index - 1]?.split('/').at(-1) === 'vllm');
  if (serve >= 0) return words.slice(serve + 1);
  const module = words.indexOf(API_SERVER_MODULE);
  return module < 0 ? undefined : words.slice(module + 1);
}

function runScript(script: string, env: Record<string, string>): Invocation | undefined {
  const branches: boolean[] = [];
  for (const statement of statements(script)) {
    const condition = /^(if|elif)\s+(.*)$/.exec(statement);
    if (condition?.[1] === 'if') branches.push(holds(condition[2] ?? '', env));
    else if (condition) branches.push(!branches.pop() && holds(condition[2] ?? '', env));
    else if (/^else\b/.test(statement)) branches.push(!branches.pop());
    else if (/^fi\b/.test(statement)) branches.pop();
    if (condition || !branches.every(Boolean)) continue;
    const body = statement.replace(/^(then|else)\s+/, '').replace(/^exec\s+/, '');
    const words = splitWords(body, env);
    const args = serveArguments(words);
    if (args) return { args: beforeRedirection(args), env };
    assign(words, env);
  }
  return undefined;
}

function beforeRedirection(args: readonly string[]): readonly string[] {
  const end = args.findIndex((arg) => /^(\d?>|&$|\|)/.test(arg));
  return end < 0 ? args : args.slice(0, end);
}

function assign(words: readonly string[], env: Record<string, string>): void {
  const assignments = words[0] === 'export' ? words.slice(1) : words;
  for (const word of assignments) {
    const assignment = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
    if (!assignment?.[1]) return;
    env[assignment[1]] = assignment[2] ?? '';
  }
}

/** Splits at line ends and semicolons that stand outside quotes and parentheses; joins continued lines; drops comments. */
function statements(script: string): readonly string[] {
  const text = script.replaceAll(/\\\r?\n/g, ' ');
  const found: string[] = [];
  let quote = '';
  let depth = 0;
  let current = '';
  const end = (): void => {
    if (current.trim() !== '') found.push(current.trim());
    current = '';
  };
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '"' || char === "'") quote = char;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '#' && /(^|\s)$/.test(current)) {
      while (index + 1 < text.length && text.charAt(index + 1) !== '\n') index += 1;
      continue;
    } else if (depth === 0 && (char === '\n' || char === ';')) {
      end();
      continue;
    }
    current += char;
  }
  end();
  return found;
}

function holds(condition: string, env: Readonly<Record<string, string>>): boolean {
  const [, left = '', operator = '', right = ''] = splitWords(
    condition.replace(/^\[\[?|\]\]?\s*$/g, ' [ ').replace(/\s*\[\s*$/, ''),
    env,
  );
  if (left === '-n') return operator !== '';
  if (left === '-z') return operator === '';
  switch (operator) {
    case '=':
    case '==':
      return left === right;
    case '!=':
      return left !== right;
    case '-eq':
      return Number(left) === Number(right);
    case '-ne':
      return Number(left) !== Number(right);
    case '-gt':
      return Number(left) > Number(right);
    case '-lt':
      return Number(left) < Number(right);
    case '-ge':
      return Number(left) >= Number(right);
    default:
      return false;
  }
}

/** Splits a statement into words: quotes removed, variables and arithmetic expanded, an unquoted expansion split at blanks. */
export function splitWords(statement: string, env: Readonly<Record<string, string>>): readonly string[] {
  const words: string[] = [];
  let current = '';
  let started = false;
  const finish = (): void => {
    if (started) words.push(current);
    current = '';
    started = false;
  };
  const addUnquoted = (value: string): void => {
    const pieces = value.split(/\s+/);
    pieces.forEach((piece, index) => {
      if (index > 0) finish();
      if (piece !== '') {
        current += piece;
        started = true;
      }
    });
  };
  let index = 0;
  while (index < statement.length) {
    const char = statement.charAt(index);
    if (/\s/.test(char)) {
      finish();
      index += 1;
    } else if (char === "'") {
      const end = closing(statement, index + 1, "'");
      current += statement.slice(index + 1, end);
      started = true;
      index = end + 1;
    } else if (char === '"') {
      started = true;
      index += 1;
      while (index < statement.length && statement.charAt(index) !== '"') {
        const [text, next] =
          statement.charAt(index) === '\\' ? [statement.charAt(index + 1), index + 2] : expandAt(statement, index, env);
        current += text;
        index = next;
      }
      index += 1;
    } else if (char === '\\') {
      current += statement.charAt(index + 1);
      started = true;
      index += 2;
    } else {
      const [text, next] = expandAt(statement, index, env);
      if (char === '$') addUnquoted(text);
      else {
        current += text;
        started = true;
      }
      index = next;
    }
  }
  finish();
  return words;
}

function closing(text: string, from: number, char: string): number {
  const end = text.indexOf(char, from);
  return end < 0 ? text.length : end;
}

/** The text at an index after expansion, and the index behind it. */
function expandAt(text: string, index: number, env: Readonly<Record<string, string>>): [string, number] {
  if (text.charAt(index) !== '$') return [text.charAt(index), index + 1];
  const rest = text.slice(index);
  if (rest.startsWith('$((')) {
    const end = closingParenthesis(rest, 1);
    return [String(evaluate(rest.slice(3, end - 1), env)), index + end + 1];
  }
  const braced = /^\$\{(\w+)(?:(:[-+])((?:[^{}]|\{[^{}]*\})*))?\}/.exec(rest);
  if (braced) return [parameter(env[braced[1] ?? ''], braced[2], braced[3] ?? '', env), index + braced[0].length];
  const plain = /^\$(\w+)/.exec(rest);
  if (plain) return [env[plain[1] ?? ''] ?? '', index + plain[0].length];
  const substitution = /^\$\([^)]*\)/.exec(rest);
  return substitution ? ['', index + substitution[0].length] : ['$', index + 1];
}

/** Index of the parenthesis that closes the one at `from`. */
function closingParenthesis(text: string, from: number): number {
  let depth = 0;
  for (let index = from; index < text.length; index += 1) {
    if (text.charAt(index) === '(') depth += 1;
    else if (text.charAt(index) === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return text.length;
}

function parameter(
  value: string | undefined,
  operator: string | undefined,
  word: string,
  env: Readonly<Record<string, string>>,
): string {
  const alternative = (): string => splitWords(word, env).join(' ');
  if (operator === ':-') return value === undefined || value === '' ? alternative() : value;
  if (operator === ':+') return value === undefined || value === '' ? '' : alternative();
  return value ?? '';
}

/** Integer arithmetic with + - * / % and parentheses; names are variables. */
function evaluate(expression: string, env: Readonly<Record<string, string>>): number {
  const tokens = expression.match(/\d+|\$?\{?[A-Za-z_]\w*(?::-\w+)?\}?|[-+*/%()]/g) ?? [];
  let position = 0;
  const primary = (): number => {
    const token = tokens[position] ?? '0';
    position += 1;
    if (token === '(') {
      const value = sum();
      position += 1;
      return value;
    }
    if (token === '-') return -primary();
    if (/^\d/.test(token)) return Number(token);
    const name = /^\$?\{?(\w+)(?::-(\w+))?/.exec(token);
    const value = Number(env[name?.[1] ?? ''] ?? name?.[2] ?? 0);
    return Number.isFinite(value) ? value : 0;
  };
  const product = (): number => {
    let value = primary();
    while (['*', '/', '%'].includes(tokens[position] ?? '')) {
      const operator = tokens[position];
      position += 1;
      const right = primary();
      if (operator === '*') value *= right;
      else value = operator === '/' ? Math.trunc(value / right) : value % right;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (['+', '-'].includes(tokens[position] ?? '')) {
      const sign = tokens[position] === '+' ? 1 : -1;
      position += 1;
      value += sign * product();
    }
    return value;
  };
  return sum();
}

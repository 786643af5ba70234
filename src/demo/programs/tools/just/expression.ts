/** What an expression may look up. */
export interface Scope {
  variable(name: string): string | undefined;
  env(name: string): string | undefined;
  readonly justfileDirectory: string;
  readonly invocationDirectory: string;
}

/** A mistake in the justfile or in its use; told as `error: …`. */
export class JustError extends Error {}

type Token = { readonly kind: 'string' | 'name' | 'sign'; readonly text: string };

const TOKEN = /\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([A-Za-z_][\w-]*)|(==|!=|=~|[-+/(){},]))/y;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"' };

/** Evaluates a just expression: strings, variables, `+`, `/`, functions, `if … { } else { }`. */
export function evaluate(text: string, scope: Scope): string {
  const parser = new Parser(tokens(text), scope);
  const value = parser.expression();
  parser.end(text);
  return value;
}

function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match)
      throw new JustError(
        text.slice(at).trimStart().startsWith('`')
          ? 'backticks are not supported here'
          : `Unknown start of token: ${text.slice(at).trim()}`,
      );
    const [, double, single, name, sign] = match;
    if (double !== undefined)
      found.push({ kind: 'string', text: double.replaceAll(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char) });
    else if (single !== undefined) found.push({ kind: 'string', text: single });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else found.push({ kind: 'sign', text: sign ?? '' });
  }
  return found;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #scope: Scope;
  #position = 0;

  constructor(list: readonly Token[], scope: Scope) {
    this.#tokens = list;
    this.#scope = scope;
  }

  expression(): string {
    if (this.#takeName('if')) return this.#conditional();
    let value = this.#value();
    for (;;) {
      if (this.#takeSign('+')) value += this.#value();
      else if (this.#takeSign('/')) value = `${value}/${this.#value()}`;
      else return value;
    }
  }

  end(text: string): void {
    if (this.#position < this.#tokens.length) throw new JustError(`Unexpected token in expression: ${text.trim()}`);
  }

  #conditional(): string {
    const left = this.expression();
    const equal = this.#takeSign('==');
    const different = !equal && this.#takeSign('!=');
    if (!equal && !different) this.#expectSign('=~');
    const right = this.expression();
    const holds = equal ? left === right : different ? left !== right : new RegExp(right).test(left);
    this.#expectSign('{');
    const whenTrue = this.expression();
    this.#expectSign('}');
    if (!this.#takeName('else')) throw new JustError('Expected keyword `else`');
    if (this.#takeName('if')) {
      const otherwise = this.#conditional();
      return holds ? whenTrue : otherwise;
    }
    this.#expectSign('{');
    const otherwise = this.expression();
    this.#expectSign('}');
    return holds ? whenTrue : otherwise;
  }

  #value(): string {
    if (this.#takeSign('(')) {
      const value = this.expression();
      this.#expectSign(')');
      return value;
    }
    const token = this.#tokens[this.#position];
    this.#position += 1;
    if (token?.kind === 'string') return token.text;
    if (token?.kind !== 'name')
      throw new JustError(`Expected a value, found ${token === undefined ? 'end of expression' : `\`${token.text}\``}`);
    if (this.#takeSign('(')) return this.#call(token.text);
    const value = this.#scope.variable(token.text);
    if (value === undefined) throw new JustError(`Variable \`${token.text}\` not defined`);
    return value;
  }

  #call(name: string): string {
    const args: string[] = [];
    while (!this.#takeSign(')')) {
      args.push(this.expression());
      if (!this.#takeSign(',')) {
        this.#expectSign(')');
        break;
      }
    }
    const compute = FUNCTIONS[name];
    if (compute === undefined) throw new JustError(`Call to unknown function \`${name}\``);
    return compute(args, this.#scope);
  }

  #takeSign(text: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'sign' || token.text !== text) return false;
    this.#position += 1;
    return true;
  }

  #takeName(text: string): boolean {
    const token = this.#tokens[this.#position];
    if (token?.kind !== 'name' || token.text !== text) return false;
    this.#position += 1;
    return true;
  }

  #expectSign(text: string): void {
    if (!this.#takeSign(text)) throw new JustError(`Expected \`${text}\` in expression`);
  }
}

const FUNCTIONS: Readonly<Record<string, (args: readonly string[], scope: Scope) => string>> = {
  env: (args, scope) => environment(args, scope),
  env_var: (args, scope) => environment(args.slice(0, 1), scope),
  env_var_or_default: (args, scope) => environment(args, scope),
  justfile_directory: (_, scope) => scope.justfileDirectory,
  invocation_directory: (_, scope) => scope.invocationDirectory,
  uppercase: ([text = '']) => text.toUpperCase(),
  lowercase: ([text = '']) => text.toLowerCase(),
  trim: ([text = '']) => text.trim(),
  quote: ([text = '']) => `'${text.replaceAll("'", String.raw`'\''`)}'`,
  replace: ([text = '', from = '', to = '']) => text.replaceAll(from, to),
};

function environment([name = '', otherwise]: readonly string[], scope: Scope): string {
  const value = scope.env(name) ?? otherwise;
  if (value === undefined)
    throw new JustError(`Call to function \`env_var\` failed: environment variable \`${name}\` not present`);
  return value;
}

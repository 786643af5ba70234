import type { ShellIo } from '../../../nodes/types.ts';
import { print } from '../command-line.ts';
import { evaluate, JustError, type Scope } from './expression.ts';
import type { Justfile, Parameter, Recipe } from './justfile.ts';

export interface RunnerOptions {
  readonly justfile: Justfile;
  readonly directory: string;
  readonly overrides: ReadonlyMap<string, string>;
  readonly dryRun: boolean;
  readonly quiet: boolean;
}

/** Ends the run with a recipe's exit code. */
export class RecipeFailed extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs recipes after their dependencies, each with the same arguments once. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #io: ShellIo;
  readonly #variables = new Map<string, string>();
  readonly #done = new Set<string>();

  constructor(options: RunnerOptions, io: ShellIo) {
    this.#options = options;
    this.#io = io;
  }

  find(name: string): Recipe {
    const { recipes, aliases } = this.#options.justfile;
    const recipe = recipes.get(aliases.get(name) ?? name);
    if (recipe === undefined) throw new JustError(`Justfile does not contain recipe \`${name}\`.`);
    return recipe;
  }

  async run(recipe: Recipe, args: readonly string[]): Promise<void> {
    const key = JSON.stringify([recipe.name, args]);
    if (this.#done.has(key)) return;
    this.#done.add(key);
    const bound = this.#bind(recipe, args);
    const scope = this.#scope(bound);
    for (const dependency of recipe.dependencies)
      await this.run(
        this.find(dependency.recipe),
        dependency.args.map((arg) => evaluate(arg, scope)),
      );
    const env = { ...this.#io.env, ...this.#exports(recipe, bound) };
    if (recipe.body[0]?.startsWith('#!') === true) await this.#script(recipe, scope, env);
    else await this.#lines(recipe, scope, env);
  }

  async #lines(recipe: Recipe, scope: Scope, env: Readonly<Record<string, string>>): Promise<void> {
    for (const [index, line] of recipe.body.entries()) {
      const sigils = /^[@-]*/.exec(line)?.[0] ?? '';
      const command = interpolate(line.slice(sigils.length), scope);
      if (command.trim() === '') continue;
      const hidden = recipe.quiet !== sigils.includes('@') || this.#options.quiet;
      if (!hidden || this.#options.dryRun) await print(this.#io, `${command}\n`, 'stderr');
      if (this.#options.dryRun) continue;
      const code = await this.#io.runScript(command, { env, cwd: this.#options.directory, signal: this.#io.signal });
      this.#io.signal.throwIfAborted();
      if (code !== 0 && !sigils.includes('-'))
        throw new RecipeFailed(
          `Recipe \`${recipe.name}\` failed on line ${recipe.line + index + 1} with exit code ${code}`,
          code,
        );
    }
  }

  async #script(recipe: Recipe, scope: Scope, env: Readonly<Record<string, string>>): Promise<void> {
    const script = recipe.body.map((line) => interpolate(line, scope)).join('\n');
    if (this.#options.dryRun) {
      await print(this.#io, `${script}\n`, 'stderr');
      return;
    }
    const code = await this.#io.runScript(script, { env, cwd: this.#options.directory, signal: this.#io.signal });
    this.#io.signal.throwIfAborted();
    if (code !== 0) throw new RecipeFailed(`Recipe \`${recipe.name}\` failed with exit code ${code}`, code);
  }

  #bind(recipe: Recipe, args: readonly string[]): ReadonlyMap<string, string> {
    const bound = new Map<string, string>();
    const rest = [...args];
    for (const parameter of recipe.parameters)
      bound.set(parameter.name, this.#argument(recipe, parameter, rest, bound));
    if (rest.length > 0) throw new JustError(wrongCount(recipe, args.length));
    return bound;
  }

  #argument(recipe: Recipe, parameter: Parameter, rest: string[], bound: ReadonlyMap<string, string>): string {
    if (parameter.variadic !== undefined && rest.length > 0) return rest.splice(0).join(' ');
    const given = rest.shift();
    if (given !== undefined) return given;
    if (parameter.defaultValue !== undefined) return evaluate(parameter.defaultValue, this.#scope(bound));
    if (parameter.variadic === '*') return '';
    throw new JustError(wrongCount(recipe, bound.size));
  }

  #exports(recipe: Recipe, bound: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
    const all = this.#options.justfile.settings.get('export') === 'true';
    const variables = this.#options.justfile.assignments
      .filter((assignment) => assignment.exported || all)
      .map(({ name }) => [name, this.#variable(name) ?? '']);
    const parameters = recipe.parameters
      .filter((parameter) => parameter.exported || all)
      .map(({ name }) => [name, bound.get(name) ?? '']);
    return Object.fromEntries([...variables, ...parameters]) as Readonly<Record<string, string>>;
  }

  #scope(bound: ReadonlyMap<string, string>): Scope {
    return {
      variable: (name) => bound.get(name) ?? this.#variable(name),
      env: (name) => this.#io.env[name],
      justfileDirectory: this.#options.directory,
      invocationDirectory: this.#io.cwd,
    };
  }

  #variable(name: string): string | undefined {
    const known = this.#options.overrides.get(name) ?? this.#variables.get(name);
    if (known !== undefined) return known;
    const assignment = this.#options.justfile.assignments.find((each) => each.name === name);
    if (assignment === undefined) return undefined;
    const value = evaluate(assignment.expression, this.#scope(new Map()));
    this.#variables.set(name, value);
    return value;
  }
}

/** Replaces `{{ expression }}`; `{{{{` stands for two braces. */
function interpolate(line: string, scope: Scope): string {
  return line.replaceAll(/\{\{\{\{|\{\{(.*?)\}\}/g, (whole, expression: string | undefined) =>
    expression === undefined ? whole.slice(2) : evaluate(expression, scope),
  );
}

function wrongCount(recipe: Recipe, got: number): string {
  const needed = recipe.parameters.filter(
    (parameter) => parameter.defaultValue === undefined && parameter.variadic !== '*',
  ).length;
  return `Recipe \`${recipe.name}\` got ${got} argument${got === 1 ? '' : 's'} but ${got < needed ? 'takes at least' : 'only takes'} ${got < needed ? needed : recipe.parameters.length}\nusage:\n    just ${signature(recipe)}`;
}

/** `name a b='1' *rest` */
export function signature(recipe: Recipe): string {
  const parameters = recipe.parameters.map(
    (parameter) =>
      `${parameter.variadic ?? ''}${parameter.exported ? '$' : ''}${parameter.name}${parameter.defaultValue === undefined ? '' : `=${parameter.defaultValue}`}`,
  );
  return [recipe.name, ...parameters].join(' ');
}

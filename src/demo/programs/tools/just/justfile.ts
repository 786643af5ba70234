import { JustError } from './expression.ts';

export interface Parameter {
  readonly name: string;
  /** Expression of the default. */
  readonly defaultValue: string | undefined;
  /** `+`: one or more of the rest, `*`: any number. */
  readonly variadic: '+' | '*' | undefined;
  /** `$name`: exported to the recipe's environment. */
  readonly exported: boolean;
}

export interface Dependency {
  readonly recipe: string;
  /** Expressions of its arguments. */
  readonly args: readonly string[];
}

export interface Recipe {
  readonly name: string;
  readonly doc: string | undefined;
  readonly quiet: boolean;
  readonly private: boolean;
  readonly parameters: readonly Parameter[];
  readonly dependencies: readonly Dependency[];
  /** Lines without their indent, and where the first stands in the file. */
  readonly body: readonly string[];
  readonly line: number;
}

export interface Assignment {
  readonly name: string;
  readonly expression: string;
  readonly exported: boolean;
}

export interface Justfile {
  readonly assignments: readonly Assignment[];
  readonly recipes: ReadonlyMap<string, Recipe>;
  readonly aliases: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
}

const ASSIGNMENT = /^(export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(.*)$/;
const SETTING = /^set\s+([\w-]+)(?:\s*:=\s*(.*))?$/;
const ALIAS = /^alias\s+([\w-]+)\s*:=\s*([\w-]+)\s*$/;
/** Recipe line up to the colon outside quotes. */
const HEADER = /^(@?)([A-Za-z_][\w-]*)((?:"(?:\\.|[^"\\])*"|'[^']*'|[^"':])*):(.*)$/;

/** Reads a justfile. Throws `JustError` naming the line. */
export function parseJustfile(text: string): Justfile {
  const lines = text.split(/\r?\n/);
  const assignments: Assignment[] = [];
  const recipes = new Map<string, Recipe>();
  const aliases = new Map<string, string>();
  const settings = new Map<string, string>();
  let doc: string | undefined;
  let attributes = '';
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const setting = SETTING.exec(line);
    const alias = ALIAS.exec(line);
    const assignment = ASSIGNMENT.exec(line);
    if (line.trim() === '') doc = undefined;
    else if (line.startsWith('#')) doc = line.startsWith('#!') ? undefined : line.slice(1).trim();
    else if (line.startsWith('[')) attributes += line;
    else if (setting) settings.set(setting[1] ?? '', setting[2] ?? 'true');
    else if (alias) aliases.set(alias[1] ?? '', alias[2] ?? '');
    else if (assignment)
      assignments.push({
        name: assignment[2] ?? '',
        expression: withoutComment(assignment[3] ?? ''),
        exported: assignment[1] !== undefined,
      });
    else {
      const end = bodyEnd(lines, index + 1);
      const recipe = parseRecipe(line, lines.slice(index + 1, end), index + 1, doc, attributes);
      recipes.set(recipe.name, recipe);
      index = end - 1;
      doc = undefined;
      attributes = '';
    }
  }
  return { assignments, recipes, aliases, settings };
}

function bodyEnd(lines: readonly string[], from: number): number {
  let end = from;
  for (let index = from; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s+\S/.test(line)) end = index + 1;
    else if (line.trim() !== '') break;
  }
  return end;
}

function parseRecipe(
  header: string,
  body: readonly string[],
  line: number,
  doc: string | undefined,
  attributes: string,
): Recipe {
  const match = HEADER.exec(header);
  if (!match) throw new JustError(`Expected a recipe or an assignment on line ${line}: ${header.trim()}`);
  const [, quiet, name = '', parameters = '', dependencies = ''] = match;
  const indent = /^\s+/.exec(body.find((each) => each.trim() !== '') ?? '')?.[0] ?? '';
  return {
    name,
    doc,
    quiet: quiet === '@',
    private: name.startsWith('_') || attributes.includes('private'),
    parameters: splitOutsideQuotes(parameters).map(parameter),
    dependencies: parseDependencies(withoutComment(dependencies)),
    body: joinContinued(body.map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each.trimStart()))),
    line,
  };
}

function parameter(text: string): Parameter {
  const match = /^([+*])?(\$)?([A-Za-z_][\w-]*)(?:=(.*))?$/s.exec(text);
  if (!match) throw new JustError(`Expected a parameter, found \`${text}\``);
  return {
    variadic: match[1] as '+' | '*' | undefined,
    exported: match[2] !== undefined,
    name: match[3] ?? '',
    defaultValue: match[4],
  };
}

/** `a (b "x" y) c` */
function parseDependencies(text: string): readonly Dependency[] {
  return [...text.matchAll(/\(([^()]*(?:\([^()]*\)[^()]*)*)\)|([A-Za-z_][\w-]*)|&&/g)].flatMap(
    (match): Dependency[] => {
      if (match[2] !== undefined) return [{ recipe: match[2], args: [] }];
      const [recipe, ...args] = splitOutsideQuotes(match[1] ?? '');
      return recipe === undefined ? [] : [{ recipe, args }];
    },
  );
}

/** Splits at blanks, but not within quotes. */
function splitOutsideQuotes(text: string): readonly string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'])+/g) ?? [];
}

function withoutComment(text: string): string {
  return /^((?:"(?:\\.|[^"\\])*"|'[^']*'|[^"'#])*)/.exec(text)?.[1]?.trim() ?? '';
}

function joinContinued(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let open = '';
  for (const line of lines) {
    if (line.endsWith('\\') && !lines[0]?.startsWith('#!')) open += line.slice(0, -1);
    else {
      joined.push(open === '' ? line : open + line.trimStart());
      open = '';
    }
  }
  if (open !== '') joined.push(open);
  return joined;
}

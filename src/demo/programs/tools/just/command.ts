import { isAbort } from '../../../../base/errors.ts';
import type { ShellCommand, ShellIo } from '../../../nodes/types.ts';
import { ParsedArguments, print, UsageError, type FlagKinds } from '../command-line.ts';
import { JustError } from './expression.ts';
import { parseJustfile, type Justfile } from './justfile.ts';
import { RecipeFailed, Runner, signature } from './runner.ts';

type Container = Parameters<ShellCommand['run']>[2];

const FLAGS: FlagKinds = {
  '--list': 'none',
  '-l': 'none',
  '--summary': 'none',
  '--version': 'none',
  '-V': 'none',
  '--dry-run': 'none',
  '-n': 'none',
  '--quiet': 'none',
  '-q': 'none',
  '--justfile': 'one',
  '-f': 'one',
  '--working-directory': 'one',
  '-d': 'one',
  '--unsorted': 'none',
  '-u': 'none',
};
const NAMES = ['justfile', 'Justfile', '.justfile'];
const FALLBACK = '/app/Justfile';

/** `just`: runs recipes of ./Justfile (or a parent's), else of /app/Justfile, through the container's shell. */
export const justCommand: ShellCommand = {
  name: 'just',
  async run(argv, io, container) {
    try {
      return await just(argv, io, container);
    } catch (error) {
      if (io.signal.aborted || isAbort(error)) return 130;
      if (!(error instanceof JustError || error instanceof RecipeFailed || error instanceof UsageError)) throw error;
      await print(io, `error: ${error.message}\n`, 'stderr');
      return error instanceof RecipeFailed ? error.exitCode : error instanceof UsageError ? 2 : 1;
    }
  },
};

async function just(argv: readonly string[], io: ShellIo, container: Container): Promise<number> {
  // Flags come before the recipe; what follows it is the recipe's.
  const first = firstPositional(argv);
  const args = new ParsedArguments(argv.slice(0, first), FLAGS);
  if (args.has('--version', '-V')) {
    await print(io, 'just 1.42.4\n');
    return 0;
  }
  const path = await findJustfile(args.text('--justfile', '-f'), io, container);
  const justfile = parseJustfile(await container.fs.readFile(path));
  if (args.has('--list', '-l')) {
    await print(io, listing(justfile));
    return 0;
  }
  if (args.has('--summary')) {
    await print(
      io,
      `${visible(justfile)
        .map((recipe) => recipe.name)
        .sort()
        .join(' ')}\n`,
    );
    return 0;
  }
  const overrides = new Map<string, string>();
  const words = argv.slice(first);
  for (let word = words[0]; word !== undefined && /^[A-Za-z_][\w-]*=/.test(word); word = words[0]) {
    const [name = '', value = ''] = word.split(/=(.*)/s);
    overrides.set(name, value);
    words.shift();
  }
  const directory = container.fs.resolvePath(
    io.cwd,
    args.text('--working-directory', '-d') ?? path.slice(0, Math.max(1, path.lastIndexOf('/'))),
  );
  const runner = new Runner(
    { justfile, directory, overrides, dryRun: args.has('--dry-run', '-n'), quiet: args.has('--quiet', '-q') },
    io,
  );
  await runAll(runner, justfile, words);
  return 0;
}

function firstPositional(argv: readonly string[]): number {
  for (let index = 0; index < argv.length; index += 1) {
    const arg = argv[index] ?? '';
    if (!arg.startsWith('-')) return index;
    if (FLAGS[arg] === 'one') index += 1;
  }
  return argv.length;
}

async function findJustfile(given: string | undefined, io: ShellIo, container: Container): Promise<string> {
  if (given !== undefined) {
    const path = container.fs.resolvePath(io.cwd, given);
    if (await container.fs.exists(path)) return path;
    throw new JustError(`Failed to read justfile at \`${path}\`: No such file or directory (os error 2)`);
  }
  for (let directory = io.cwd; ; directory = directory.slice(0, directory.lastIndexOf('/'))) {
    for (const name of NAMES) {
      const path = `${directory === '/' ? '' : directory}/${name}`;
      if (await container.fs.exists(path)) return path;
    }
    if (directory === '' || directory === '/') break;
  }
  if (await container.fs.exists(FALLBACK)) return FALLBACK;
  throw new JustError('No justfile found');
}

/** Words are recipes, each followed by as many arguments as it takes; without any the first recipe runs. */
async function runAll(runner: Runner, justfile: Justfile, words: readonly string[]): Promise<void> {
  const rest = [...words];
  if (rest.length === 0) {
    const first = justfile.recipes.values().next().value;
    if (first === undefined) throw new JustError('Justfile contains no recipes.');
    await runner.run(first, []);
    return;
  }
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const recipe = runner.find(name);
    const most = recipe.parameters.some((parameter) => parameter.variadic !== undefined)
      ? Infinity
      : recipe.parameters.length;
    await runner.run(recipe, rest.splice(0, most));
  }
}

function visible(
  justfile: Justfile,
): readonly { readonly name: string; readonly doc: string | undefined; readonly text: string }[] {
  return justfile.recipes
    .values()
    .filter((recipe) => !recipe.private)
    .map((recipe) => ({ name: recipe.name, doc: recipe.doc, text: signature(recipe) }))
    .toArray();
}

function listing(justfile: Justfile): string {
  const recipes = [...visible(justfile)].sort((left, right) => left.name.localeCompare(right.name));
  const width = Math.min(50, Math.max(0, ...recipes.map((recipe) => recipe.text.length)));
  const lines = recipes.map((recipe) =>
    recipe.doc === undefined ? `    ${recipe.text}` : `    ${recipe.text.padEnd(width)} # ${recipe.doc}`,
  );
  return `Available recipes:\n${lines.join('\n')}\n`;
}

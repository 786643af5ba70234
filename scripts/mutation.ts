// Mutation testing: `npm run mutation -- <room or file>...`. A source is changed in one small place after the other, and its unit tests
// have to fail. What they do not notice is printed; docs/architecture.md holds the last scores. Takes minutes a file, and the whole machine.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { Limiter } from '../src/base/limiter.ts';
import { say } from './lib/say.ts';
import { mutantsOf, type Mutant } from './mutation/mutants.ts';
import { ROOMS } from './mutation/rooms.ts';

const root = resolve(import.meta.dirname, '..');
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
const swap = pathToFileURL(join(import.meta.dirname, 'mutation/swap.ts')).href;
/** A change that makes a loop endless is noticed by this. */
const patience = { times: 4, andMs: 20_000 };

/** Whether the tests pass; false also when they do not end in time. */
async function pass(
  tests: readonly string[],
  changed?: { readonly file: string; readonly mutant: Mutant; readonly timeout: number },
): Promise<boolean> {
  const mutation = changed && {
    env: { MUTANT: JSON.stringify({ url: pathToFileURL(join(root, changed.file)).href, mutant: changed.mutant }) },
    timeout: changed.timeout,
    forceKillAfterDelay: 1000,
  };
  const { failed } = await execa(
    process.execPath,
    [...(changed ? ['--import', swap] : []), mocha, '--bail', '--exit', ...tests],
    { cwd: root, reject: false, stdout: 'ignore', stderr: 'ignore', ...mutation },
  );
  return !failed;
}

/** `src/a.ts:12  "&&" -> "||"  in  the line` */
function describe(file: string, source: string, { start, end, text, line }: Mutant): string {
  const short = (words: string): string => JSON.stringify(words.replaceAll(/\s+/g, ' ').slice(0, 70));
  const whole = source.split('\n')[line - 1]?.trim() ?? '';
  return `${file}:${line}  ${short(source.slice(start, end))} -> ${short(text)}  in  ${whole.slice(0, 100)}`;
}

async function mutate(file: string, tests: readonly string[]): Promise<void> {
  const began = performance.now();
  if (!(await pass(tests))) throw new Error(`the tests of ${file} fail as they are`);
  const timeout = Math.round((performance.now() - began) * patience.times) + patience.andMs;
  const source = await readFile(join(root, file), 'utf8');
  const mutants = mutantsOf(file, source);
  const atOnce = new Limiter(availableParallelism());
  const { signal } = new AbortController();
  let killed = 0;
  await Promise.all(
    mutants.map((mutant) =>
      atOnce.run(signal, async () => {
        if (await pass(tests, { file, mutant, timeout })) console.log(`  survived  ${describe(file, source, mutant)}`);
        else killed += 1;
      }),
    ),
  );
  say(`${file}: ${killed} of ${mutants.length} killed, ${Math.floor((100 * killed) / mutants.length)} %`);
}

const asked = process.argv.slice(2);
const known = new Set(Object.entries(ROOMS).flatMap(([name, room]) => [name, ...Object.keys(room)]));
const unknown = asked.find((each) => !known.has(each));
if (unknown !== undefined) throw new Error(`${unknown} is no room or file of one: ${[...known].join(', ')}`);
for (const [name, room] of Object.entries(ROOMS)) {
  for (const [file, tests] of Object.entries(room))
    if (asked.length === 0 || asked.includes(name) || asked.includes(file)) await mutate(file, tests);
}

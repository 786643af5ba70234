// `npm run test:bare`: both commands of the README as a stranger meets them, each in a fresh clone of HEAD with an empty home
// and empty caches. `npm run test:bare -- demo` takes the first alone, `npm run test:bare -- types unit` the second with these suites.
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { bareEnvironment } from './lib/bare-environment.ts';
import { say } from './lib/say.ts';
import { step } from './lib/step.ts';
import { exists, which } from './lib/system.ts';

const root = join(import.meta.dirname, '..');
const logs = join(root, 'out', 'bare');
const shownLines = 30;

const named = process.argv.slice(2);
const suites = named.filter((name) => name !== 'demo');
const readme: Readonly<Record<string, readonly string[]>> = {
  ...(named.length === 0 || named.includes('demo') ? { demo: ['npm', 'run', 'demo', '--', '--tour'] } : {}),
  ...(named.length === 0 || suites.length > 0
    ? { test: ['npm', 'test', ...(suites.length === 0 ? [] : ['--', ...suites])] }
    : {}),
};

await rm(logs, { recursive: true, force: true });
await mkdir(logs, { recursive: true });
const { stdout: head } = await execa('git', ['rev-parse', 'HEAD'], { cwd: root });
const { stdout: changed } = await execa('git', ['status', '--porcelain'], { cwd: root });
say(`HEAD is ${head}${changed === '' ? '' : '; what is not committed is left out'}`);

const place = await mkdtemp(join(tmpdir(), 'llmdw-bare-'));
const report: string[] = [];
try {
  for (const [name, command] of Object.entries(readme)) await strangers(name, command);
} finally {
  await rm(place, { recursive: true, force: true, maxRetries: 5 });
}
for (const line of report) console.log(line);
say(`logs: ${logs}`);

/** Clones, installs and runs one command; what fails ends it. */
async function strangers(name: string, command: readonly string[]): Promise<void> {
  const clone = join(place, name, 'clone');
  const home = join(place, name, 'home');
  await mkdir(home, { recursive: true });
  const env = await bareEnvironment(home);
  say(await alreadyHere(env['PATH'] ?? ''));
  const steps: readonly (readonly [
    string,
    readonly string[],
    { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  ])[] = [
    ['git clone', ['git', 'clone', '--quiet', '--no-local', root, clone], { cwd: root, env: process.env }],
    ['git checkout', ['git', 'checkout', '--quiet', '--detach', head], { cwd: clone, env: process.env }],
    ['npm ci', ['npm', 'ci'], { cwd: clone, env }],
    [command.join(' '), command, { cwd: clone, env }],
  ];
  for (const [what, words, where] of steps) {
    const started = performance.now();
    const { failed, lines } = await step(what, (tell) => logged(join(logs, `${name}.log`), words, where, tell));
    const seconds = Math.round((performance.now() - started) / 1000);
    report.push(
      `${what}: ${failed ? 'failed' : 'passed'} after ${Math.floor(seconds / 60)} min ${seconds % 60} s${lines.at(-1) === undefined ? '' : ` (${lines.at(-1) ?? ''})`}`,
    );
    say(report.at(-1) ?? '');
    if (!failed) continue;
    console.log(lines.join('\n'));
    process.exitCode = 1;
    return;
  }
}

/** Runs a command with its output in a log; the last lines come back. */
async function logged(
  log: string,
  [file = '', ...args]: readonly string[],
  where: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  tell: (line: string) => void,
): Promise<{ readonly failed: boolean; readonly lines: readonly string[] }> {
  const written = createWriteStream(log, { flags: 'a' });
  const subprocess = execa(file, args, {
    ...where,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    buffer: false,
    reject: false,
  });
  const lines: string[] = [];
  for await (const line of subprocess.iterable({ from: 'all' })) {
    tell(line);
    written.write(`${line}\n`);
    if (line.trim() !== '') lines.push(line);
    if (lines.length > shownLines) lines.shift();
  }
  const { failed } = await subprocess;
  await new Promise<void>((resolve) => written.end(resolve));
  return { failed, lines };
}

/** What the commands do not have to bring any more: the machine is less bare by it. */
async function alreadyHere(path: string): Promise<string> {
  const programs = ['node', 'npm', 'g++', 'make', 'python3', 'unzip', 'chromium', 'go', 'kubectl', 'helm', 'code'];
  const found = await Promise.all(
    programs.map(async (program) => [program, (await which(program, path)) !== undefined] as const),
  );
  found.push(['headers of Kerberos', await exists('/usr/include/gssapi/gssapi.h')]);
  const names = (here: boolean): string =>
    found
      .filter(([, each]) => each === here)
      .map(([name]) => name)
      .join(', ');
  return `already on this machine: ${names(true)}; not: ${names(false)}`;
}

// `npm test`: every suite, one after the other, and one closing line. `npm test -- unit clients` runs some of them.
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import { controlPlaneBinaries, goOfThisMachine, type ControlPlaneBinaries } from './conformance/binaries.ts';
import { runConformance, skippedWithoutGo } from './conformance/suite.ts';
import { kubeClientNeeds, kubeClients, kubeToolNeeds } from './lib/clients.ts';
import { runHostSuite } from './lib/host-suite.ts';
import { hostNeeds, prepareHost } from './lib/host-vscode.ts';
import { ensure, type Need } from './lib/needs.ts';
import { mochaOutcome, nothing, said, total, type Outcome } from './lib/outcome.ts';
import { Refusal, refused } from './lib/refusal.ts';
import { say } from './lib/say.ts';
import { step, told, type Tell } from './lib/step.ts';
import { browserNeeds, vsCodeNeeds, vsCodeServer } from './lib/vscode.ts';

interface Suite {
  readonly name: string;
  /** What the machine has to have. */
  readonly needs?: readonly Need[];
  /** What may take minutes the first time: begun for all suites at once, behind those that run. */
  readonly prepare?: () => Promise<unknown>;
  readonly run: (tell: Tell) => Promise<Outcome>;
}

/** A check that is one thing: it holds or it does not. */
async function check(tell: Tell, file: string, args: readonly string[]): Promise<Outcome> {
  const { exitCode } = await execa(file, args, {
    stdout: [told(tell), 'inherit'],
    stderr: 'inherit',
    stdin: 'ignore',
    reject: false,
    buffer: false,
  });
  return exitCode === 0
    ? { ...nothing, passed: 1 }
    : { ...nothing, failed: 1, failures: [`${[file, ...args].join(' ')}: ended with ${exitCode}`] };
}

async function mocha(
  tell: Tell,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const result = await execa('mocha', args, {
    stdout: [told(tell), 'pipe', 'inherit'],
    stderr: 'inherit',
    stdin: 'ignore',
    reject: false,
    env: { FORCE_COLOR: '0', ...env },
  });
  return mochaOutcome(result.stdout, result.exitCode ?? 1);
}

async function clients(tell: Tell): Promise<Outcome> {
  const tools = await kubeClients();
  return mocha(tell, ['--timeout', '120000', 'test/clients/**/*.test.ts'], {
    KUBECTL_OLD: tools.kubectlOld,
    KUBECTL_NEW: tools.kubectlNew,
    HELM_OLD: tools.helmOld,
    HELM_NEW: tools.helmNew,
  });
}

async function faults(tell: Tell): Promise<Outcome> {
  const tools = await kubeClients();
  return mocha(tell, ['--timeout', '180000', 'test/faults/**/*.test.ts'], {
    KUBECTL_NEW: tools.kubectlNew,
    HELM_NEW: tools.helmNew,
  });
}

async function controlPlane(): Promise<ControlPlaneBinaries | undefined> {
  const go = await goOfThisMachine();
  return go === undefined ? undefined : controlPlaneBinaries(go);
}

async function conformance(): Promise<Outcome> {
  const binaries = await controlPlane();
  if (binaries === undefined) {
    say(skippedWithoutGo);
    return { ...nothing, skipped: 1 };
  }
  const { code, output } = await runConformance(binaries, []);
  return mochaOutcome(output, code);
}

async function host(): Promise<Outcome> {
  const results = await runHostSuite();
  return total(results.map(({ code, output }) => mochaOutcome(output, code)));
}

const suites: readonly Suite[] = [
  { name: 'types', run: (tell) => check(tell, 'node', ['--run', 'typecheck']) },
  { name: 'lint', run: (tell) => check(tell, 'oxlint', ['--type-aware', 'src', 'test', 'scripts']) },
  { name: 'format', run: (tell) => check(tell, 'oxfmt', ['--check']) },
  { name: 'dead-code', run: (tell) => check(tell, 'knip', []) },
  { name: 'build', run: (tell) => check(tell, 'node', ['esbuild.mjs', '--production']) },
  { name: 'unit', run: (tell) => mocha(tell, ['test/unit/**/*.test.ts']) },
  { name: 'pages', needs: browserNeeds, run: (tell) => mocha(tell, ['test/pages/**/*.test.ts']) },
  { name: 'clients', needs: kubeClientNeeds, prepare: kubeClients, run: clients },
  { name: 'faults', needs: kubeClientNeeds, prepare: kubeClients, run: faults },
  { name: 'host', needs: [...kubeToolNeeds, ...hostNeeds], prepare: prepareHost, run: host },
  { name: 'package', run: (tell) => check(tell, 'node', ['scripts/package.ts']) },
  // With the package and its offline Perfetto UI.
  {
    name: 'ui',
    needs: [...kubeToolNeeds, ...vsCodeNeeds, ...browserNeeds],
    prepare: vsCodeServer,
    run: (tell) => mocha(tell, ['test/ui/**/*.test.ts']),
  },
  {
    name: 'tour',
    needs: [...kubeToolNeeds, ...vsCodeNeeds, ...browserNeeds],
    prepare: vsCodeServer,
    run: (tell) => check(tell, 'node', ['scripts/demo.ts', '--tour', '--no-build']),
  },
  // Last, so that the build of its control plane has the time of all others.
  { name: 'conformance', needs: kubeToolNeeds, prepare: controlPlane, run: conformance },
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0)
  throw new Error(`no suite ${unknown.join(', ')}; there are ${suites.map((suite) => suite.name).join(', ')}`);

const wanted = suites.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
await ensure(wanted.flatMap(({ needs = [] }) => needs)).catch((error: unknown) => {
  const others = suites.filter(({ needs }) => needs === undefined).map(({ name }) => name);
  return refused(
    error instanceof Refusal
      ? new Refusal(`${error.message}\nWithout it: npm test -- ${others.join(' ')}`, { cause: error })
      : error,
  );
});
await mkdir('out', { recursive: true });
const prepared = wanted.map(({ prepare }) => prepare?.());
// Should one fail, its suite tells when its turn comes.
for (const each of prepared) each?.catch(() => undefined);
const outcomes: Outcome[] = [];
for (const [index, suite] of wanted.entries()) {
  const started = performance.now();
  say(`suite ${suite.name}`);
  let outcome: Outcome;
  try {
    await prepared[index];
    outcome = await step(`suite ${suite.name}`, suite.run);
  } catch (error) {
    console.error(error);
    outcome = { ...nothing, failed: 1, failures: [String(error)] };
  }
  outcomes.push({ ...outcome, failures: outcome.failures.map((text) => `suite ${suite.name}: ${text}`) });
  say(`suite ${suite.name}: ${said(outcome)}, ${Math.round((performance.now() - started) / 1000)} s`);
}
const all = total(outcomes);
for (const failure of all.failures) console.log(`\n${failure}\n`);
console.log(said(all));
process.exitCode = all.failed === 0 && all.passed + all.skipped > 0 ? 0 : 1;

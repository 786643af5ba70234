// `npm test`: every suite, one after the other, and one closing line. `npm test -- unit clients` runs some of them.
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';
import { controlPlaneBinaries, goOfThisMachine, type ControlPlaneBinaries } from './conformance/binaries.ts';
import { runConformance, skippedWithoutGo } from './conformance/suite.ts';
import { kubeClients } from './lib/clients.ts';
import { runHostSuite } from './lib/host-suite.ts';
import { say } from './lib/say.ts';

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Suite {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

const nothing: Outcome = { passed: 0, failed: 0, skipped: 0 };
const failure: Outcome = { ...nothing, failed: 1 };

/** A check that is one thing: it holds or it does not. */
async function check(file: string, args: readonly string[]): Promise<Outcome> {
  const { exitCode } = await execa(file, args, { stdout: 'inherit', stderr: 'inherit', stdin: 'ignore', reject: false });
  return exitCode === 0 ? { ...nothing, passed: 1 } : failure;
}

/** Runs mocha and reads its closing lines; a run that ends without them failed. */
async function mocha(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const result = await execa('mocha', args, { stdout: ['pipe', 'inherit'], stderr: 'inherit', stdin: 'ignore', reject: false, env: { FORCE_COLOR: '0', ...env } });
  return mochaOutcome(result.stdout, result.exitCode ?? 1);
}

function mochaOutcome(output: string, exitCode: number): Outcome {
  const count = (word: string): number => Number(new RegExp(`^\\s+(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
  const outcome = { passed: count('passing'), failed: count('failing'), skipped: count('pending') };
  return exitCode !== 0 && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
}

async function clients(): Promise<Outcome> {
  const tools = await kubeClients();
  return mocha(['--timeout', '120000', 'test/clients/**/*.test.ts'], { KUBECTL_OLD: tools.kubectlOld, KUBECTL_NEW: tools.kubectlNew, HELM_OLD: tools.helmOld, HELM_NEW: tools.helmNew });
}

async function faults(): Promise<Outcome> {
  const tools = await kubeClients();
  return mocha(['--timeout', '180000', 'test/faults/**/*.test.ts'], { KUBECTL_NEW: tools.kubectlNew, HELM_NEW: tools.helmNew });
}

let building: Promise<ControlPlaneBinaries | undefined> | undefined;

/** The build takes minutes on a machine that has none yet. */
function controlPlane(): Promise<ControlPlaneBinaries | undefined> {
  building ??= (async () => {
    const go = await goOfThisMachine();
    return go === undefined ? undefined : controlPlaneBinaries(go);
  })();
  return building;
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
  const { code, output } = await runHostSuite();
  return mochaOutcome(output, code);
}

const suites: readonly Suite[] = [
  { name: 'types', run: () => check('node', ['--run', 'typecheck']) },
  { name: 'lint', run: () => check('oxlint', ['--type-aware', 'src', 'test', 'scripts']) },
  { name: 'dead-code', run: () => check('knip', []) },
  { name: 'build', run: () => check('node', ['esbuild.mjs', '--production']) },
  { name: 'unit', run: () => mocha(['test/unit/**/*.test.ts']) },
  { name: 'clients', run: clients },
  { name: 'faults', run: faults },
  { name: 'conformance', run: conformance },
  { name: 'host', run: host },
  { name: 'package', run: () => check('node', ['scripts/package.ts']) },
  // With the offline Perfetto UI of the package, and the browser of the host tests.
  { name: 'ui', run: () => mocha(['test/ui/**/*.test.ts']) },
  { name: 'tour', run: () => check('node', ['scripts/demo.ts', '--tour', '--no-build']) },
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) throw new Error(`no suite ${unknown.join(', ')}; there are ${suites.map((suite) => suite.name).join(', ')}`);

const wanted = suites.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
await mkdir('out', { recursive: true });
// Begun while the light suites run; should it fail, the suite tells when its turn comes.
if (wanted.some(({ name }) => name === 'conformance')) controlPlane().catch(() => undefined);
const outcomes: Outcome[] = [];
for (const suite of wanted) {
  const started = performance.now();
  say(`suite ${suite.name}`);
  let outcome: Outcome;
  try {
    outcome = await suite.run();
  } catch (error) {
    console.error(error);
    outcome = failure;
  }
  outcomes.push(outcome);
  say(`suite ${suite.name}: ${said(outcome)}, ${Math.round((performance.now() - started) / 1000)} s`);
}
const total = outcomes.reduce((sum, { passed, failed, skipped }) => ({ passed: sum.passed + passed, failed: sum.failed + failed, skipped: sum.skipped + skipped }), nothing);
console.log(said(total));
process.exitCode = total.failed === 0 && total.passed + total.skipped > 0 ? 0 : 1;

function said({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

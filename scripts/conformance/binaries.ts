import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cached } from '../lib/cache.ts';
import { runQuietly } from '../lib/run.ts';
import type { Tell } from '../lib/step.ts';
import { which } from '../lib/system.ts';

const minuteMs = 60_000;
/** Of a proxy that does not answer. */
const fetchLimitMs = 10 * minuteMs;
/** Each of two programs; cold, on two slow cores, the larger takes 20 minutes. */
const buildLimitMs = 35 * minuteMs;

const source = join(import.meta.dirname, '..', 'installs', 'control-plane');
export const kubernetesVersion = '1.37.2';

/** Modules whose custom resources the cluster serves, and where those are in them. */
const definitions = [
  { module: 'sigs.k8s.io/lws@v0.9.0', folder: 'config/crd/bases' },
  { module: 'sigs.k8s.io/gateway-api@v1.4.1', folder: 'config/crd/standard' },
  { module: 'sigs.k8s.io/gateway-api-inference-extension@v1.3.0', folder: 'config/crd/bases' },
] as const;

export interface ControlPlaneBinaries {
  /** etcd, kube-apiserver, kube-controller-manager, kube-scheduler and pki by its first argument. */
  readonly controlPlane: string;
  readonly lws: string;
  /** A folder of CustomResourceDefinitions, one a file. */
  readonly definitions: string;
}

/** The Go that builds the control plane; undefined where this machine has none. */
export function goOfThisMachine(): Promise<string | undefined> {
  return which('go');
}

/** A real control plane from the Go module proxy, built once (minutes, at low priority) into the cache. An error says what could not be fetched or built. */
export async function controlPlaneBinaries(go: string): Promise<ControlPlaneBinaries> {
  const { stdout: goVersion } = await execa(go, ['version']);
  const madeFrom = [...(await sourceTexts()), ...definitions.map(({ module }) => module), goVersion];
  const folder = await cached({ name: 'control-plane', madeFrom }, (target, tell) => build(go, target, tell));
  return {
    controlPlane: join(folder, 'control-plane'),
    lws: join(folder, 'lws'),
    definitions: join(folder, 'definitions'),
  };
}

async function sourceTexts(): Promise<string[]> {
  const names = (await readdir(source)).toSorted();
  return Promise.all(names.map((name) => readFile(join(source, name), 'utf8')));
}

async function build(go: string, target: string, tell: Tell): Promise<void> {
  const programs = { 'control-plane': '.', lws: 'sigs.k8s.io/lws/cmd' };
  // Reading the packages fetches their modules: no network shows itself here, before minutes of compiling.
  const list = ['list', '-mod=readonly', '-deps', '-f', '{{.ImportPath}}', ...Object.values(programs)];
  const packages = (
    await runGo(go, list, { what: 'fetching the modules of the control plane', limitMs: fetchLimitMs, tell })
  ).split('\n').length;
  let compiled = 0;
  const count: Tell = (line) => tell(`package ${(compiled += 1)} of ${packages}, ${line}`);
  const flags = [
    'build',
    '-v',
    '-mod=readonly',
    '-buildvcs=false',
    '-trimpath',
    '-p',
    String(availableParallelism()),
    '-ldflags',
    linkerFlags(),
  ];
  for (const [name, path] of Object.entries(programs))
    await runGo(go, [...flags, '-o', join(target, name), path], {
      what: `building ${name}`,
      limitMs: buildLimitMs,
      tell: count,
    });
  await mkdir(join(target, 'definitions'));
  for (const { module, folder } of definitions)
    await copyDefinitions(join(await moduleFolder(go, module, tell), folder), join(target, 'definitions'));
}

interface GoRun {
  readonly what: string;
  readonly limitMs: number;
  readonly tell: Tell;
}

/** Runs Go among the sources and returns what it wrote to stdout. */
async function runGo(go: string, args: readonly string[], { what, limitMs, tell }: GoRun): Promise<string> {
  try {
    return await runQuietly(go, args, { cwd: source, env: { GOWORK: 'off' }, timeoutMs: limitMs, tell });
  } catch (error) {
    throw new Error(`${what} failed (modules come through GOPROXY)`, { cause: error });
  }
}

async function moduleFolder(go: string, module: string, tell: Tell): Promise<string> {
  const printed = await runGo(go, ['mod', 'download', '-json', module], {
    what: `fetching ${module}`,
    limitMs: fetchLimitMs,
    tell,
  });
  return (JSON.parse(printed) as { readonly Dir: string }).Dir;
}

/** What a module's folder holds beside the definitions is for kustomize. */
async function copyDefinitions(from: string, to: string): Promise<void> {
  const names = (await readdir(from)).filter((name) => name.includes('_') && name.endsWith('.yaml'));
  for (const name of names) await cp(join(from, name), join(to, name));
}

/** The version that the components say; a build from modules has no other way to know it. */
function linkerFlags(): string {
  const [major, minor] = kubernetesVersion.split('.');
  const stamps = { gitVersion: `v${kubernetesVersion}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return [
    '-s',
    '-w',
    ...packages.flatMap((path) => Object.entries(stamps).map(([name, value]) => `-X ${path}.${name}=${value}`)),
  ].join(' ');
}

import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cached } from '../lib/cache.ts';
import { which } from '../lib/system.ts';

const minuteMs = 60_000;
/** Of a proxy that does not answer. */
const fetchLimitMs = 10 * minuteMs;
/** Each of two programs; cold, on two slow cores, the larger takes 20 minutes. */
const buildLimitMs = 35 * minuteMs;
const shownLines = 15;

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
  const folder = await cached('control-plane', [...(await sourceTexts()), ...definitions.map(({ module }) => module), goVersion], (target) => build(go, target));
  return { controlPlane: join(folder, 'control-plane'), lws: join(folder, 'lws'), definitions: join(folder, 'definitions') };
}

async function sourceTexts(): Promise<string[]> {
  const names = (await readdir(source)).toSorted();
  return Promise.all(names.map((name) => readFile(join(source, name), 'utf8')));
}

async function build(go: string, target: string): Promise<void> {
  const programs = { 'control-plane': '.', lws: 'sigs.k8s.io/lws/cmd' };
  // Reading the packages fetches their modules: no network shows itself here, before minutes of compiling.
  await runGo(go, ['list', '-mod=readonly', '-deps', '-f', '{{""}}', ...Object.values(programs)], 'fetching the modules of the control plane', fetchLimitMs);
  const flags = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-p', String(availableParallelism()), '-ldflags', linkerFlags()];
  for (const [name, what] of Object.entries(programs)) await runGo(go, [...flags, '-o', join(target, name), what], `building ${name}`, buildLimitMs);
  await mkdir(join(target, 'definitions'));
  for (const { module, folder } of definitions) await copyDefinitions(join(await moduleFolder(go, module), folder), join(target, 'definitions'));
}

/** Runs Go among the sources, behind whatever else the machine does, and returns what it printed. */
async function runGo(go: string, args: readonly string[], what: string, limitMs: number): Promise<string> {
  const nice = await which('nice');
  const [file, all] = nice === undefined ? [go, args] : [nice, ['-n', '19', go, ...args]];
  const { stdout, stderr, failed, timedOut } = await execa(file, all, { cwd: source, stdin: 'ignore', env: { GOWORK: 'off' }, timeout: limitMs, reject: false });
  if (!failed) return stdout;
  const why = timedOut ? `it took longer than ${limitMs / minuteMs} minutes` : 'Go said:';
  throw new Error(`${what} failed (modules come through GOPROXY): ${why}\n${stderr.split('\n').slice(-shownLines).join('\n')}`);
}

async function moduleFolder(go: string, module: string): Promise<string> {
  return (JSON.parse(await runGo(go, ['mod', 'download', '-json', module], `fetching ${module}`, fetchLimitMs)) as { readonly Dir: string }).Dir;
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
  return ['-s', '-w', ...packages.flatMap((path) => Object.entries(stamps).map(([name, value]) => `-X ${path}.${name}=${value}`))].join(' ');
}

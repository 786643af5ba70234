import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../src/base/clock.ts';
import { isWorkbenchError, type ErrorCode, type WorkbenchError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { MemoryStore, type KeyValueStore } from '../../src/base/store.ts';
import { trusted } from '../../src/base/trust.ts';
import { assetsAt, compose, type Settings, type Workbench } from '../../src/compose.ts';
import { demoContext, startDemoCluster, type DemoCluster } from '../../src/demo/cluster.ts';
import type { DeployPlan, LongCall } from '../../src/deployment/types.ts';
import { Pods } from '../../src/kube/resources.ts';
import type { ClusterRef } from '../../src/kube/types.ts';
import type { KubeObject } from '../../src/kube/model/types.ts';

/** How long a test waits for anything before it fails; nothing is measured by it. */
const patienceMs = 100_000;
const owner = 'lab';
const deployment = 'wide-ep';
export const namespace = 'llm-d';

/** The renderers of the suite; a suite that skips them proves nothing. */
function toolPath(variable: 'KUBECTL_NEW' | 'HELM_NEW'): string {
  const path = process.env[variable];
  if (path === undefined || path === '')
    throw new Error(
      `${variable} is not set: it must hold the path of a ${variable === 'HELM_NEW' ? 'helm' : 'kubectl'} binary`,
    );
  return path;
}

export interface LabOptions {
  /** Faults of the demo cluster from its start. */
  readonly faults?: readonly string[];
  readonly speed?: number;
  /** The cluster's clock. */
  readonly clock?: Clock;
  /** Its objects outlive `restart`. */
  readonly keepState?: boolean;
}

export interface WindowOptions {
  /** KUBECONFIG; the demo cluster's when left out. */
  readonly kubeconfig?: string;
  readonly settings?: Settings;
  readonly env?: Readonly<Record<string, string>>;
  /** The window's clock. */
  readonly clock?: Clock;
  /** What the window remembers; a store of its own when left out. */
  readonly store?: KeyValueStore;
}

/** A demo cluster in this process, a workspace, and windows on it: each the real services, composed as the extension does it. */
export class Lab {
  readonly workspace: string;
  readonly ref: ClusterRef;
  readonly #options: LabOptions;
  readonly #folder: string;
  readonly #windows = new Set<Workbench>();
  #cluster: DemoCluster;

  private constructor(cluster: DemoCluster, folder: string, options: LabOptions) {
    this.#cluster = cluster;
    this.#folder = folder;
    this.#options = options;
    this.workspace = join(folder, 'workspace');
    this.ref = { context: demoContext, namespace, server: cluster.url };
  }

  static async start(options: LabOptions = {}): Promise<Lab> {
    const folder = await mkdtemp(join(tmpdir(), 'llmdw-faults-'));
    // A test that plays somebody with fewer rights must get as far as the file that it is about.
    await chmod(folder, 0o755);
    await mkdir(join(folder, 'workspace'));
    return new Lab(await startCluster(folder, 0, options), folder, options);
  }

  get cluster(): DemoCluster {
    return this.#cluster;
  }

  /** Ends the cluster and starts it again on its port: with other credentials, and without its objects unless they are kept. */
  async restart(): Promise<void> {
    const { port } = this.#cluster;
    await this.#cluster.stop();
    this.#cluster = await startCluster(this.#folder, port, this.#options);
  }

  async stop(): Promise<void> {
    for (const window of this.#windows) window.dispose();
    await this.#cluster.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Opens a window on the workspace. */
  window({
    kubeconfig = this.cluster.kubeconfigPath,
    settings = {},
    env = {},
    clock,
    store = new MemoryStore(),
  }: WindowOptions = {}): Workbench {
    const window = compose({
      workspace: this.workspace,
      trust: trusted,
      assets: assetsAt(resolve(import.meta.dirname, '../..')),
      store,
      storage: join(this.#folder, 'storage'),
      settings: () => ({ kubectlPath: toolPath('KUBECTL_NEW'), helmPath: toolPath('HELM_NEW'), owner, ...settings }),
      env: { PATH: process.env['PATH'], KUBECONFIG: kubeconfig, ...env },
      logger: silentLogger,
      ...(clock === undefined ? {} : { clock }),
    });
    this.#windows.add(window);
    return window;
  }

  /** Closes a window as a reload does: without a word to what runs in the cluster. */
  close(window: Workbench): void {
    window.dispose();
    this.#windows.delete(window);
  }

  kubeconfig(): Promise<string> {
    return readFile(this.cluster.kubeconfigPath, 'utf8');
  }

  /** A file beside the workspace, executable where it begins as a script. */
  async file(name: string, text: string): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, text);
    if (text.startsWith('#!')) await chmod(path, 0o755);
    return path;
  }

  plan(window: Workbench, values: Readonly<Record<string, string>> = {}, cluster = this.ref): Promise<DeployPlan> {
    return window.deployments.plan(
      { cluster, guide: 'wide-ep', variant: 'coreweave', name: deployment, values },
      patience(),
    );
  }

  async deploy(window: Workbench, values: Readonly<Record<string, string>> = {}, cluster = this.ref): Promise<void> {
    await window.deployments.apply(await this.plan(window, values, cluster), call());
  }

  /** Deploys the guide and waits until it answers. */
  async deployReady(window: Workbench): Promise<void> {
    await this.deploy(window);
    await window.deployments.waitReady(this.ref, deployment, call());
  }

  async pods(selector: string): Promise<readonly KubeObject[]> {
    const client = await this.window().contexts.client(this.ref);
    return client.list(Pods, { namespace, labelSelector: selector, signal: patience() });
  }

  /** Asks for a fault of a running pod, or with null for none. */
  async annotate(window: Workbench, pod: string, fault: string | null): Promise<void> {
    const client = await window.contexts.client(this.ref);
    await client.patch(Pods, namespace, pod, { metadata: { annotations: { 'demo.llm-d/fault': fault } } }, patience());
  }
}

function startCluster(
  folder: string,
  port: number,
  { faults = [], speed = 20, clock, keepState }: LabOptions,
): Promise<DemoCluster> {
  return startDemoCluster({
    port,
    kubeconfigPath: join(folder, 'kubeconfig'),
    speed,
    faults,
    logger: silentLogger,
    signal: patience(),
    ...(clock === undefined ? {} : { clock }),
    ...(keepState === true ? { stateDir: join(folder, 'state') } : {}),
  });
}

export function patience(): AbortSignal {
  return AbortSignal.timeout(patienceMs);
}

export function call(): LongCall {
  return { signal: patience(), progress: () => undefined };
}

/** Waits until the question has an answer. */
export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const signal = patience();
  while (!signal.aborted) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(50);
  }
  throw new Error(`it never came to it: ${what}`);
}

/** The one error that a person gets: with this code, every word that tells where it failed, and a hint. */
export async function failure(
  work: Promise<unknown>,
  code: ErrorCode,
  ...names: readonly string[]
): Promise<WorkbenchError> {
  const error: unknown = await work.then(
    (value) => assert.fail(`it went well and answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!isWorkbenchError(error)) throw error;
  assert.equal(error.code, code, `${error.code}: ${error.message}`);
  assertTells(error.message, error.hint, names);
  return error;
}

/** One line that names everything, and a hint of one line. */
export function assertTells(message: string, hint: string | undefined, names: readonly string[]): void {
  for (const name of names) assert.ok(message.includes(name), `"${message}" does not name ${name}`);
  assert.doesNotMatch(message, /\n/);
  assert.ok(hint !== undefined && hint !== '' && !hint.includes('\n'), `no hint of one line: ${String(hint)}`);
}

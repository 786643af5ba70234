import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { poll, sleep, timeLimit, type Clock } from '../base/clock.ts';
import type { OwnNode } from '../base/own-node.ts';
import { Emitter } from '../base/events.ts';
import { systemCode, WorkbenchError } from '../base/errors.ts';
import { numberAt, stringAt } from '../base/json.ts';
import { endProcess, processAlive, startDaemon } from '../kube/daemon.ts';
import type { DemoControl, RunningDemo } from './types.ts';

/** What `llmdw demo --status FILE` writes as soon as it serves. */
function statusOf(text: string): RunningDemo | undefined {
  const written: unknown = JSON.parse(text);
  const [pid, port] = [numberAt(written, 'pid'), numberAt(written, 'port')];
  const [kubeconfig, context] = [stringAt(written, 'kubeconfig'), stringAt(written, 'context')];
  if (!Number.isInteger(pid) || !Number.isInteger(port)) return undefined;
  return pid === undefined || port === undefined || kubeconfig === undefined || context === undefined ? undefined : { pid, port, kubeconfig, context };
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;

export interface DemoControlDependencies {
  /** Folder of this machine and user where the demo keeps kubeconfig, status and log. */
  readonly storage: string;
  /** `dist/llmdw.mjs`. */
  readonly cli: string;
  readonly node: OwnNode;
  readonly clock: Clock;
}

export function createDemoControl(dependencies: DemoControlDependencies): DemoControl {
  return new Control(dependencies);
}

class Control implements DemoControl {
  readonly #dependencies: DemoControlDependencies;
  readonly #changed = new Emitter<RunningDemo | undefined>();
  readonly #folder: string;
  readonly #statusFile: string;
  readonly kubeconfig: string;

  constructor(dependencies: DemoControlDependencies) {
    this.#dependencies = dependencies;
    this.#folder = join(dependencies.storage, 'demo');
    this.#statusFile = join(this.#folder, 'status.json');
    this.kubeconfig = join(this.#folder, 'kubeconfig');
  }

  readonly onDidChange = this.#changed.event;

  async running(): Promise<RunningDemo | undefined> {
    try {
      const status = statusOf(await readFile(this.#statusFile, 'utf8'));
      return status && processAlive(status.pid) ? status : undefined;
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async start({ speed, signal }: { readonly speed?: number; readonly signal: AbortSignal }): Promise<RunningDemo> {
    const already = await this.running();
    if (already) return already;
    await mkdir(this.#folder, { recursive: true });
    await rm(this.#statusFile, { force: true });
    const logFile = join(this.#folder, 'demo.log');
    const { cli, node, clock } = this.#dependencies;
    const pid = await startDaemon({
      file: node.file,
      args: [cli, 'demo', '--kubeconfig', this.kubeconfig, '--status', this.#statusFile, ...(speed === undefined ? [] : ['--speed', String(speed)])],
      env: node.env,
      logFile,
    });
    const limit = AbortSignal.any([signal, timeLimit(startTimeoutMs, 'start the demo cluster', `Read ${logFile}.`)]);
    try {
      const demo = await poll(clock, 200, limit, async () => {
        const now = await this.running();
        if (!now && !processAlive(pid)) {
          throw new WorkbenchError({ code: 'internal', message: 'the demo cluster ended while it was starting', hint: `Read ${logFile}.` });
        }
        return now;
      });
      this.#changed.fire(demo);
      return demo;
    } catch (error) {
      endProcess(pid);
      throw error;
    }
  }

  async stop(): Promise<void> {
    const demo = await this.running();
    if (!demo) return;
    endProcess(demo.pid);
    const limit = timeLimit(stopTimeoutMs, 'stop the demo cluster', `Its process ${demo.pid} does not end.`);
    while (processAlive(demo.pid)) {
      await sleep(this.#dependencies.clock, 100, limit);
    }
    await Promise.all([rm(this.#statusFile, { force: true }), rm(this.kubeconfig, { force: true })]);
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

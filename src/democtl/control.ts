import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { poll, sleep, timeLimit, type Clock } from '../base/clock.ts';
import { systemCode, WorkbenchError } from '../base/errors.ts';
import { Emitter } from '../base/events.ts';
import { Leases } from '../base/lease.ts';
import type { Logger } from '../base/logger.ts';
import type { OwnNode } from '../base/own-node.ts';
import { loadPart } from '../base/parts.ts';
import { readSmallFile } from '../base/small-file.ts';
import { WorkspaceFiles } from '../base/workspace-files.ts';
import { startDaemon } from '../kube/tools/daemon.ts';
import { interrupt, processes, processName } from '../kube/tools/processes.ts';
import type { Status } from './record.ts';
import type { DemoControl, RunningDemo, StoppedDemo } from './types.ts';

const mostStatusBytes = 64 * 1024;
const startTimeoutMs = 60_000;
const stopTimeoutMs = 15_000;
const START_POLL_MS = 200;

export interface DemoControlDependencies {
  /** Folder of this machine and user where the demo keeps kubeconfig, status and log. */
  readonly storage: string;
  /** `dist/llmdw.mjs`. */
  readonly cli: string;
  readonly node: OwnNode;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createDemoControl(dependencies: DemoControlDependencies): DemoControl {
  return new Control(dependencies);
}

/** What the record led to: a demo that runs, or why there is none. */
type Found = { readonly text: string } & (
  | { readonly status: Status; readonly gone?: undefined }
  | { readonly status: Status | undefined; readonly gone: string }
);

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

  async running(signal: AbortSignal): Promise<RunningDemo | undefined> {
    const found = await this.#find(signal);
    return found && found.gone === undefined ? toldOf(found.status) : undefined;
  }

  /** Of several windows that start one at once, one does and the others wait for it. */
  async start({ speed, signal }: { readonly speed?: number; readonly signal: AbortSignal }): Promise<RunningDemo> {
    const { storage, clock } = this.#dependencies;
    const leases = new Leases({ files: new WorkspaceFiles(storage).below('demo'), clock, processes });
    const demo = await leases.during(
      'starting',
      START_POLL_MS,
      signal,
      async () => (await this.running(signal)) ?? this.#start(speed, signal),
    );
    this.#changed.fire(demo);
    return demo;
  }

  async #start(speed: number | undefined, signal: AbortSignal): Promise<RunningDemo> {
    const logFile = join(this.#folder, 'demo.log');
    const { cli, node, clock } = this.#dependencies;
    const pid = await startDaemon({
      file: node.file,
      args: [
        cli,
        'demo',
        '--kubeconfig',
        this.kubeconfig,
        '--status',
        this.#statusFile,
        ...(speed === undefined ? [] : ['--speed', String(speed)]),
      ],
      env: node.env,
      logFile,
    });
    const own = await processName(pid);
    const limit = AbortSignal.any([signal, timeLimit(startTimeoutMs, 'start the demo cluster', `Read ${logFile}.`)]);
    try {
      return await poll(clock, 200, limit, async () => {
        const now = await this.running(limit);
        if (!now && (await processes.hasEnded(own))) {
          throw new WorkbenchError({
            code: 'internal',
            message: 'the demo cluster ended while it was starting',
            hint: `Read ${logFile}.`,
          });
        }
        return now;
      });
    } catch (error) {
      await interrupt(own);
      throw error;
    }
  }

  async stop(signal: AbortSignal): Promise<StoppedDemo | undefined> {
    const found = await this.#find(signal);
    if (found && found.gone === undefined) await this.#end(found.status, found.text, signal);
    this.#changed.fire(undefined);
    return found?.status && { context: found.status.context, ran: found.gone === undefined };
  }

  async #end(demo: Status, text: string, signal: AbortSignal): Promise<void> {
    await interrupt(demo);
    const limit = AbortSignal.any([
      signal,
      timeLimit(stopTimeoutMs, 'stop the demo cluster', `Its process ${demo.pid} does not end.`),
    ]);
    while (!(await processes.hasEnded(demo))) await sleep(this.#dependencies.clock, 100, limit);
    await this.#forget(text);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  /** A record is of no use without the demo that wrote it: after a kill or a restart of the machine its pid and port may be anybody's. */
  async #find(signal: AbortSignal): Promise<Found | undefined> {
    const text = await this.#record();
    if (text === undefined) return undefined;
    const { answers, statusOf } = await loadPart(() => import('./record.ts'));
    const status = statusOf(text);
    let gone: string;
    if (!status) gone = 'its record is unreadable';
    else if (status.host !== (await processes.self()).host)
      return { text, status, gone: 'it was started on another machine' };
    else if (await processes.hasEnded(status)) gone = `process ${status.pid} is gone or another one`;
    else if (!(await answers(status, this.#dependencies.clock, signal)))
      gone = `port ${status.port} is closed or another server's`;
    else return { text, status };
    this.#dependencies.logger.warn(
      `the demo cluster of ${this.#statusFile} no longer runs: ${gone}; the record is removed`,
    );
    await this.#forget(text);
    return { text, status, gone };
  }

  async #record(): Promise<string | undefined> {
    try {
      return await readSmallFile(this.#statusFile, mostStatusBytes);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Only what a demo of this very record has left: another window may have started the next one meanwhile. */
  async #forget(text: string): Promise<void> {
    if ((await this.#record()) !== text) return;
    await Promise.all([rm(this.#statusFile, { force: true }), rm(this.kubeconfig, { force: true })]);
  }
}

/** Without its token. */
function toldOf({ pid, port, kubeconfig, context }: Status): RunningDemo {
  return { pid, port, kubeconfig, context };
}

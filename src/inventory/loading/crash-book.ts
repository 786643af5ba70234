import { basename } from 'node:path';
import { type Clock, timeLimit } from '../../base/clock.ts';
import { errorText, isAbort } from '../../base/errors.ts';
import { Limiter } from '../../base/limiter.ts';
import type { Logger } from '../../base/logger.ts';
import { safeName } from '../../base/safe-name.ts';
import type { WorkspaceFiles } from '../../base/workspace-files.ts';
import type { KubeClient } from '../../kube/types.ts';
import type { LogLine } from '../../kube/streams/types.ts';
import { evidenceText } from './evidence-text.ts';
import { KEPT_LINES } from './followed-log.ts';
import { exitOf, Incident } from './incident.ts';
import type { ServerPod } from './servers.ts';
import type { Crash, Evidence } from './types.ts';

const AT_ONCE = 4;
const PATIENCE_MS = 10_000;
/** Crashed pods that are remembered; the oldest are forgotten first. */
const REMEMBERED = 64;

export interface CrashBookOptions {
  /** Where evidence is written; undefined keeps it in memory only. */
  readonly files: () => WorkspaceFiles | undefined;
  readonly client: () => Promise<KubeClient>;
  /** Whether this very pod is still there: another one may bear its name by now. */
  readonly isThere: (server: ServerPod) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly changed: () => void;
}

/** Remembers crashes and saves the logs that explain them, before a recreated group takes them away. */
export class CrashBook {
  readonly #options: CrashBookOptions;
  readonly #limiter = new Limiter(AT_ONCE);
  readonly #times = new Map<string, number>();
  readonly #incidents = new Map<string, Incident>();
  readonly #evidence = new Map<Incident, Evidence>();

  constructor(options: CrashBookOptions) {
    this.#options = options;
  }

  get crashes(): ReadonlyMap<string, Crash> {
    return new Map(
      this.#incidents.entries().flatMap(([key, incident]) => {
        const evidence = this.#evidence.get(incident);
        return evidence === undefined ? [] : [[key, { times: this.#times.get(key) ?? 1, evidence }] as const];
      }),
    );
  }

  clear(): void {
    this.#times.clear();
    this.#incidents.clear();
    this.#evidence.clear();
  }

  /**
   * Notes a crash. `peers` are the pods of its group; `linesOf` what was followed of their logs. Their logs are read at
   * once: in a recreated group they are there for seconds.
   */
  async note(
    server: ServerPod,
    peers: readonly ServerPod[],
    linesOf: (server: ServerPod) => readonly LogLine[],
    signal: AbortSignal,
  ): Promise<void> {
    const { key, name, restarts } = server.pod;
    this.#times.set(key, Math.max(restarts, (this.#times.get(key) ?? 0) + 1));
    const incident = this.#incidentOf(server);
    incident.keep({ pod: name, rank: server.rank, exit: exitOf(server), lines: linesOf(server) });
    // What a peer that crashed too wrote is kept already; it has begun another log.
    const others = peers.filter((peer) => !incident.crashed(peer.pod.name));
    for (const peer of others) incident.keep({ pod: peer.pod.name, rank: peer.rank, lines: linesOf(peer) });
    this.#assess(incident);
    await Promise.all([
      this.#save(incident, server, signal),
      ...others.filter((peer) => linesOf(peer).length === 0).map((peer) => this.#save(incident, peer, signal)),
    ]);
    this.#assess(incident);
    await this.#write(incident);
  }

  #incidentOf(server: ServerPod): Incident {
    const { clock } = this.#options;
    const open = this.#evidence
      .keys()
      .toArray()
      .findLast((incident) => incident.includes(server, clock.monotonic()));
    const incident = open ?? new Incident(server, clock.now(), clock.monotonic());
    incident.add(server);
    this.#incidents.delete(server.pod.key);
    this.#incidents.set(server.pod.key, incident);
    for (const oldest of this.#incidents
      .keys()
      .take(Math.max(0, this.#incidents.size - REMEMBERED))
      .toArray())
      this.#incidents.delete(oldest);
    const kept = new Set(this.#incidents.values());
    for (const each of this.#evidence.keys().toArray()) if (!kept.has(each)) this.#evidence.delete(each);
    return incident;
  }

  #assess(incident: Incident): void {
    this.#evidence.set(incident, incident.evidence);
    this.#options.changed();
  }

  /** A container that restarted holds the crashed run's log as its previous one. */
  async #save(incident: Incident, server: ServerPod, signal: AbortSignal): Promise<void> {
    const { pod, container, rank } = server;
    if (!this.#options.isThere(server)) return;
    const previous = container.restarts > 0;
    const lines = await this.#limiter
      .run(signal, () => this.#read(server, previous, signal))
      .catch((error: unknown) => {
        if (!isAbort(error))
          this.#options.logger.debug(`the log of ${pod.key} could not be saved: ${errorText(error)}`);
        return [];
      });
    if (lines.length > 0 && this.#options.isThere(server))
      incident.keep({ pod: pod.name, rank, exit: exitOf(server), lines });
  }

  async #read({ pod, container }: ServerPod, previous: boolean, signal: AbortSignal): Promise<readonly LogLine[]> {
    const client = await this.#options.client();
    const lines: LogLine[] = [];
    const patience = AbortSignal.any([signal, timeLimit(PATIENCE_MS, `read the log of ${pod.key}`)]);
    for await (const line of client.logs({
      namespace: pod.namespace,
      pod: pod.name,
      container: container.name,
      previous,
      tailLines: KEPT_LINES,
      signal: patience,
    }))
      lines.push(line);
    return lines;
  }

  async #write(incident: Incident): Promise<void> {
    const { logger } = this.#options;
    const files = this.#options.files();
    const { evidence } = incident;
    // Nothing was heard of it: the last ranks of a group that is being stopped end like that.
    const silent = evidence.cause === undefined && evidence.logs.every(({ lines }) => lines.length === 0);
    if (files === undefined || silent) return;
    const time = new Date(incident.at).toISOString().replaceAll(/[:.]/g, '-');
    const name =
      incident.file === undefined
        ? `${safeName(`${time}-${evidence.cause?.pod ?? evidence.pods[0] ?? 'pod'}`)}.log`
        : basename(incident.file);
    try {
      await files.write(name, evidenceText(evidence));
      incident.file = files.path(name);
      this.#assess(incident);
    } catch (error) {
      logger.warn(`the evidence of ${evidence.pods.join(', ')} could not be written: ${errorText(error)}`);
    }
  }
}

import { firstCause } from './cause.ts';
import type { ServerPod } from './servers.ts';
import type { Evidence, RankLog } from './types.ts';

/** Pods of a group that crash within this time crashed together: the first takes the others along. */
const TOGETHER_MS = 60_000;

/** One crash of a group: whose it is, and the logs that could be saved. */
export class Incident {
  readonly namespace: string;
  readonly group: string;
  readonly at: number;
  readonly #since: number;
  readonly #crashed = new Set<string>();
  readonly #logs = new Map<string, RankLog>();
  file: string | undefined;

  /** `at` is the wall clock, `since` the monotonic one. */
  constructor(server: ServerPod, at: number, since: number) {
    this.namespace = server.pod.namespace;
    this.group = server.group;
    this.at = at;
    this.#since = since;
  }

  /** Whether a crash of this pod belongs to it; a pod that crashes again makes an incident of its own. */
  includes(server: ServerPod, now: number): boolean {
    return server.group === this.group && !this.#crashed.has(server.pod.name) && now - this.#since < TOGETHER_MS;
  }

  crashed(pod: string): boolean {
    return this.#crashed.has(pod);
  }

  add(server: ServerPod): void {
    this.#crashed.add(server.pod.name);
  }

  /** Keeps what there is: an empty log never replaces one with lines. */
  keep(log: RankLog): void {
    if (log.lines.length > 0 || !this.#logs.has(log.pod)) this.#logs.set(log.pod, log);
  }

  get evidence(): Evidence {
    const logs = this.#logs.values().toArray();
    return {
      namespace: this.namespace,
      pods: [...this.#crashed],
      at: this.at,
      cause: firstCause(logs),
      logs,
      file: this.file,
    };
  }
}

/** `OOMKilled`, `Error (exit code 1)`: how Kubernetes says that the container ended. Undefined while it runs for the first time. */
export function exitOf({ pod, container }: ServerPod): string | undefined {
  if (container.exitCode === undefined) return undefined;
  // A pod that is being deleted says only that.
  return pod.deleting || pod.reason === undefined
    ? `${container.reason ?? 'ended'} (exit code ${container.exitCode})`
    : pod.reason;
}

import { sleep, throwIfAborted, type Clock, timeLimit } from '../base/clock.ts';
import { isWorkbenchError, toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { LongCall } from '../deployment/types.ts';
import type { ClusterRef, KubeClient } from '../kube/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import { podHttp, type PodHttpResponse } from '../kube/streams/pod-http.ts';
import { labels } from '../base/labels.ts';
import { Pods } from '../kube/resources.ts';
import type { BegunProfile, BegunProfiles } from './begun-profiles.ts';
import type { EndedProfile, ProfileOutcome, ProfileRequest, ProfileTarget, ProfilingService } from './types.ts';

/** A start answers as soon as every worker has started; a stop only after every rank flushed its trace (minutes have been seen). */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 30 * 60_000;

export interface ProfilingDependencies {
  readonly contexts: Contexts;
  /** Model-server pods of mine that are Running, each with the ports of its API servers (not the routing proxy's). */
  readonly servers: (cluster: ClusterRef, signal: AbortSignal) => Promise<readonly ServerPod[]>;
  /** Notes of profilers that are on. */
  readonly begun: Pick<BegunProfiles, 'begin' | 'endLeftBehind'>;
  readonly owner: () => string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What a server said, or that it said nothing: then it may have done all the same what it was asked. */
interface Answer extends ProfileOutcome {
  readonly answered: boolean;
}

export interface ServerPod {
  readonly deployment: string;
  readonly role: string;
  readonly pod: string;
  readonly ip: string;
  readonly ports: readonly number[];
}

export function createProfilingService(dependencies: ProfilingDependencies): ProfilingService {
  return new Profiling(dependencies);
}

class Profiling implements ProfilingService {
  readonly #dependencies: ProfilingDependencies;
  /** The profiles of this window: `Stop Profiling` lets them end before their time. */
  readonly #running = new Set<{
    readonly cluster: ClusterRef;
    readonly early: AbortController;
    ended: Promise<unknown>;
  }>();

  constructor(dependencies: ProfilingDependencies) {
    this.#dependencies = dependencies;
  }

  async targets(
    cluster: ClusterRef,
    selection: Parameters<ProfilingService['targets']>[1],
    signal: AbortSignal,
  ): Promise<readonly ProfileTarget[]> {
    const servers = await this.#dependencies.servers(cluster, signal);
    const chosen = servers.filter((server) =>
      'pod' in selection
        ? server.pod === selection.pod
        : server.role === 'decode' && (selection.allDecode === undefined || server.deployment === selection.allDecode),
    );
    const targets = chosen.flatMap(({ pod, ip, ports }) => ports.map((port) => ({ pod, ip, port })));
    if (targets.length > 0) return targets;
    const what =
      'pod' in selection ? `pod ${selection.pod} is no running model server` : 'there is no running decode pod';
    throw new WorkbenchError({
      code: 'not-ready',
      message: `${what} of yours in ${cluster.context}/${cluster.namespace}`,
      hint: 'Wait until the deployment is ready.',
    });
  }

  async profile(request: ProfileRequest, call: LongCall): Promise<readonly ProfileOutcome[]> {
    const early = new AbortController();
    const ended = this.#profile(request, early.signal, call);
    const running = { cluster: request.cluster, early, ended };
    this.#running.add(running);
    try {
      return await ended;
    } finally {
      this.#running.delete(running);
    }
  }

  async stop(cluster: ClusterRef, { signal, progress }: LongCall): Promise<readonly ProfileOutcome[]> {
    const mine = [...this.#running].filter((running) => isSamePlace(running.cluster, cluster));
    for (const { early } of mine) early.abort();
    await Promise.allSettled(mine.map(({ ended }) => ended));
    const client = await this.#dependencies.contexts.client(cluster);
    const servers = await this.#dependencies.servers(cluster, signal);
    const targets = servers.flatMap(({ pod, ip, ports }) => ports.map((port) => ({ pod, ip, port })));
    progress({ message: `stopping the profiler of ${targets.length} servers` });
    const answers = await Promise.all(targets.map((target) => this.#stop(client, target)));
    const silent = answers.filter(({ answered }) => !answered).map(({ target }) => target);
    await this.#dependencies.begun.endLeftBehind((noted) =>
      Promise.resolve(
        isSamePlace(noted.cluster, cluster)
          ? noted.targets.filter(({ pod }) => silent.some((target) => target.pod === pod))
          : noted.targets,
      ),
    );
    return answers.filter(({ reason }) => reason !== NOT_RUNNING).map(outcome);
  }

  async endLeftBehind(signal: AbortSignal): Promise<readonly EndedProfile[]> {
    const ended: EndedProfile[] = [];
    await this.#dependencies.begun.endLeftBehind(async (noted) => {
      const { cluster, targets } = noted;
      const answers = await this.#endNoted(noted, signal);
      const stopped = answers.filter(({ ok }) => ok).length;
      if (stopped > 0) ended.push({ cluster, servers: stopped });
      return targets.filter((target) => !answers.some((answer) => answer.target === target && answer.answered));
    });
    return ended;
  }

  async #profile(
    { cluster, targets, seconds }: ProfileRequest,
    early: AbortSignal,
    { signal, progress }: LongCall,
  ): Promise<readonly ProfileOutcome[]> {
    const client = await this.#dependencies.contexts.client(cluster);
    throwIfAborted(signal);
    const note = await this.#dependencies.begun.begin({ cluster, targets }, signal);
    progress({ message: `starting the profiler on ${targets.length} servers` });
    const started = await Promise.all(
      targets.map((target) => this.#call(client, target, '/start_profile', startTimeoutMs, signal)),
    );
    if (started.some(({ ok }) => ok)) {
      progress({ message: `profiling ${started.filter(({ ok }) => ok).length} servers for ${seconds} s` });
      // The stop comes first; the cancellation is reported after it.
      await sleep(this.#dependencies.clock, seconds * 1000, AbortSignal.any([signal, early])).catch(() => undefined);
    }
    progress({ message: 'stopping the profiler: every rank writes its trace' });
    // A start that was not answered, because it was cancelled or the connection broke, may have arrived all the same.
    const stopped = await Promise.all(
      started.filter(({ ok, answered }) => ok || !answered).map(({ target }) => this.#stop(client, target)),
    );
    await note.leave(stopped.filter(({ answered }) => !answered).map(({ target }) => target));
    throwIfAborted(signal);
    const failed = started.filter(({ ok }) => !ok);
    const begun = stopped.filter(({ target }) => !failed.some((start) => start.target === target));
    return [
      ...failed,
      ...begun.map((stop) => (stop.reason === NOT_RUNNING ? { ...stop, reason: ENDED_BEFORE } : stop)),
    ].map(outcome);
  }

  /** Of pods that are gone there is nothing to end, as of those that somebody else has made since. */
  async #endNoted({ cluster, targets }: BegunProfile, signal: AbortSignal): Promise<readonly Answer[]> {
    const { contexts, owner, logger } = this.#dependencies;
    try {
      if (!(await contexts.list()).some(({ name, server }) => name === cluster.context && server === cluster.server))
        return [];
      const client = await contexts.client(cluster);
      return await Promise.all(
        targets.map(async (target): Promise<Answer> => {
          try {
            const pod = await client.get(Pods, cluster.namespace, target.pod, signal);
            if (pod.metadata.labels?.[labels.owner] !== owner())
              return { target, ok: false, reason: 'it is not yours', answered: true };
            return await this.#stop(client, target);
          } catch (error) {
            const { message } = toWorkbenchError(error, `stop the profiler of pod ${target.pod}`);
            return { target, ok: false, reason: message, answered: isWorkbenchError(error, 'not-found') };
          }
        }),
      );
    } catch (error) {
      logger.warn(
        `profilers that a closed window left on in ${cluster.context}: ${toWorkbenchError(error, 'stop them').message}`,
      );
      return [];
    }
  }

  /** A profiler left on slows the model for everybody and fills the disk: its stop is never cancelled with the rest. */
  #stop(client: KubeClient, target: ProfileTarget): Promise<Answer> {
    return this.#call(client, target, '/stop_profile', stopTimeoutMs, timeLimit(stopTimeoutMs, 'stop the profiler'));
  }

  async #call(
    client: KubeClient,
    target: ProfileTarget,
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    const namespace = client.cluster.namespace;
    try {
      const response = await podHttp(client, {
        namespace,
        pod: target.pod,
        port: target.port,
        method: 'POST',
        path,
        timeoutMs,
        signal,
      });
      return { target, ok: response.status === 200, reason: refusal(response, target, client.cluster), answered: true };
    } catch (error) {
      const failure = isWorkbenchError(error) ? error : toWorkbenchError(error, `${path} on pod ${target.pod}`);
      return { target, ok: false, reason: `${failure.message}. ${failure.hint ?? ''}`.trim(), answered: false };
    }
  }
}

/** What a server says whose profiler is off; it is no failure where it was to be switched off. */
const NOT_RUNNING = 'the profiler is not running';

/** Whether its trace was written depends on who or what switched it off. */
const ENDED_BEFORE =
  'its profiler was off before its time, by "Stop Profiling" elsewhere or a restart: look whether its trace is there';

function outcome({ target, ok, reason }: Answer): ProfileOutcome {
  return { target, ok, reason };
}

function isSamePlace(one: ClusterRef, other: ClusterRef): boolean {
  return one.context === other.context && one.namespace === other.namespace && one.server === other.server;
}

function refusal(
  response: PodHttpResponse,
  target: ProfileTarget,
  { context, namespace }: ClusterRef,
): string | undefined {
  if (response.status === 200) return undefined;
  const server = `pod ${target.pod}, port ${target.port} in ${context}/${namespace}`;
  if (response.status === 404) {
    return `profiling is not enabled on ${server}: start vLLM with --profiler-config '{"profiler":"torch","torch_profiler_dir":"/traces"}'`;
  }
  // Before 0.20 vLLM says both with 500 and in words.
  if (response.status === 409 || (response.status === 500 && /already running/i.test(response.body)))
    return `the profiler of ${server} is running already: run "llm-d: Stop Profiling" first`;
  if (response.status === 500 && /not running/i.test(response.body)) return NOT_RUNNING;
  return `${server} answered ${response.status}: ${response.body.replaceAll(/\s+/g, ' ').slice(0, 200)}. Look at the pod's log, and at the free space of its traces folder`;
}

import { sleep, throwIfAborted, type Clock, timeLimit } from '../base/clock.ts';
import { isAbort, isWorkbenchError, toWorkbenchError, WorkbenchError } from '../base/errors.ts';
import type { LongCall } from '../deployment/types.ts';
import type { ClusterRef, KubeClient } from '../kube/types.ts';
import type { Contexts } from '../kube/login/types.ts';
import { podHttp, type PodHttpResponse } from '../kube/streams/pod-http.ts';
import type { ProfileOutcome, ProfileRequest, ProfileTarget, ProfilingService } from './types.ts';

/** A start answers as soon as every worker has started; a stop only after every rank flushed its trace (minutes have been seen). */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 30 * 60_000;

export interface ProfilingDependencies {
  readonly contexts: Contexts;
  /** Model-server pods of mine that are Running, each with the ports of its API servers (not the routing proxy's). */
  readonly servers: (cluster: ClusterRef, signal: AbortSignal) => Promise<readonly ServerPod[]>;
  readonly clock: Clock;
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

  async profile(request: ProfileRequest, { signal, progress }: LongCall): Promise<readonly ProfileOutcome[]> {
    const client = await this.#dependencies.contexts.client(request.cluster);
    progress({ message: `starting the profiler on ${request.targets.length} servers` });
    const started = await Promise.all(
      request.targets.map((target) => this.#call(client, target, '/start_profile', startTimeoutMs, signal)),
    );
    // A start that was cancelled on its way may have arrived all the same.
    const running = started.filter((outcome) => outcome.ok || signal.aborted).map((outcome) => outcome.target);
    if (running.length > 0) {
      progress({ message: `profiling ${running.length} servers for ${request.seconds} s` });
      await sleep(this.#dependencies.clock, request.seconds * 1000, signal).catch(ignoreAbort);
    }
    progress({ message: 'stopping the profiler: every rank writes its trace' });
    // A profiler left on slows the model for everybody and fills the disk: the stop is never cancelled with the rest.
    const stopped = await Promise.all(
      running.map((target) =>
        this.#call(client, target, '/stop_profile', stopTimeoutMs, timeLimit(stopTimeoutMs, 'stop the profiler')),
      ),
    );
    throwIfAborted(signal);
    return [...started.filter((outcome) => !outcome.ok), ...stopped];
  }

  async #call(
    client: KubeClient,
    target: ProfileTarget,
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProfileOutcome> {
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
      return { target, ok: response.status === 200, reason: refusal(response, target, client.cluster) };
    } catch (error) {
      const failure = isWorkbenchError(error) ? error : toWorkbenchError(error, `${path} on pod ${target.pod}`);
      return { target, ok: false, reason: `${failure.message}. ${failure.hint ?? ''}`.trim() };
    }
  }
}

/** The stop comes first; the cancellation is reported after it. */
function ignoreAbort(error: unknown): void {
  if (!isAbort(error)) throw toWorkbenchError(error, 'profiling');
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
  if (response.status === 409) return `the profiler of ${server} is running already: stop it first`;
  return `${server} answered ${response.status}: ${response.body.replaceAll(/\s+/g, ' ').slice(0, 200)}. Look at the pod's log, and at the free space of its traces folder`;
}

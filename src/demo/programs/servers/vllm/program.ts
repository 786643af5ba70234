import type { Server } from 'node:http';
import { sleep, type Clock } from '../../../../base/clock.ts';
import { isAbort, isWorkbenchError } from '../../../../base/errors.ts';
import { DisposableStore } from '../../../../base/disposables.ts';
import type { ContainerContext, ContainerProgram } from '../../../nodes/types.ts';
import { PodProfiler } from '../../profiler/pod-profiler.ts';
import { createApiServer, type ApiServerOptions } from './api-server.ts';
import { parseVllmArgs } from './args.ts';
import { findInvocation, mentionsServe } from './command-line.ts';
import { PodEngines } from './engines.ts';
import { hasFault } from './faults.ts';
import { EngineGroups, type Membership } from './group.ts';
import { planLaunch, type Launch } from './launch.ts';
import { ProcessLog } from './process-log.ts';
import { Startup, StartupFailure } from './startup.ts';
import { StatsLog } from './stats-log.ts';
import { vllmVersion } from './version.ts';

const STATS_INTERVAL_S = 10;
/** How often injected faults are looked for. */
const TICK_MS = 250;

/** `vllm serve`, as a program of the demo's containers. */
export function vllmProgram(clock: Clock): ContainerProgram {
  const groups = new EngineGroups(clock);
  return {
    name: 'vllm',
    matches: ({ command }) => mentionsServe(command),
    async run(context) {
      const version = vllmVersion(context.image);
      const invocation = findInvocation(context.command, context.env);
      if (invocation === undefined) {
        context.log('bash: vllm serve: no invocation reached in the script', 'stderr');
        return 127;
      }
      const config = parseVllmArgs(invocation.args, invocation.env, version);
      const launch = planLaunch(config, version, context.pod.metadata.name);
      const membership = groups.join(groupAddress(launch, context), config.dataParallelLocal, config.dataParallel);
      try {
        return await runServer(launch, membership, context, clock);
      } finally {
        membership.leave();
      }
    },
  };
}

/** Pods of one group share the leader's address; a pod that holds all ranks is a group of its own. */
function groupAddress({ config }: Launch, { namespace, podIp }: ContainerContext): string {
  const whole = config.dataParallel === config.dataParallelLocal;
  return whole ? `${namespace}/${podIp}:${config.port}` : `${namespace}/${config.leaderAddress}`;
}

async function runServer(
  launch: Launch,
  membership: Membership,
  context: ContainerContext,
  clock: Clock,
): Promise<number> {
  const log = new ProcessLog(context);
  try {
    await new Startup(launch, log, context, membership).run();
    return await serve(launch, membership, context, clock, log);
  } catch (error) {
    if (error instanceof StartupFailure) return error.exitCode;
    if (isWorkbenchError(error, 'connection-lost')) return reportLostPeer(launch, log);
    if (isAbort(error)) return 143;
    throw error;
  }
}

async function serve(
  launch: Launch,
  membership: Membership,
  context: ContainerContext,
  clock: Clock,
  log: ProcessLog,
): Promise<number> {
  const owned = new DisposableStore();
  try {
    const engines = owned.add(new PodEngines(launch, context.podIp, clock, membership.loop));
    for (const [port, server] of serversOf(launch, serverOptions(launch, engines, membership, context, log))) {
      owned.add(context.network.listen(context.podIp, port, server));
    }
    return await watch(engines, launch, membership, context, clock, log);
  } finally {
    if (context.signal.aborted) logShutdown(launch, log);
    owned.dispose();
  }
}

/** uvicorn's farewell on SIGTERM. */
function logShutdown({ processes: { server }, version }: Launch, log: ProcessLog): void {
  if (version.minor >= 24)
    log.info(server, 'launcher.py:118', '[shutdown] API server: SIGTERM received, draining requests');
  for (const line of ['Shutting down', 'Waiting for application shutdown.', 'Application shutdown complete.'])
    log.raw(server, `INFO:     ${line}`, 'stderr');
}

type OptionsOf = (only?: number) => ApiServerOptions;

function serverOptions(
  launch: Launch,
  engines: PodEngines,
  membership: Membership,
  context: ContainerContext,
  log: ProcessLog,
): OptionsOf {
  const startedAt = context.time.now();
  return (only) => {
    const served = engines.ranks.filter((rank) => only === undefined || rank.index === only);
    const directory = launch.config.profilerDirectory;
    const profiler =
      directory === undefined
        ? undefined
        : new PodProfiler({
            launch,
            directory,
            context,
            log,
            ranks: served.map((rank) => rank.index),
            loopOf: (rank) => engines.loopOf(rank),
          });
    return {
      launch,
      engine: engines.port(only),
      ranks: served,
      profiler: () => (hasFault(context.annotations(), 'profiling-disabled') ? undefined : profiler),
      healthy: () => !membership.lost.aborted,
      startedAt,
      log: (line) => log.raw(launch.processes.server, line),
    };
  };
}

/** Ports and servers: one for the pod, or one a rank and a supervisor; a headless pod has none. */
function* serversOf(launch: Launch, options: OptionsOf): Iterable<readonly [number, Server]> {
  const { config, ranks } = launch;
  if (config.headless) return;
  if (config.loadBalancing !== 'multi-port') {
    yield [config.port, createApiServer(options())];
    return;
  }
  for (const [index, rank] of ranks.entries()) yield [config.port + index, createApiServer(options(rank))];
  yield [config.supervisorPort, createApiServer(options())];
}

/** Writes the ten-second lines and looks for injected faults until the container is to end. Rejects when that is so. */
async function watch(
  engines: PodEngines,
  launch: Launch,
  membership: Membership,
  context: ContainerContext,
  clock: Clock,
  log: ProcessLog,
): Promise<number> {
  const stats = new StatsLog(launch.version);
  const signal = AbortSignal.any([context.signal, membership.lost]);
  for (let tick = 1; ; tick += 1) {
    await sleep(clock, TICK_MS, signal);
    if (hasFault(context.annotations(), 'crash-serving') && engines.ranks.some((rank) => rank.running > 0))
      return crash(launch, log);
    if (tick % ((STATS_INTERVAL_S * 1000) / TICK_MS) !== 0) continue;
    for (const line of stats.lines(engines.ranks, STATS_INTERVAL_S))
      log.info(launch.processes.server, 'loggers.py:127', line);
  }
}

function crash({ processes, config }: Launch, log: ProcessLog): number {
  const worker = processes.worker(config.startRank);
  log.record(
    'ERROR',
    worker,
    'multiproc_executor.py:671',
    [
      'WorkerProc hit an exception.',
      'Traceback (most recent call last):',
      '  File "/opt/vllm/vllm/v1/executor/multiproc_executor.py", line 666, in worker_busy_loop',
      '    output = func(*args, **kwargs)',
      'torch.AcceleratorError: CUDA error: an illegal memory access was encountered',
    ].join('\n'),
  );
  log.record('ERROR', processes.engine(config.startRank), 'core.py:710', 'EngineCore encountered a fatal error.');
  log.record(
    'ERROR',
    processes.server,
    'async_llm.py:480',
    'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.',
  );
  return 1;
}

/** The other pod of the group went away: this one waited for it in an all-to-all and gives up. */
function reportLostPeer({ processes, config }: Launch, log: ProcessLog): number {
  log.raw(
    processes.worker(config.startRank),
    `DeepEP timeout check failed: rank = ${config.startRank}, thread = 0, value = 1024`,
  );
  log.record('ERROR', processes.engine(config.startRank), 'core.py:710', 'EngineCore encountered a fatal error.');
  log.record(
    'ERROR',
    processes.server,
    'async_llm.py:480',
    'vllm.v1.engine.exceptions.EngineDeadError: EngineCore encountered an issue. See stack trace (above) for the root cause.',
  );
  return 1;
}

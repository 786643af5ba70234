import { sleep, throwIfAborted, type Clock } from '../../base/clock.ts';
import { isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { lookAtRun, PASSING, type ContainerRun, type RunState } from './container-run.ts';
import { refusal, type JsonCalls } from '../http/json-calls.ts';
import { LOG_LINE_BYTES } from '../limits.ts';
import { LineSplitter } from '../http/lines.ts';
import { Liveness } from '../http/liveness.ts';
import { gapLine, LogPosition, nanoseconds } from './log-position.ts';
import { networkError } from '../http/network-errors.ts';
import { Pods, resourcePath } from '../resources.ts';
import { describeSubject, subjectOf } from '../http/status.ts';
import type { Transport } from '../http/transport.ts';
import type { ClusterRef } from '../types.ts';
import type { LogLine, LogOptions } from './types.ts';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A container that is about to start, or waits for its image, is asked for this often. */
const START_POLL_MS = 1000;
/** What a pod says of its runs comes later than what they write; seldom by more than this. */
const STATUS_DELAY_MS = 2000;
/** A container may be silent for as long as it likes; that its connection is not dead is seen by asking again now and then. */
const SILENCE_MS = 120_000;

export interface LogDependencies {
  readonly cluster: ClusterRef;
  readonly calls: JsonCalls;
  readonly transport: Transport;
  readonly clock: Clock;
}

/** A container's log line by line; see `KubeClient.logs`. */
export function readLogs(deps: LogDependencies, options: LogOptions): AsyncGenerator<LogLine> {
  return options.follow === true ? followRun(deps, options) : readOnce(deps, options, 'whole');
}

/** Follows one run of the container from its start to its last line, over whatever breaks on the way. */
async function* followRun(deps: LogDependencies, options: LogOptions): AsyncGenerator<LogLine> {
  const run = await startedRun(deps, options);
  const position = new LogPosition();
  let connected = false;
  let failures = 0;
  for (;;) {
    let whole = false;
    try {
      const opened = (): void => {
        connected = true;
        failures = 0;
      };
      whole = true;
      for await (const line of readOnce(deps, position.resume(options), 'following', opened)) {
        // Between two connections the next run may have begun: then this line is its, and no rotation.
        if (position.leavesGap(line) && (await isFollowed(deps, options, run))) {
          whole = false;
          break;
        }
        yield* position.take(line);
      }
    } catch (error) {
      throwIfAborted(options.signal);
      if (!connected || !isPassing(error)) throw error;
      whole = false;
      failures += 1;
    }
    const end = endOf(await lookAtRun((request) => deps.calls.call(request), options), run, whole);
    if (end !== 'runs' && (yield* readEnd(deps, options, run, position, end, whole))) return;
    await sleep(deps.clock, Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 5)), options.signal);
  }
}

/** Waits for the container's first run. Undefined: it cannot be told which one it is. */
async function startedRun(deps: LogDependencies, options: LogOptions): Promise<ContainerRun | undefined> {
  for (;;) {
    const state = await lookAtRun((request) => deps.calls.call(request), options);
    if (state.kind === 'unknown' && isPassing(state.error)) throw state.error;
    if (state.kind !== 'waiting') return state.kind === 'run' ? state.run : undefined;
    await sleep(deps.clock, START_POLL_MS, options.signal);
  }
}

/** How a followed run stands: it runs on, has ended, has been followed by the next one, or cannot be asked for any more. */
type End = 'runs' | 'ended' | 'restarted' | 'lost';

function endOf(state: RunState, run: ContainerRun | undefined, whole: boolean): End {
  switch (state.kind) {
    case 'gone':
      return 'lost';
    case 'waiting':
      // Only a recreated pod has no run yet.
      return run === undefined ? 'runs' : 'lost';
    case 'unknown':
      return whole && run === undefined ? 'ended' : 'runs';
    case 'run':
      if (run !== undefined && state.run.uid !== run.uid) return 'lost';
      if (run !== undefined && state.run.restarts > run.restarts)
        return state.run.restarts === run.restarts + 1 ? 'restarted' : 'lost';
      return state.running ? 'runs' : 'ended';
  }
}

/** Whether another run has the log by now. */
async function isFollowed(deps: LogDependencies, options: LogOptions, run: ContainerRun | undefined): Promise<boolean> {
  if (run === undefined) return false;
  const look = async (): Promise<boolean> =>
    ['restarted', 'lost'].includes(endOf(await lookAtRun((request) => deps.calls.call(request), options), run, false));
  if (await look()) return true;
  await sleep(deps.clock, STATUS_DELAY_MS, options.signal);
  return look();
}

/** What a run that is over has left to say. False: its end could not be read now, but may be later. */
async function* readEnd(
  deps: LogDependencies,
  options: LogOptions,
  run: ContainerRun | undefined,
  position: LogPosition,
  end: Exclude<End, 'runs'>,
  whole: boolean,
): AsyncGenerator<LogLine, boolean> {
  const time = new Date(deps.clock.now()).toISOString();
  if (end === 'lost') {
    if (!whole)
      yield gapLine('pod-gone', time, 'at the end: the connection broke, and what the container wrote is gone');
    return true;
  }
  try {
    const rest = { ...position.resume(options), follow: false, ...(end === 'restarted' ? { previous: true } : {}) };
    for await (const line of readOnce(deps, rest, 'whole')) {
      // It was over a moment ago; by now the next one may have begun.
      if (end === 'ended' && position.leavesGap(line) && (await isFollowed(deps, options, run)))
        return yield* readEnd(deps, options, run, position, 'restarted', whole);
      yield* position.take(line);
    }
    yield* position.finish();
    return true;
  } catch (error) {
    throwIfAborted(options.signal);
    if (isPassing(error)) return false;
    if (!isWorkbenchError(error, 'not-found', 'namespace-missing', 'invalid')) throw error;
    if (!whole)
      yield gapLine(
        end === 'restarted' ? 'restarted' : 'pod-gone',
        time,
        'at the end: the connection broke, and the log of this run is gone',
      );
    return true;
  }
}

function isPassing(error: unknown): boolean {
  return isWorkbenchError(error, ...PASSING);
}

/** One request. `following`: a last line without its newline may be half a line, and comes again. */
async function* readOnce(
  deps: LogDependencies,
  options: LogOptions,
  mode: 'whole' | 'following',
  opened?: () => void,
): AsyncGenerator<LogLine> {
  const path = resourcePath(Pods, options.namespace, options.pod, 'log');
  const subject = subjectOf('GET', path);
  const doing = describeSubject(subject, deps.cluster);
  const response = await deps.transport.send({
    path,
    accept: '*/*',
    query: {
      container: options.container,
      follow: options.follow === true ? true : undefined,
      previous: options.previous === true ? true : undefined,
      tailLines: options.tailLines,
      sinceTime: options.sinceTime,
      timestamps: true,
    },
    signal: options.signal,
  });
  if (response.status !== 200)
    throw await refusal(response, subject, deps.cluster).catch((error: unknown) =>
      networkError(error, doing, deps.cluster),
    );
  opened?.();
  const liveness = new Liveness(deps.clock, SILENCE_MS, () => {
    deps.transport.dropIdle();
    response.body.destroy(
      new WorkbenchError({
        code: 'connection-lost',
        message: `cannot ${doing}: nothing came for ${SILENCE_MS / 1000} s`,
        hint: 'The connection may be dead; try again.',
      }),
    );
  });
  const splitter = new LineSplitter(LOG_LINE_BYTES);
  try {
    for await (const chunk of response.body) {
      for (const line of splitter.push(chunk as Buffer)) yield parseLine(line);
      // After the lines were taken: whoever takes them slowly does not make the connection silent.
      liveness.heard();
    }
  } catch (error) {
    throw networkError(error, doing, deps.cluster);
  } finally {
    liveness.dispose();
    response.body.destroy();
  }
  const rest = splitter.rest();
  if (rest !== '' && mode === 'whole') yield parseLine(rest);
}

function parseLine(line: string): LogLine {
  const space = line.indexOf(' ');
  const time = space < 0 ? line : line.slice(0, space);
  if (nanoseconds(time) === undefined) return { time: '', text: line };
  return { time, text: space < 0 ? '' : line.slice(space + 1).replace(/\r$/, '') };
}

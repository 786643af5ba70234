import { sleep, throwIfAborted, type Clock } from '../base/clock.ts';
import { isWorkbenchError, type ErrorCode } from '../base/errors.ts';
import { arrayAt, at, stringAt } from '../base/json.ts';
import { parseStatus, readText, type JsonCalls } from './json-calls.ts';
import { LineSplitter } from './lines.ts';
import { networkError } from './network-errors.ts';
import { Pods, resourcePath } from './resources.ts';
import { describeSubject, errorFromStatus, subjectOf } from './status.ts';
import type { Transport } from './transport.ts';
import type { ClusterRef, LogLine, LogOptions } from './types.ts';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const PASSING: readonly ErrorCode[] = ['connection-lost', 'cluster-unreachable', 'timeout', 'server-error', 'too-many-requests'];

export interface LogDependencies {
  readonly cluster: ClusterRef;
  readonly calls: JsonCalls;
  readonly transport: Transport;
  readonly clock: Clock;
}

/**
 * A container's log line by line. With `follow` it goes on over broken connections and rotation, without losing or
 * doubling a line, until the container has ended or its pod is gone.
 */
export async function* readLogs(deps: LogDependencies, options: LogOptions): AsyncGenerator<LogLine> {
  const position = new LogPosition();
  let failures = 0;
  for (;;) {
    let complete = false;
    try {
      for await (const line of readOnce(deps, position.resume(options))) {
        if (!position.isNew(line)) continue;
        failures = 0;
        yield line;
      }
      complete = true;
    } catch (error) {
      throwIfAborted(options.signal);
      const passing = isWorkbenchError(error, ...PASSING) && (position.started || failures > 0);
      if (options.follow !== true || !passing) throw error;
      failures += 1;
    }
    if (options.follow !== true || (complete && !(await stillRuns(deps, options)))) return;
    await sleep(deps.clock, Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 5)), options.signal);
  }
}

/** How far a log was read: the last time stamp and how many lines carried it. */
class LogPosition {
  #last: { readonly time: string; readonly ns: bigint; lines: number } | undefined;
  /** Lines of the last time stamp that the next connection sends again. */
  #repeated = 0;

  get started(): boolean {
    return this.#last !== undefined;
  }

  resume(options: LogOptions): LogOptions {
    if (this.#last === undefined) return options;
    this.#repeated = this.#last.lines;
    const { tailLines: _read, ...rest } = options;
    return { ...rest, sinceTime: this.#last.time };
  }

  /** The server rounds `sinceTime` to the second, so what was read already comes again. */
  isNew(line: LogLine): boolean {
    const ns = nanoseconds(line.time);
    if (ns === undefined) return true;
    if (this.#last === undefined || ns > this.#last.ns) {
      this.#last = { time: line.time, ns, lines: 1 };
      this.#repeated = 0;
      return true;
    }
    if (ns < this.#last.ns) return this.#repeated === 0;
    if (this.#repeated > 0) {
      this.#repeated -= 1;
      return false;
    }
    this.#last.lines += 1;
    return true;
  }
}

/** RFC 3339 with up to nine decimals, whose trailing zeros the kubelet leaves out. */
function nanoseconds(time: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

async function* readOnce(deps: LogDependencies, options: LogOptions): AsyncGenerator<LogLine> {
  const path = resourcePath(Pods, options.namespace, options.pod, 'log');
  const subject = subjectOf('GET', path);
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
  if (response.status !== 200) throw errorFromStatus(response.status, parseStatus(await readText(response)), subject, deps.cluster);
  const splitter = new LineSplitter();
  try {
    for await (const chunk of response.body) {
      for (const line of splitter.push(chunk as Buffer)) yield parseLine(line);
    }
  } catch (error) {
    throw networkError(error, describeSubject(subject, deps.cluster), deps.cluster);
  } finally {
    response.body.destroy();
  }
  const rest = splitter.rest();
  if (rest !== '') yield parseLine(rest);
}

function parseLine(line: string): LogLine {
  const space = line.indexOf(' ');
  const time = space < 0 ? line : line.slice(0, space);
  if (nanoseconds(time) === undefined) return { time: '', text: line };
  return { time, text: space < 0 ? '' : line.slice(space + 1).replace(/\r$/, '') };
}

/** Whether the stream may have more to say: rotation and idle limits end it early, the container's end for good. */
async function stillRuns(deps: LogDependencies, options: LogOptions): Promise<boolean> {
  try {
    const pod = await deps.calls.call({ path: resourcePath(Pods, options.namespace, options.pod), signal: options.signal });
    const statuses = [...arrayAt(pod, 'status', 'containerStatuses'), ...arrayAt(pod, 'status', 'initContainerStatuses')];
    const status = options.container === undefined ? statuses[0] : statuses.find((entry) => stringAt(entry, 'name') === options.container);
    return at(status, 'state', 'running') !== undefined;
  } catch (error) {
    if (isWorkbenchError(error, 'not-found', 'namespace-missing')) return false;
    if (isWorkbenchError(error, ...PASSING)) return true;
    throw error;
  }
}

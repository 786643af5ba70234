import type { LogLine } from '../../kube/streams/types.ts';
import { symptomOf, type Symptom } from './failures.ts';
import { parseServerLine, processOf } from './line.ts';
import type { Cause, RankLog } from './types.ts';

interface Candidate extends Symptom {
  readonly log: RankLog;
  readonly entry: LogLine;
  readonly process: string | undefined;
  readonly message: string;
}

const FAILED =
  /^(?:WorkerProc (?:failed to start|hit an exception)|EngineCore (?:failed to start|encountered a fatal error))/;
const EXCEPTION = /^\w[\w.]*(?:Error|Exception): /;

/**
 * The first root cause in the logs of a group: the earliest one over all pods by the kubelet's time. Inside a pod a
 * worker's word counts before its engine's, and that before the API server's, since each repeats what the other died of.
 * Without a root, the earliest echo.
 */
export function firstCause(logs: readonly RankLog[]): Cause | undefined {
  const found = logs.map(candidatesOf);
  const roots = found.flatMap((candidates) => nearest(candidates.filter((each) => each.certainty === 'root')));
  const chosen = earliest(roots) ?? killed(logs) ?? earliest(found.flat());
  return chosen && causeOf(chosen);
}

function candidatesOf(log: RankLog): readonly Candidate[] {
  const lines = log.lines.map((entry) => ({ entry, ...parseServerLine(entry.text) }));
  const known = lines.flatMap(({ entry, processes, message }): readonly Candidate[] => {
    const symptom = symptomOf(message);
    return symptom === undefined ? [] : [{ ...symptom, log, entry, process: processes.at(-1), message }];
  });
  if (known.some((each) => each.certainty === 'root')) return known;
  const raised = lastException(log);
  return raised === undefined ? known : [raised, ...known];
}

/** An error that no rule knows: the exception that ends the first traceback of a worker or an engine. */
function lastException(log: RankLog): Candidate | undefined {
  const lines = log.lines.map((entry) => ({ entry, line: parseServerLine(entry.text) }));
  const from = lines.findIndex(({ line }) => FAILED.test(line.message));
  const process = from < 0 ? undefined : lines[from];
  if (process === undefined) return undefined;
  const name = processOf(process.line);
  const rest = lines.slice(from + 1);
  const end = rest.findIndex(({ line }) => processOf(line) !== name);
  const raised = rest.slice(0, end < 0 ? undefined : end).findLast(({ line }) => EXCEPTION.test(line.message));
  if (raised === undefined || symptomOf(raised.line.message) !== undefined) return undefined;
  const { message } = raised.line;
  return {
    title: message,
    hint: 'Read the traceback below.',
    certainty: 'root',
    log,
    entry: raised.entry,
    process: name,
    message,
  };
}

/** The kernel says nothing in the container's log when it kills. */
function killed(logs: readonly RankLog[]): Candidate | undefined {
  const log = logs.find(({ exit }) => exit?.includes('OOMKilled') === true);
  if (log === undefined) return undefined;
  const entry = log.lines.at(-1) ?? { time: '', text: '' };
  return {
    title: 'OOMKilled',
    hint: 'The container exceeded its memory limit: raise it, or load with fewer processes at once.',
    certainty: 'root',
    log,
    entry,
    process: undefined,
    message: log.exit ?? '',
  };
}

function nearest(candidates: readonly Candidate[]): readonly Candidate[] {
  const first = Math.min(...candidates.map(distance));
  return candidates.filter((each) => distance(each) === first);
}

function distance({ process }: Candidate): number {
  if (process === undefined || /^(?:Vllm)?Worker/.test(process)) return 0;
  return process.startsWith('EngineCore') ? 1 : 2;
}

function earliest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.toSorted((a, b) => timeOf(a) - timeOf(b))[0];
}

function timeOf({ entry }: Candidate): number {
  const time = Date.parse(entry.time);
  return Number.isNaN(time) ? Number.POSITIVE_INFINITY : time;
}

function causeOf({ title, hint, certainty, log, entry, process, message }: Candidate): Cause {
  return { title, hint, certainty, pod: log.pod, rank: log.rank, process, time: entry.time, line: message };
}

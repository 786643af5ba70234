import { sleep, type Clock } from '../../base/clock.ts';
import { lookAtRun, type ContainerRun, type RunState } from './container-run.ts';
import type { KubeClient } from '../types.ts';
import type { LogLine, LogOptions } from './types.ts';

/** A crash loop waits up to five minutes between two runs; a group that is recreated comes back sooner. */
const PATIENCE_MS = 330_000;
const POLL_MS = 2000;

/** What following a container tells: its lines, and how one run passed into the next. */
export type LogEvent =
  | { readonly kind: 'line'; readonly line: LogLine }
  /** The run that was read is over. */
  | { readonly kind: 'ended'; readonly exit: string | undefined }
  /** Another run begins: in the same pod, or in a new one of its name. `missed`: runs between the two that were too short to be seen. */
  | { readonly kind: 'started'; readonly again: 'restarted' | 'pod made anew'; readonly missed: number }
  /** Nothing more is to come, nothing came for some minutes, or it may not be known (pods may not be read). */
  | { readonly kind: 'over'; readonly why: 'completed' | 'pod gone' | 'not started again' | 'not told' };

type Followed = Omit<LogOptions, 'follow' | 'previous' | 'sinceTime'>;

/** Follows a container's log through its restarts and through pods that are recreated under its name. */
export async function* followContainer(
  client: Pick<KubeClient, 'json' | 'logs'>,
  options: Followed,
  clock: Clock,
): AsyncGenerator<LogEvent> {
  const look = (): Promise<RunState> => lookAtRun((request) => client.json(request), options);
  for (let tail = options.tailLines; ;) {
    const before = await look();
    const reading = { ...options, follow: true, ...(tail === undefined ? {} : { tailLines: tail }) };
    for await (const line of client.logs(tail === undefined ? withoutTail(reading) : reading))
      yield { kind: 'line', line };
    // Which run it was that was read: one that had not begun is the first that there is.
    const run = before.kind === 'run' ? before.run : undefined;
    const next = yield* nextRun(look, run, clock, options.signal);
    if (next === undefined) return;
    // Of a run that begins now nothing is too old to be read.
    tail = undefined;
  }
}

function withoutTail({ tailLines: _all, ...rest }: LogOptions): LogOptions {
  return rest;
}

/** Waits for the run after this one. */
async function* nextRun(
  look: () => Promise<RunState>,
  run: ContainerRun | undefined,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<LogEvent, ContainerRun | undefined> {
  const until = clock.monotonic() + PATIENCE_MS;
  let last = await look();
  const known = run ?? (last.kind === 'run' && !last.running ? last.run : undefined);
  yield { kind: 'ended', exit: last.kind === 'run' ? last.exit : undefined };
  for (;;) {
    // A run that is over again already has left its log.
    if (last.kind === 'run' && isAnother(last.run, known)) {
      const anew = known !== undefined && known.uid !== last.run.uid;
      yield {
        kind: 'started',
        again: anew ? 'pod made anew' : 'restarted',
        missed: last.run.restarts - (anew ? 0 : (known?.restarts ?? 0) + 1),
      };
      return last.run;
    }
    const why = overBecause(last);
    if (why !== undefined || clock.monotonic() > until) {
      yield { kind: 'over', why: why ?? (last.kind === 'gone' ? 'pod gone' : 'not started again') };
      return undefined;
    }
    await sleep(clock, POLL_MS, signal);
    last = await look();
  }
}

/** Why no further run will come or be seen; undefined: one may. */
function overBecause(state: RunState): 'completed' | 'not told' | undefined {
  if (state.kind === 'run' && state.final) return 'completed';
  return state.kind === 'unknown' && state.error.code === 'forbidden' ? 'not told' : undefined;
}

function isAnother(run: ContainerRun, known: ContainerRun | undefined): boolean {
  return run.uid !== known?.uid || run.restarts > known.restarts;
}

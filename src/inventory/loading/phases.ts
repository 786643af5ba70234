import type { LogLine } from '../../kube/streams/types.ts';
import { dataParallelRank, parseServerLine } from './line.ts';
import { milestone, silence, type Milestone } from './milestones.ts';
import { PHASES, type LoadingPhase, type PhaseName } from './types.ts';

interface RankState {
  readonly told: Milestone;
  readonly since: number;
  /** Whether its worker has spoken: only then is its silence a sign of being behind. */
  readonly worker: boolean;
}

/** Place of a phase in the order of a start-up. */
export function orderOf(phase: PhaseName): number {
  return PHASES.indexOf(phase);
}

/** Reads the log of one run of one container, line by line, and knows how far the pod is: as far as the slowest rank that speaks. */
export class PhaseReader {
  readonly #ranks = new Map<number | undefined, RankState>();
  #stalledSeconds = 0;

  /** True when the line changed what is known. */
  feed({ time, text }: LogLine): boolean {
    const line = parseServerLine(text);
    const waited = silence(line.message);
    if (waited !== undefined) {
      this.#stalledSeconds += waited;
      return true;
    }
    const told = milestone(line.message);
    if (told === undefined) return false;
    const rank = dataParallelRank(line);
    const at = Date.parse(time);
    // A server without a rank of its own answers for all of them.
    const concerned =
      rank === undefined && told.speaker === 'server' && this.#ranks.size > 0 ? [...this.#ranks.keys()] : [rank];
    const changed = concerned.map((each) => this.#tell(each, told, at)).includes(true);
    if (changed) this.#stalledSeconds = 0;
    return changed;
  }

  get phase(): LoadingPhase | undefined {
    const states = this.#ranks.values().toArray();
    const workers = states.filter((state) => state.worker);
    const [first, ...others] = workers.length > 0 ? workers : states;
    if (first === undefined) return undefined;
    // Before a worker speaks, a server that waits says less than the engines that it started.
    const telling = others.reduce((a, b) => (isBehind(b.told, a.told) === workers.length > 0 ? b : a), first);
    const { speaker: _speaker, ...told } = telling.told;
    return {
      ...told,
      since: telling.since,
      ...(this.#stalledSeconds > 0 && !isBusy(told.phase) ? { stalledSeconds: this.#stalledSeconds } : {}),
    };
  }

  #tell(rank: number | undefined, told: Milestone, at: number): boolean {
    const before = this.#ranks.get(rank);
    if (before !== undefined && !follows(before.told.phase, told.phase)) return false;
    const same = before?.told.phase === told.phase;
    this.#ranks.set(rank, {
      told,
      since: same ? before.since : at,
      worker: before?.worker === true || told.speaker === 'worker',
    });
    return true;
  }
}

/** From compilation on the order of lines differs between releases, so there the latest counts; before, nothing goes back. */
function follows(before: PhaseName, next: PhaseName): boolean {
  const settled = orderOf('compiling');
  return (
    orderOf(next) >= orderOf(before) || (orderOf(before) > settled && orderOf(next) >= settled && before !== 'serving')
  );
}

/** Of two phases, whether the first is behind the second. */
export function isBehind(
  one: Pick<LoadingPhase, 'phase' | 'percent'>,
  other: Pick<LoadingPhase, 'phase' | 'percent'>,
): boolean {
  return (
    orderOf(one.phase) - orderOf(other.phase) < 0 ||
    (one.phase === other.phase && (one.percent ?? 0) < (other.percent ?? 0))
  );
}

/** In these phases a process is silent for minutes because it works. */
function isBusy(phase: PhaseName): boolean {
  return phase === 'compiling' || phase === 'graphs';
}

import type { Disposable } from '../../../../base/disposables.ts';
import type { Clock } from '../../../../base/clock.ts';
import { EngineRank } from '../../engine/engine-rank.ts';
import { KvCache } from '../../engine/kv-cache.ts';
import { hashText, seededRandom } from '../../../random.ts';
import type { GenerationRequest } from '../../engine/request.ts';
import { StepLoop } from '../../engine/step-loop.ts';
import type { EnginePort, Submission } from '../openai/engine-port.ts';
import type { Launch } from './launch.ts';

/** A rank and the loop that steps it. */
interface SteppedRank {
  readonly rank: EngineRank;
  readonly loop: StepLoop;
}

/** The engines of one pod. With expert parallelism they advance with the whole group, else each alone. */
export class PodEngines implements Disposable {
  readonly #stepped: readonly SteppedRank[];
  readonly #launch: Launch;
  readonly #podIp: string;

  constructor(launch: Launch, podIp: string, clock: Clock, groupLoop: StepLoop) {
    const { config } = launch;
    this.#launch = launch;
    this.#podIp = podIp;
    this.#stepped = launch.ranks.map((index) => {
      const cache = new KvCache(launch.kvBlocks, config.blockSize, config.prefixCaching);
      const rank = new EngineRank(index, cache, launch.performance, config);
      const loop = config.expertParallel ? groupLoop : new StepLoop(clock, seededRandom(hashText(`${podIp}/${index}`)));
      loop.join(rank);
      return { rank, loop };
    });
  }

  get ranks(): readonly EngineRank[] {
    return this.#stepped.map(({ rank }) => rank);
  }

  /** The loop that steps a rank of this pod. */
  loopOf(index: number): StepLoop {
    const found = this.#stepped.find(({ rank }) => rank.index === index);
    if (found === undefined) throw new Error(`no data-parallel rank ${index} in this pod`);
    return found.loop;
  }

  /** The engines as an API server sees them: all of the pod's, or the one rank that the server stands for. */
  port(only?: number): EnginePort {
    const { config, maxModelLen } = this.#launch;
    const served = only === undefined ? this.#stepped : this.#stepped.filter(({ rank }) => rank.index === only);
    return {
      model: config.model,
      modelNames: config.servedModelNames,
      maxModelLen,
      blockSize: config.blockSize,
      engineId: `${this.#podIp}-dp${only ?? config.startRank}`,
      host: this.#podIp,
      submit: (request, rank) => submit(served, request, rank),
    };
  }

  dispose(): void {
    for (const { rank, loop } of this.#stepped) loop.leave(rank);
  }
}

function submit(served: readonly SteppedRank[], request: GenerationRequest, rank: number | undefined): Submission {
  const pinned = rank === undefined ? undefined : served.find((each) => each.rank.index === rank);
  const chosen = pinned ?? leastBusy(served);
  const active = chosen.rank.add(request, performance.now());
  chosen.loop.wake();
  return { abort: () => chosen.rank.abort(active) };
}

/** vLLM's rule: a waiting request weighs four running ones. */
function leastBusy(served: readonly SteppedRank[]): SteppedRank {
  return served.reduce((best, each) => (load(each.rank) < load(best.rank) ? each : best));
}

function load(rank: EngineRank): number {
  return rank.waiting * 4 + rank.running;
}

import { systemClock, type Clock } from '../../../base/clock.ts';
import type { ClusterView, ContainerProgram } from '../types.ts';
import { vllmProgram } from './vllm/program.ts';

/** The programs that the demo's containers run. `view` is the cluster as the gateway and the endpoint picker see it. */
export function programs(_view: ClusterView, clock: Clock = systemClock): readonly ContainerProgram[] {
  return [vllmProgram(clock)];
}

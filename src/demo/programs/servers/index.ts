import { systemClock, type Clock } from '../../../base/clock.ts';
import type { ClusterView, ContainerProgram } from '../../nodes/types.ts';
import { endpointPickerProgram } from '../routing/endpoint-picker.ts';
import { gatewayProgram } from '../routing/gateway.ts';
import { Pickers } from '../routing/pickers.ts';
import { routingProxyProgram } from '../routing/routing-proxy.ts';
import { vllmProgram } from './vllm/program.ts';

/** The programs that the demo's containers run. `view` is the cluster as the gateway and the endpoint picker see it. */
export function programs(view: ClusterView, clock: Clock = systemClock): readonly ContainerProgram[] {
  const pickers = new Pickers();
  return [vllmProgram(clock), routingProxyProgram, endpointPickerProgram(view, pickers), gatewayProgram(view, pickers)];
}

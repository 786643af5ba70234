import { timestamp } from '../core/conditions.ts';
import { stringAt, type Json } from '../core/objects.ts';

export const GATEWAY_GROUP = 'gateway.networking.k8s.io';
export const POOL_GROUPS = ['inference.networking.k8s.io', 'inference.networking.x-k8s.io'] as const;

/** The one gateway implementation that the demo has. */
export const CLASS_NAME = 'istio';
export const CONTROLLER_NAME = 'istio.io/gateway-controller';

export const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';
export const CLASS_LABEL = 'gateway.networking.k8s.io/gateway-class-name';
export const POOL_LABEL = 'istio.io/inferencepool-name';

/** The port that stands for a pool's service; its real ports are those of the pool. */
export const POOL_SERVICE_PORT = 54_321;

export function deploymentName(gateway: string): string {
  return `${gateway}-${CLASS_NAME}`;
}

/** A condition in the form of the Gateway API; its transition time moves with its status only. */
export function condition(
  before: readonly unknown[],
  generation: number,
  now: number,
  type: string,
  holds: boolean,
  reason: string,
  message: string,
): Json {
  const known = before.find((one) => stringAt(one, 'type') === type);
  const status = holds ? 'True' : 'False';
  const since = stringAt(known, 'status') === status ? stringAt(known, 'lastTransitionTime') : undefined;
  return { type, status, reason, message, observedGeneration: generation, lastTransitionTime: since ?? timestamp(now) };
}

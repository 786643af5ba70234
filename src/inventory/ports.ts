import type { ContainerView, PodView } from './types.ts';

/** vLLM's own default. */
const DEFAULT_PORT = 8000;

/** How releases name the API server's port; on decode pods `rankN` is the routing proxy's, in a container of its own. */
const PORT_NAME = /^(?:vllm|modelserver|http|metrics|(?:vllm-)?rank\d+)$/;
const RANK_NAME = /^(?:vllm-)?rank\d+$/;

/**
 * The ports of a pod's vLLM API servers, one a rank that has its own, lowest first. Never those of the routing proxy
 * in front of them. Empty when no container of the pod is a vLLM server.
 */
export function apiServerPorts(pod: PodView): readonly number[] {
  const ports = pod.containers.filter(isServer).flatMap(serverPorts);
  return [...new Set(ports)].sort((a, b) => a - b);
}

/** The container that runs vLLM, with an API server or without one (`--headless`). */
export function serverContainer(pod: PodView): ContainerView | undefined {
  return pod.containers.find(isServer);
}

/** The ports that a server container declares a data-parallel rank each; none where one API server stands for all. */
export function rankPorts(container: ContainerView): readonly number[] {
  return container.ports.filter(({ name }) => name !== undefined && RANK_NAME.test(name)).map(({ port }) => port);
}

function isServer(container: ContainerView): boolean {
  if (container.role !== 'main') return false;
  return /\bvllm\b/.test(container.command.join(' ')) || /^(vllm(-worker)?|modelserver)$/.test(container.name);
}

function serverPorts(container: ContainerView): readonly number[] {
  const ranks = rankPorts(container);
  if (ranks.length > 0) return ranks;
  const told = container.command
    .join(' ')
    .matchAll(/(?<![\w-])--port[= ]["']?(\d+)\b/g)
    .map((match) => Number(match[1]))
    .toArray();
  if (told.length > 0) return told;
  const named = container.ports.find(({ name }) => name !== undefined && PORT_NAME.test(name));
  return [named?.port ?? DEFAULT_PORT];
}

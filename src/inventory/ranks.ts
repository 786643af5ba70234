import { rankPorts, serverContainer } from './ports.ts';
import type { ContainerView, PodView } from './types.ts';

/**
 * The data-parallel ranks of a group that one of its pods runs. Wide-EP guides start `DP_SIZE_LOCAL` of them a pod,
 * from rank `LWS_WORKER_INDEX x DP_SIZE_LOCAL` on; newer ones give each an API server and a port of its own.
 * Undefined where nothing in the pod says how many there are.
 */
export function dataParallelRanks(
  pod: PodView,
  workerIndex: number,
): { readonly first: number; readonly last: number } | undefined {
  const server = serverContainer(pod);
  const count = server && localRanks(server);
  if (server === undefined || count === undefined) return undefined;
  const first = argument(server, 'data-parallel-start-rank') ?? workerIndex * count;
  return { first, last: first + count - 1 };
}

function localRanks(server: ContainerView): number | undefined {
  const told =
    argument(server, 'data-parallel-size-local') ??
    wholeNumber(server.env['DP_SIZE_LOCAL']) ??
    rankPorts(server).length;
  return told < 1 ? undefined : told;
}

/** A flag's value where it is a plain number; a computed one (`$((...))`) is left to the other ways of telling. */
function argument(server: ContainerView, flag: string): number | undefined {
  return wholeNumber(new RegExp(`--${flag}[= ]["']?(\\d+)(?![\\w$])`).exec(server.command.join(' '))?.[1]);
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

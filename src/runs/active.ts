import type { RunRecord } from './types.ts';

/** Whether a run has not ended yet, as its record says. */
export function isActive({ state }: RunRecord): boolean {
  return state === 'starting' || state === 'running';
}

import type { LoadingPhase, PhaseName } from './types.ts';

const WORDS: Readonly<Record<PhaseName, string>> = {
  starting: 'starting',
  distributed: 'joining its group',
  downloading: 'fetching weights',
  weights: 'weights',
  compiling: 'compiling',
  'kv-cache': 'KV cache, warming up',
  graphs: 'CUDA graphs',
  serving: 'serving, not ready yet',
};

/** `weights 61 % · ~2 min`. The time left is of this phase alone. */
export function phaseText(phase: LoadingPhase): string {
  const { percent, remainingSeconds, stalledSeconds } = phase;
  const word = phase.phase === 'graphs' && phase.detail !== undefined ? phase.detail : WORDS[phase.phase];
  return [
    `${word}${percent === undefined ? '' : ` ${percent} %`}`,
    remainingSeconds === undefined || remainingSeconds === 0 || stalledSeconds !== undefined
      ? ''
      : `~${duration(remainingSeconds)}`,
    stalledSeconds === undefined ? '' : `no word from a process for ${duration(stalledSeconds)}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

import type { OwnStreams } from './script-nodes.ts';

/** The variable that tells a streaming command which of its streams are the script's own, as letters: (i)n, (o)ut, (e)rr, (m)erged. */
export const liveVariable = '__LIVE';

export function readLiveStreams(value: string | undefined): OwnStreams {
  const has = (letter: string): boolean => value?.includes(letter) ?? false;
  return { stdin: has('i'), stdout: has('o'), stderr: has('e'), merged: has('m') };
}

export function liveLetters(streams: OwnStreams): string {
  return [
    streams.stdin ? 'i' : '',
    streams.stdout ? 'o' : '',
    streams.stderr ? 'e' : '',
    streams.merged && streams.stdout ? 'm' : '',
  ].join('');
}

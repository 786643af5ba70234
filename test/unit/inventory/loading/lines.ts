import type { LogLine } from '../../../../src/kube/streams/types.ts';
import { PhaseReader } from '../../../../src/inventory/loading/phases.ts';
import type { RankLog } from '../../../../src/inventory/loading/types.ts';

const START = Date.parse('2026-01-05T10:00:00Z');

/** Lines one second apart. */
export function logOf(texts: readonly string[], startSecond = 0): readonly LogLine[] {
  return texts.map((text, index) => ({ time: new Date(START + (startSecond + index) * 1000).toISOString(), text }));
}

export function record(process: string, message: string, level = 'INFO'): string {
  return `(${process} pid=71) ${level} 01-05 10:00:00 [some_file.py:12] ${message}`;
}

export function bar(process: string, percent: number, left: string): string {
  return `(${process} pid=71) \rLoading safetensors checkpoint shards: ${String(percent).padStart(3)}% Completed | ${percent}/100 [00:30<${left},  1.20s/it]`;
}

export function read(texts: readonly string[]): PhaseReader {
  const reader = new PhaseReader();
  for (const line of logOf(texts)) reader.feed(line);
  return reader;
}

export function rankLog(pod: string, rank: number, texts: readonly string[], startSecond = 0): RankLog {
  return { pod, rank, lines: logOf(texts, startSecond) };
}

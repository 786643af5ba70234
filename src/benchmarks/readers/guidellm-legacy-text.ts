import type { ResultPoint } from '../types.ts';
import { latency } from './latency.ts';
import { LONGEST_ROW } from './limits.ts';
import { EMPTY_POINT } from './reading.ts';
import { tableNumber } from './text-table.ts';

const SECOND = 1000;
const INFO_COLUMNS = 19;
const STATS_COLUMNS = 17;

/**
 * The tables of guidellm 0.2 and 0.3. Off a terminal each row is wrapped at 80 columns,
 * so physical lines are joined until a row has all of its separators.
 */
export function legacyPoints(lines: readonly string[]): ResultPoint[] {
  const infos = rows(lines, 'Benchmarks Info:', INFO_COLUMNS);
  return rows(lines, 'Benchmarks Stats:', STATS_COLUMNS).map((cells, index) => {
    const info = (infos[index] ?? []).map(tableNumber);
    const stats = cells.map(tableNumber);
    const load = /^(\w+)@([\d.]+)$/.exec(cells[0] ?? '');
    const level = tableNumber(load?.[2]);
    const concurrent = load?.[1] === 'concurrent';
    const latencies = (first: number, toMs: number): ResultPoint['ttft_ms'] =>
      latency({ mean: stats[first] ?? null, median: stats[first + 1] ?? null, p99: stats[first + 2] ?? null }, toMs);
    return {
      ...EMPTY_POINT,
      label: load ? `${load[1]} ${load[2]}${concurrent ? '' : '/s'}` : (cells[0] ?? 'run'),
      concurrency: concurrent ? level : null,
      request_rate: concurrent ? null : level,
      requests: { successful: info[4] ?? null, incomplete: info[5] ?? null, errored: info[6] ?? null },
      duration_s: info[3] ?? null,
      prompt_tokens: info[13] ?? null,
      output_tokens: info[16] ?? null,
      request_throughput: stats[1] ?? null,
      output_token_throughput: stats[3] ?? null,
      total_token_throughput: stats[4] ?? null,
      // The header of 0.2 says ms, but the figures are seconds in both versions.
      e2e_ms: latencies(5, SECOND),
      ttft_ms: latencies(8, 1),
      itl_ms: latencies(11, 1),
      tpot_ms: latencies(14, 1),
    };
  });
}

/** Data rows between the divider and the closing rule of the table under `title`. */
function rows(lines: readonly string[], title: string, columns: number): string[][] {
  const start = lines.findLastIndex((line) => line.trim() === title);
  if (start < 0) return [];
  const below = lines.slice(start + 1).map((line) => line.trim());
  const firstDivider = below.findIndex((line) => /^-[-|]*\|[-|]*$/.test(line));
  if (firstDivider < 0) return [];
  const afterDivider = below.slice(firstDivider).findIndex((line) => !/^[-|]+$/.test(line));
  const found: string[][] = [];
  let pending = '';
  for (const line of below.slice(firstDivider + afterDivider)) {
    if (/^=+$/.test(line) || line === '') break;
    pending = pending === '' ? line : `${pending} ${line}`;
    if (pending.length > LONGEST_ROW) break;
    const cells = pending.split('|').map((cell) => cell.trim());
    if (cells.length < columns || cells.at(-1) === '') continue;
    if (cells.length === columns) found.push(cells);
    pending = '';
  }
  return found;
}

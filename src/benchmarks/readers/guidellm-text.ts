import { WorkbenchError } from '../../base/errors.ts';
import type { ResultPoint } from '../types.ts';
import { legacyPoints } from './guidellm-legacy-text.ts';
import { latency } from './latency.ts';
import { EMPTY_POINT, type TextFormat } from './reading.ts';
import { pipeCells, plainLines, tableNumber } from './text-table.ts';

const SECOND = 1000;
const HEADER_ROWS = 3;
const LATENCY = 'Request Latency Statistics';
const THROUGHPUT = 'Server Throughput Statistics';
const SUMMARY = 'Run Summary Info';

/** guidellm's printed tables: framed by pipes from 0.4, wrapped at 80 columns in 0.2 and 0.3. */
export const guidellmText: TextFormat = {
  name: 'guidellm output',
  matches: (text) =>
    text.includes(THROUGHPUT) ||
    text.includes('Benchmarks Stats:') ||
    /guidellm|Setup complete, starting benchmarks/.test(text),
  read(text, path) {
    const lines = plainLines(text);
    const points = text.includes(THROUGHPUT) ? pipePoints(lines) : legacyPoints(lines);
    if (points.length === 0) {
      throw new WorkbenchError({
        code: 'no-result',
        message: `${path} is guidellm's output without its result tables`,
        hint: 'The run was stopped or failed before its end: its last lines say why.',
      });
    }
    const warnings = [
      {
        code: 'rounded',
        message:
          'read from a printed table: figures are rounded as printed, and what the table leaves out is missing. Prefer the JSON file of the run',
      },
    ];
    return { tool: 'guidellm', tool_version: null, points, scores: [], warnings };
  },
};

/** Rows of one table: figures by `group/unit/statistic`, e.g. `TTFT/ms/p95`. */
type Row = ReadonlyMap<string, string>;

function pipePoints(lines: readonly string[]): ResultPoint[] {
  const latencies = table(lines, LATENCY);
  const summaries = table(lines, SUMMARY);
  return table(lines, THROUGHPUT).map((row, index) => {
    const number = (from: Row | undefined, column: string): number | null => tableNumber(from?.get(column));
    const times = latencies[index];
    const summary = summaries[index];
    const stats = (group: string, unit: string, toMs: number): ResultPoint['ttft_ms'] =>
      latency({ median: number(times, `${group}/${unit}/Mdn`), p95: number(times, `${group}/${unit}/p95`) }, toMs);
    return {
      ...EMPTY_POINT,
      label: row.get('Benchmark/Strategy/') ?? 'run',
      duration_s: number(summary, 'Timings/Dur/Sec'),
      request_throughput: number(row, 'Requests/Per Sec/Mean'),
      output_token_throughput: number(row, 'Output Tokens/Per Sec/Mean'),
      total_token_throughput: number(row, 'Total Tokens/Per Sec/Mean'),
      prompt_tokens: number(summary, 'Input Tokens/Comp/Tot'),
      output_tokens: number(summary, 'Output Tokens/Comp/Tot'),
      ttft_ms: stats('TTFT', 'ms', 1),
      tpot_ms: stats('TPOT', 'ms', 1),
      itl_ms: stats('ITL', 'ms', 1),
      e2e_ms: stats('Request Latency', 'Sec', SECOND),
    };
  });
}

/** The rows under a title: three header rows between borders, then one row a benchmark. */
function table(lines: readonly string[], title: string): Row[] {
  const start = lines.findLastIndex((line) => line.includes(title));
  if (start < 0) return [];
  const framed = lines.slice(start + 1);
  const end = framed.findIndex((line) => !line.trim().startsWith('|'));
  const body = (end < 0 ? framed : framed.slice(0, end)).filter((line) => !line.trim().startsWith('|='));
  const divider = body.findIndex((line) => line.trim().startsWith('|-'));
  if (divider < 0) return [];
  const headers = body.slice(0, Math.min(divider, HEADER_ROWS)).map((line) => spread(pipeCells(line)));
  return body
    .slice(divider + 1)
    .map(
      (line) =>
        new Map(pipeCells(line).map((cell, column) => [headers.map((header) => header[column] ?? '').join('/'), cell])),
    );
}

/** A header that spans several columns is printed once, followed by empty cells. */
function spread(cells: readonly string[]): string[] {
  const spreaded: string[] = [];
  for (const cell of cells) spreaded.push(cell === '' ? (spreaded.at(-1) ?? '') : cell);
  return spreaded;
}

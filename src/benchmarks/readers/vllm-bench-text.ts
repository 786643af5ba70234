import { WorkbenchError } from '../../base/errors.ts';
import type { LatencyStats, ResultPoint } from '../types.ts';
import type { Warning } from '../../inventory/types.ts';
import { latency } from './latency.ts';
import { allFailed, EMPTY_POINT, type TextFormat } from './reading.ts';
import { plainLines, tableNumber } from './text-table.ts';
import { loadLabel } from './vllm-bench.ts';

const TITLE = /^=+ Serving Benchmark Result =+$/;
const END = /^={20,}$/;
const FIGURE = /^(?<label>[^:]+):\s+(?<value>\S+)\s*$/;

interface Block {
  /** What was printed since the block before. */
  readonly preface: readonly string[];
  readonly figures: ReadonlyMap<string, number>;
}

/** The tables that `vllm bench serve` prints, one a run. */
export const vllmBenchText: TextFormat = {
  name: 'vllm bench serve output',
  matches: (text) => /Serving Benchmark Result =|Starting main benchmark run|Traffic request rate:/.test(text),
  read(text, path) {
    const all = blocks(plainLines(text));
    const runs = all.filter((block) => !isCalibration(block));
    const chosen = runs.length > 0 ? runs : all.slice(1).slice(-1);
    if (chosen.length === 0) {
      throw new WorkbenchError({
        code: 'no-result',
        message: `${path} is the output of vllm bench serve without its result table`,
        hint: 'The run was stopped or failed before its end: its last lines say why.',
      });
    }
    const warnings: Warning[] = [];
    return {
      tool: 'vllm-bench',
      tool_version: null,
      points: chosen.map((block) => toPoint(block, warnings)),
      scores: [],
      warnings,
    };
  },
};

function blocks(lines: readonly string[]): Block[] {
  const found: Block[] = [];
  let preface: string[] = [];
  let figures: Map<string, number> | undefined;
  for (const raw of lines) {
    const line = raw.trim();
    if (TITLE.test(line)) figures = new Map();
    else if (!figures) preface.push(line);
    else if (END.test(line)) {
      found.push({ preface, figures });
      preface = [];
      figures = undefined;
    } else {
      const match = FIGURE.exec(line);
      const value = tableNumber(match?.groups?.['value']);
      // Versions differ in capitals: "Total Token throughput", "Total token throughput".
      if (match?.groups?.['label'] !== undefined && value !== null)
        figures.set(match.groups['label'].toLowerCase(), value);
    }
  }
  return found;
}

/** A calibration prints the same block before the run that it prepares. */
function isCalibration(block: Block): boolean {
  const marker = block.preface.findLast((line) => /calibrat|main benchmark run/i.test(line));
  return marker !== undefined && /calibrat/i.test(marker);
}

function toPoint({ preface, figures }: Block, warnings: Warning[]): ResultPoint {
  const get = (label: string): number | null => figures.get(label) ?? null;
  const successful = get('successful requests');
  const concurrency = get('maximum request concurrency');
  const rate = rateIn(preface);
  const label = loadLabel(concurrency, rate);
  if (successful === 0) warnings.push(allFailed(label));
  const stats = (metric: string): LatencyStats | null =>
    successful === 0 ? null : latency(statsOf(figures, metric), 1);
  return {
    ...EMPTY_POINT,
    label,
    model: preface.map((line) => /[(,\s]model='([^']+)'/.exec(line)?.[1]).find((model) => model !== undefined) ?? null,
    concurrency,
    request_rate: rate,
    requests: { successful, errored: get('failed requests'), incomplete: null },
    duration_s: get('benchmark duration (s)'),
    request_throughput: get('request throughput (req/s)'),
    output_token_throughput: get('output token throughput (tok/s)'),
    total_token_throughput: get('total token throughput (tok/s)'),
    prompt_tokens: get('total input tokens'),
    output_tokens: get('total generated tokens'),
    ttft_ms: stats('ttft'),
    tpot_ms: stats('tpot'),
    itl_ms: stats('itl'),
    e2e_ms: stats('e2el'),
  };
}

/** `p99 ttft (ms)` and its like, by statistic. */
function statsOf(figures: ReadonlyMap<string, number>, metric: string): Record<string, number> {
  const ending = ` ${metric} (ms)`;
  return Object.fromEntries(
    [...figures]
      .filter(([label]) => label.endsWith(ending))
      .map(([label, value]) => [label.slice(0, -ending.length), value]),
  );
}

function rateIn(preface: readonly string[]): number | 'inf' | null {
  const written = preface
    .map((line) => /^Traffic request rate:\s*(\S+)/.exec(line)?.[1])
    .findLast((rate) => rate !== undefined);
  return written === 'inf' ? 'inf' : tableNumber(written);
}

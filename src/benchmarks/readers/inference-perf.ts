import { basename } from 'node:path';
import * as z from 'zod';
import { at, isObject } from '../../base/json.ts';
import { WorkbenchError } from '../../base/errors.ts';
import type { LatencyStats } from '../types.ts';
import type { Warning } from '../../inventory/types.ts';
import { figure, figures, throughDoor } from './door.ts';
import { latency } from './latency.ts';
import { allFailed, type DocumentFormat, EMPTY_POINT } from './reading.ts';

const SECOND = 1000;

const lifecycle = z.object({
  load_summary: z.object({ requested_rate: figure, concurrency: figure }),
  benchmark_time_seconds: figure,
  successes: z.object({
    count: figure,
    latency: z
      .object({
        request_latency: figures,
        time_to_first_token: figures,
        time_per_output_token: figures,
        inter_token_latency: figures,
      })
      .nullish(),
    throughput: z
      .object({
        input_tokens_per_sec: figure,
        output_tokens_per_sec: figure,
        total_tokens_per_sec: figure,
        requests_per_sec: figure,
      })
      .nullish(),
    prompt_len: z.object({ mean: figure }).nullish(),
    output_len: z.object({ mean: figure }).nullish(),
  }),
  failures: z.object({ count: figure }).nullish(),
});

/** inference-perf's lifecycle metrics of one stage, or the summary over all stages. Times in s. */
export const inferencePerfJson: DocumentFormat = {
  name: 'inference-perf JSON',
  matches: (document) => isObject(document) && isObject(document['load_summary']) && isObject(document['successes']),
  read(document, path) {
    if (!isObject(at(document, 'successes', 'throughput')) && !isObject(at(document, 'successes', 'latency'))) {
      throw new WorkbenchError({
        code: 'no-result',
        message: `${path} is inference-perf's view through Prometheus, which has no window of its own`,
        hint: 'Read the stage_N_lifecycle_metrics.json files of the same run.',
      });
    }
    const raw = throughDoor(lifecycle, document, 'inference-perf', path);
    const label = stageLabel(path);
    const { count, throughput, prompt_len: prompt, output_len: output } = raw.successes;
    const warnings: Warning[] = [];
    if (count === 0) warnings.push(allFailed(label));
    if (label === 'summary')
      warnings.push({ code: 'stages-mixed', message: 'the summary mixes all stages of the load: chart the stages' });
    const stats = (values: Readonly<Record<string, unknown>> | undefined): LatencyStats | null =>
      values ? latency(values, SECOND) : null;
    const point = {
      ...EMPTY_POINT,
      label,
      concurrency: raw.load_summary.concurrency,
      request_rate: raw.load_summary.requested_rate,
      requests: { successful: count, errored: raw.failures?.count ?? null, incomplete: null },
      duration_s: raw.benchmark_time_seconds,
      request_throughput: throughput?.requests_per_sec ?? null,
      output_token_throughput: throughput?.output_tokens_per_sec ?? null,
      total_token_throughput: throughput?.total_tokens_per_sec ?? null,
      prompt_tokens: tokens(count, prompt?.mean),
      output_tokens: tokens(count, output?.mean),
      ttft_ms: stats(raw.successes.latency?.time_to_first_token),
      tpot_ms: stats(raw.successes.latency?.time_per_output_token),
      itl_ms: stats(raw.successes.latency?.inter_token_latency),
      e2e_ms: stats(raw.successes.latency?.request_latency),
    };
    return { tool: 'inference-perf', tool_version: null, points: [point], scores: [], warnings };
  },
};

function stageLabel(path: string): string {
  const stage = /stage_(\d+)/.exec(basename(path))?.[1];
  return stage === undefined ? 'summary' : `stage ${stage}`;
}

/** The file gives the mean length a request; their product is the sum that it was made from. */
function tokens(count: number | null, mean: number | null | undefined): number | null {
  return count === null || mean == null ? null : Math.round(count * mean);
}

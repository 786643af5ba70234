import * as z from 'zod';
import { arrayAt, at, isObject, numberAt, stringAt } from '../../base/json.ts';
import { WorkbenchError } from '../../base/errors.ts';
import type { LatencyStats, ResultPoint } from '../types.ts';
import type { Warning } from '../../inventory/types.ts';
import { figure, throughDoor } from './door.ts';
import { latency } from './latency.ts';
import { type DocumentFormat, EMPTY_POINT } from './reading.ts';
import { loadLabel } from './vllm-bench.ts';

/** A statistic with its unit: the same field is in ms from one load generator and in s from another. */
const statistics = z.looseObject({ units: z.string(), mean: figure }).nullish();

const performance = z.object({
  requests: z
    .object({
      total: figure,
      failures: figure,
      incomplete: figure,
      input_length: statistics,
      output_length: statistics,
    })
    .nullish(),
  latency: z
    .object({
      time_to_first_token: statistics,
      time_per_output_token: statistics,
      inter_token_latency: statistics,
      request_latency: statistics,
    })
    .nullish(),
});

const throughputV1 = z
  .object({ output_tokens_per_sec: figure, total_tokens_per_sec: figure, requests_per_sec: figure })
  .nullish();
const throughputV2 = z
  .object({ output_token_rate: statistics, total_token_rate: statistics, request_rate: statistics })
  .nullish();

const reportV1 = z.object({
  metrics: performance.extend({ time: z.object({ duration: figure }).nullish(), throughput: throughputV1 }),
});
const reportV2 = z.object({
  results: z.object({ request_performance: z.object({ aggregate: performance.extend({ throughput: throughputV2 }) }) }),
});

const TO_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['ms/token', 1],
  ['s', 1000],
  ['s/token', 1000],
]);

/** llm-d-benchmark's report, versions 0.1 and 0.2.x, as JSON or YAML. */
export const llmdBenchmarkReport: DocumentFormat = {
  name: 'llm-d-benchmark report',
  matches: (document) =>
    isObject(document) &&
    'version' in document &&
    isObject(document['scenario']) &&
    (isObject(document['metrics']) || isObject(document['results'])),
  read(document, path) {
    const version = String(at(document, 'version'));
    const warnings: Warning[] = [];
    const point = version.startsWith('0.1')
      ? pointV1(document, path, warnings)
      : version.startsWith('0.2')
        ? pointV2(document, path, warnings)
        : undefined;
    if (!point)
      throw new WorkbenchError({
        code: 'version-unknown',
        message: `${path} is an llm-d-benchmark report of version ${version}`,
        hint: 'Versions 0.1 and 0.2 are known. Convert it with the tool itself.',
      });
    return { tool: 'llm-d-benchmark', tool_version: version, points: [point], scores: [], warnings };
  },
};

function pointV1(document: unknown, path: string, warnings: Warning[]): ResultPoint {
  const { metrics } = throughDoor(reportV1, document, 'llm-d-benchmark', path);
  const args = at(document, 'scenario', 'load', 'args');
  const concurrency = numberAt(args, 'max_concurrency') ?? numberAt(args, 'strategy', 'streams') ?? null;
  const rate = rateOf(at(args, 'request_rate') ?? at(args, 'strategy', 'rate'));
  return {
    ...common(metrics, loadLabel(concurrency, rate), warnings),
    model: stringAt(document, 'scenario', 'model', 'name') ?? null,
    concurrency,
    request_rate: rate,
    duration_s: metrics.time?.duration ?? null,
    request_throughput: metrics.throughput?.requests_per_sec ?? null,
    output_token_throughput: metrics.throughput?.output_tokens_per_sec ?? null,
    total_token_throughput: metrics.throughput?.total_tokens_per_sec ?? null,
  };
}

function pointV2(document: unknown, path: string, warnings: Warning[]): ResultPoint {
  const { aggregate } = throughDoor(reportV2, document, 'llm-d-benchmark', path).results.request_performance;
  const load = at(document, 'scenario', 'load', 'standardized');
  const concurrency = numberAt(load, 'concurrency') ?? null;
  const rate = rateOf(at(load, 'rate_qps'));
  const models = arrayAt(document, 'scenario', 'stack').map((component) =>
    stringAt(component, 'standardized', 'model', 'name'),
  );
  return {
    ...common(aggregate, loadLabel(concurrency, rate), warnings),
    model: models.find((model) => model !== undefined) ?? null,
    concurrency,
    request_rate: rate,
    duration_s: isoSeconds(stringAt(document, 'run', 'time', 'duration')),
    request_throughput: aggregate.throughput?.request_rate?.mean ?? null,
    output_token_throughput: aggregate.throughput?.output_token_rate?.mean ?? null,
    total_token_throughput: aggregate.throughput?.total_token_rate?.mean ?? null,
  };
}

function common(raw: z.infer<typeof performance>, label: string, warnings: Warning[]): ResultPoint {
  const { total = null, failures = null, incomplete = null } = raw.requests ?? {};
  const stats = (name: keyof NonNullable<typeof raw.latency>): LatencyStats | null => {
    const given = raw.latency?.[name];
    if (!given) return null;
    const toMs = TO_MS.get(given.units);
    if (toMs !== undefined) return latency(given, toMs);
    warnings.push({
      code: 'unit-unknown',
      message: `${label}: ${name} is in "${given.units}", which is no unit of time, and was left out`,
    });
    return null;
  };
  return {
    ...EMPTY_POINT,
    label,
    requests: {
      successful: total === null || failures === null ? null : total - failures - (incomplete ?? 0),
      errored: failures,
      incomplete,
    },
    ttft_ms: stats('time_to_first_token'),
    tpot_ms: stats('time_per_output_token'),
    itl_ms: stats('inter_token_latency'),
    e2e_ms: stats('request_latency'),
  };
}

function rateOf(value: unknown): number | 'inf' | null {
  if (value === 'inf' || value === Number.POSITIVE_INFINITY) return 'inf';
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

/** Seconds of an ISO 8601 duration such as `PT1H2M3.5S`. */
function isoSeconds(duration: string | undefined): number | null {
  const match = /^PT(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?$/.exec(duration ?? '');
  if (!match || !(match[1] ?? match[2] ?? match[3])) return null;
  return Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
}

import * as z from 'zod';
import { isObject } from '../../base/json.ts';
import type { Warning } from '../../inventory/types.ts';
import { figure, text, throughDoor } from './door.ts';
import { latency } from './latency.ts';
import { type DocumentFormat, EMPTY_POINT } from './reading.ts';
import { hasLatencyKeys, isServeRecord, keysOf, loadLabel, parseServeRecord, serveRecordPoint } from './vllm-bench.ts';

const SECOND = 1000;

const summary = z.looseObject({ conc: figure, model: text, tput_per_gpu: figure, output_tput_per_gpu: figure });

/** InferenceX's `agg_*.json`: latencies in s, throughputs a GPU. */
export const inferencexSummary: DocumentFormat = {
  name: 'InferenceX summary',
  matches: (document) => isObject(document) && 'tput_per_gpu' in document && 'conc' in document,
  read(document, path) {
    const raw = throughDoor(summary, document, 'InferenceX', path);
    const label = loadLabel(raw.conc, null);
    const warnings: Warning[] = [];
    if (raw.tput_per_gpu !== null) {
      warnings.push({
        code: 'throughput-per-gpu',
        message: `${label}: the file gives throughput a GPU only (total ${raw.tput_per_gpu} tok/s/GPU, output ${raw.output_tput_per_gpu ?? 'not given'}), and not how many GPUs there were`,
      });
    }
    const point = {
      ...EMPTY_POINT,
      label,
      model: raw.model,
      concurrency: raw.conc,
      ttft_ms: latency(keysOf(raw, 'ttft', ''), SECOND),
      tpot_ms: latency(keysOf(raw, 'tpot', ''), SECOND),
      itl_ms: latency(keysOf(raw, 'itl', ''), SECOND),
      e2e_ms: latency(keysOf(raw, 'e2el', ''), SECOND),
    };
    return { tool: 'inferencex', tool_version: null, points: [point], scores: [], warnings };
  },
};

/** The raw record of its own load generator: vLLM's keys without `_ms`, in s. */
export const inferencexRecord: DocumentFormat = {
  name: 'InferenceX record',
  matches: (document) => isServeRecord(document) && hasLatencyKeys(document, ''),
  read(document, path) {
    const warnings: Warning[] = [];
    const point = serveRecordPoint(parseServeRecord(document, 'InferenceX', path), '', SECOND, warnings);
    return { tool: 'inferencex', tool_version: null, points: [point], scores: [], warnings };
  },
};

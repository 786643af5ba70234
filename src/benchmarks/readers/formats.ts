import type { Shape } from './json-stream.ts';
import { GUIDELLM_BENCHMARKS } from './guidellm-schema.ts';
import { guidellmJson } from './guidellm.ts';
import { guidellmText } from './guidellm-text.ts';
import { inferencePerfJson } from './inference-perf.ts';
import { inferencexRecord, inferencexSummary } from './inferencex.ts';
import { llmdBenchmarkReport } from './llm-d-benchmark.ts';
import { lmEvalJson } from './lm-eval.ts';
import { lmEvalText } from './lm-eval-text.ts';
import type { DocumentFormat, TextFormat } from './reading.ts';
import { vllmBenchJson } from './vllm-bench.ts';
import { vllmBenchText } from './vllm-bench-text.ts';

/** Asked in this order; each looks at keys that the others do not write. */
export const DOCUMENT_FORMATS: readonly DocumentFormat[] = [
  guidellmJson,
  vllmBenchJson,
  inferencexSummary,
  inferencexRecord,
  inferencePerfJson,
  lmEvalJson,
  llmdBenchmarkReport,
];

/** guidellm's comes last: its output may quote anything in its log lines. */
export const TEXT_FORMATS: readonly TextFormat[] = [vllmBenchText, lmEvalText, guidellmText];

/** What every result document keeps. Raw samples, prompts and answers are most of a big file and no figure needs them. */
export const RESULT_SHAPE: Shape = {
  '*': 'keep',
  benchmarks: GUIDELLM_BENCHMARKS,
  // vllm bench serve --save-detailed
  input_lens: 'drop',
  output_lens: 'drop',
  ttfts: 'drop',
  itls: 'drop',
  start_times: 'drop',
  generated_texts: 'drop',
  errors: 'drop',
  // lm_eval
  samples: 'drop',
  configs: { '*': 'drop' },
  // A trace given by mistake
  traceEvents: 'drop',
};

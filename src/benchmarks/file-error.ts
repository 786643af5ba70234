import { isAbort, toWorkbenchError } from '../base/errors.ts';
import type { FileError } from './types.ts';

/** Whose result files can be read, in words. */
export const TOOLS = 'guidellm, vllm bench serve, lm_eval, inference-perf, llm-d-benchmark and InferenceX';

/** An error of reading `path` as the reports list it. Rethrows a cancellation. */
export function fileError(path: string, error: unknown): FileError {
  if (isAbort(error)) throw error;
  const { code, message, hint } = toWorkbenchError(error, `reading ${path}`);
  return { path, code, message, hint: hint ?? `Give a result file of ${TOOLS}.` };
}

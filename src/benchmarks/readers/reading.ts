import type { ResultFile, ResultPoint, Score } from '../types.ts';
import type { Warning } from '../../inventory/types.ts';
import type { GuidellmFile } from './guidellm-schema.ts';

/** What a format's reader finds in one file; the path and the outer format are added by the caller. */
export interface Reading {
  readonly tool: ResultFile['tool'];
  readonly tool_version: string | null;
  readonly points: readonly ResultPoint[];
  readonly scores: readonly Score[];
  readonly warnings: readonly Warning[];
  /** What guidellm wrote, with its raw samples: merging parallel workers needs them. */
  readonly guidellm?: GuidellmFile;
}

/** A tool's result as parsed JSON. `matches` looks at a few keys; `read` throws `version-unknown` or `no-result`. */
export interface DocumentFormat {
  readonly name: string;
  matches(document: unknown): boolean;
  read(document: unknown, path: string): Reading;
}

/** A tool's printed output. */
export interface TextFormat {
  readonly name: string;
  matches(text: string): boolean;
  read(text: string, path: string): Reading;
}

/** A point that says nothing: readers fill in what their file says. */
export const EMPTY_POINT: ResultPoint = {
  label: '',
  model: null,
  concurrency: null,
  request_rate: null,
  requests: { successful: null, errored: null, incomplete: null },
  duration_s: null,
  request_throughput: null,
  output_token_throughput: null,
  total_token_throughput: null,
  prompt_tokens: null,
  output_tokens: null,
  ttft_ms: null,
  tpot_ms: null,
  itl_ms: null,
  e2e_ms: null,
};

export function allFailed(label: string): Warning {
  return { code: 'all-requests-failed', message: `${label}: no request succeeded, so there are no latencies` };
}

import type { ScheduledRequest, RequestStatus } from './load.ts';

/** One request in the tool's terms. Unix seconds and ms; undefined where it did not come so far. */
export interface RequestStats {
  readonly status: RequestStatus;
  readonly source: ScheduledRequest;
  readonly start: number;
  readonly end: number;
  readonly latency: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly firstToken: number | undefined;
  readonly lastToken: number | undefined;
  readonly ttftMs: number | undefined;
  /** From the request's start to its last token, over its tokens: with the first token's wait inside. */
  readonly tpotMs: number | undefined;
  readonly itlMs: number | undefined;
  readonly iterations: number;
  readonly chunks: number;
}

export function requestStats(source: ScheduledRequest, promptTokens: number): RequestStats {
  const { measured } = source;
  const start = unixSeconds(measured.startedAt);
  const end = unixSeconds(measured.endedAt);
  const first = measured.chunkTimes[0];
  const last = measured.chunkTimes.at(-1);
  const { outputTokens } = measured;
  return {
    status: source.status,
    source,
    start,
    end,
    latency: end - start,
    promptTokens: measured.promptTokens ?? promptTokens,
    outputTokens,
    firstToken: first === undefined ? undefined : unixSeconds(first),
    lastToken: last === undefined ? undefined : unixSeconds(last),
    ttftMs: first === undefined ? undefined : first - measured.startedAt,
    tpotMs: last === undefined || outputTokens === 0 ? undefined : (last - measured.startedAt) / outputTokens,
    itlMs:
      first === undefined || last === undefined || outputTokens < 2 ? undefined : (last - first) / (outputTokens - 1),
    iterations: measured.events,
    chunks: measured.chunkTimes.length,
  };
}

/** Unix seconds of a monotonic time. */
export function unixSeconds(monotonicMs: number): number {
  return (performance.timeOrigin + monotonicMs) / 1000;
}

export function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

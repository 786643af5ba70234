/** A span of time in seconds; only its differences matter. */
export interface Window {
  readonly start_s: number;
  readonly end_s: number;
}

/** Seconds in which at least one window is open: gaps between them do not count. */
export function unionSeconds(windows: readonly Window[]): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const { start_s, end_s } of [...windows].sort((a, b) => a.start_s - b.start_s)) {
    const from = Math.max(start_s, reached);
    if (end_s > from) {
      total += end_s - from;
      reached = end_s;
    }
  }
  return total;
}

/** The span in which all windows are open; undefined when there is none. */
export function commonWindow(windows: readonly Window[]): Window | undefined {
  if (windows.length === 0) return undefined;
  const start_s = Math.max(...windows.map((window) => window.start_s));
  const end_s = Math.min(...windows.map((window) => window.end_s));
  return end_s > start_s ? { start_s, end_s } : undefined;
}

/** The part, 0 to 1, of `inner` that lies inside `outer`. A moment without length counts whole or not at all. */
export function shareInside(inner: Window, outer: Window): number {
  const length = inner.end_s - inner.start_s;
  if (length <= 0) return inner.start_s >= outer.start_s && inner.start_s <= outer.end_s ? 1 : 0;
  const shared = Math.min(inner.end_s, outer.end_s) - Math.max(inner.start_s, outer.start_s);
  return Math.max(0, shared) / length;
}

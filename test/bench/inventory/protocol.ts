/** What the bench asks of a client process, over its IPC channel. */
export type Order =
  /** Connect and build the trees. */
  | { readonly do: 'start' }
  /** Say when a row holds this text. */
  | { readonly do: 'expect'; readonly text: string }
  /** Forget what was used so far and measure from here; the meters of the event loop cost some CPU themselves. */
  | { readonly do: 'mark'; readonly meters: boolean }
  | { readonly do: 'report' }
  /** Nobody looks at the trees any more. */
  | { readonly do: 'hide' }
  | { readonly do: 'end' };

/** Since the last mark, or the start. */
export interface Used {
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Longest time in which the event loop did not turn. */
  readonly blockMs: number;
  /** The most that the main thread computed between two turns of it: without what a busy machine adds. */
  readonly ownBlockMs: number;
  /** Refreshes that the trees asked of their view, by element; a whole tree counts with all of its rows. */
  readonly items: number;
  /** Peak resident set over what the process had before it connected. */
  readonly peakMegabytes: number;
}

export type Answer =
  | { readonly told: 'ready'; readonly baselineMegabytes: number }
  | { readonly told: 'tree'; readonly ms: number; readonly nodes: number; readonly pods: number; readonly rows: number }
  /** `at`: ms since the epoch, with fractions. */
  | { readonly told: 'seen'; readonly text: string; readonly at: number }
  | ({ readonly told: 'used' } & Used)
  | { readonly told: 'hidden' };

/** Wall time that two processes of one machine can compare, in ms. */
export function wallNow(): number {
  return performance.timeOrigin + performance.now();
}

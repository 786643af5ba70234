import type { ChartLine, LiveChart, ToLiveFigures } from '../../../src/protocol/live-figures.ts';

export type LivePicture = Extract<ToLiveFigures, { readonly type: 'figures' }>;

const NOW = Date.parse('2026-11-28T12:00:00Z');

/** What a line has not been told is empty, as for a figure that it does not have. */
export function line(id: string, figures: Partial<ChartLine['figures']>, more: Partial<ChartLine> = {}): ChartLine {
  return {
    id,
    label: id,
    kind: 'rank',
    figures: {
      generationRate: [],
      promptRate: [],
      running: [],
      waiting: [],
      kvCacheUse: [],
      prefixHitRate: [],
      queue: [],
      ...figures,
    },
    ...more,
  };
}

/** Rounds of 5 s that end at noon. */
export function chart(lines: readonly ChartLine[], rounds = 3): LiveChart {
  return {
    times: Array.from({ length: rounds }, (_, round) => NOW - 5000 * (rounds - 1 - round)),
    lines,
    gapMs: 15_000,
  };
}

export function picture(lines: readonly ChartLine[], more: Partial<LivePicture> = {}): LivePicture {
  return {
    type: 'figures',
    lines: 'rank',
    chart: chart(lines),
    headline: `${lines.length} ranks · every 5 s · the last 15 minutes`,
    warnings: [],
    ...more,
  };
}

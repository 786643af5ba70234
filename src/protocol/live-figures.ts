import * as z from 'zod';
import './jitless.ts';
import type { ChartFigure, ChartLine, LiveChart } from '../inventory/live/types.ts';

export type { ChartFigure, ChartLine, LiveChart };

/** A line a rank, or a line a role of a deployment. */
export type Lines = 'rank' | 'role';

/** Host to page: always the whole picture, so that a page that was hidden needs no history. */
export type ToLiveFigures =
  /** Nothing to draw, why, and what helps. */
  | {
      readonly type: 'nothing';
      readonly title: string;
      readonly detail: string;
      readonly icon: string;
      readonly help: 'toggle' | 'deploy' | 'context' | null;
    }
  | {
      readonly type: 'figures';
      readonly lines: Lines;
      readonly chart: LiveChart;
      /** Ranks, rounds and the way: `16 ranks, every 5 s`. */
      readonly headline: string;
      /** What the figures leave out. */
      readonly warnings: readonly string[];
    };

export const FROM_LIVE_FIGURES = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('lines'), lines: z.enum(['rank', 'role']) }),
  z.object({ type: z.literal('help'), help: z.enum(['toggle', 'deploy', 'context']) }),
  z.object({ type: z.literal('copy'), what: z.string().max(80), text: z.string().max(20_000_000) }),
  z.object({ type: z.literal('save'), text: z.string().max(20_000_000) }),
]);

/** Page to host. */
export type FromLiveFigures = z.infer<typeof FROM_LIVE_FIGURES>;

/** What VS Code keeps of the panel across a reload. */
export const LIVE_FIGURES_MEMORY = z.object({
  lines: z.enum(['rank', 'role']).nullable(),
  hidden: z.array(z.string().max(600)).max(2000),
});

export type LiveFiguresMemory = z.infer<typeof LIVE_FIGURES_MEMORY>;

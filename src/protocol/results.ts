import * as z from 'zod';
import './jitless.ts';
import type { AggregateReport, FileError, ResultPoint } from '../benchmarks/types.ts';
import type { Warning } from '../inventory/types.ts';

/** A finished run that can be chosen. */
export interface RunItem {
  readonly id: string;
  readonly label: string;
  /** ISO time of the start. */
  readonly startedAt: string;
  readonly recipe: string;
  readonly deployment: string | null;
  readonly model: string | null;
  readonly summary: string | null;
  readonly baseline: boolean;
}

/** The figures of a chosen run. */
export interface RunFigures {
  readonly id: string;
  /** GPUs of the deployment; null when not known, then nothing is shown a GPU. */
  readonly gpus: number | null;
  readonly points: readonly ResultPoint[];
  readonly aggregate: AggregateReport | null;
  readonly errors: readonly FileError[];
  readonly warnings: readonly Warning[];
}

/** Host to page: always the whole picture, so that a page that was hidden needs no history. */
export type ToResults =
  | {
      readonly type: 'state';
      /** Which `choose` of the page this picture knows of; 0 before the first. */
      readonly turn: number;
      readonly runs: readonly RunItem[];
      readonly chosen: readonly string[];
      readonly figures: readonly RunFigures[];
    }
  | { readonly type: 'failed'; readonly message: string; readonly hint: string };

export const FROM_RESULTS = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('choose'), turn: z.int().nonnegative(), runIds: z.array(z.string()).max(200) }),
  z.object({ type: z.literal('again') }),
  z.object({ type: z.literal('pin'), runId: z.string() }),
  z.object({ type: z.literal('run') }),
  z.object({ type: z.literal('copy'), what: z.string().max(80), text: z.string().max(5_000_000) }),
  z.object({
    type: z.literal('save'),
    name: z.string().regex(/^[\w.-]{1,80}$/),
    encoding: z.enum(['text', 'base64']),
    data: z.string().max(40_000_000),
  }),
]);

/** Page to host. */
export type FromResults = z.infer<typeof FROM_RESULTS>;

/** What VS Code keeps of the panel across a reload. */
export const RESULTS_MEMORY = z.object({ chosen: z.array(z.string()) });

export type ResultsMemory = z.infer<typeof RESULTS_MEMORY>;

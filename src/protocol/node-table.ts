import * as z from 'zod';
import './jitless.ts';
import type { NodeRow } from '../inventory/node-table/types.ts';

/** How a person arranged the table; kept a workspace. */
export const NODE_TABLE_LAYOUT = z.object({
  /** Shown columns in their order; a width in px where one was chosen. */
  columns: z
    .array(z.object({ id: z.string().max(400), width: z.number().min(24).max(4000).nullable() }))
    .min(1)
    .max(300),
  sorting: z.object({ by: z.string().max(400), descending: z.boolean() }),
  filter: z.string().max(1000),
});

export type NodeTableLayout = z.infer<typeof NODE_TABLE_LAYOUT>;

/** What is the matter with the figures: stale, denied, left out. */
export interface NodeTableNotice {
  /** A codicon. */
  readonly icon: string;
  readonly text: string;
}

/** Around the rows: where, how many GPUs, how fresh. */
export interface NodeTableHead {
  /** `context`; the table is of all its nodes. */
  readonly place: string;
  /** `24/32 GPUs free`. */
  readonly headline: string;
  /** `live`, `stale since 11:42`, `connecting`. */
  readonly freshness: string;
  readonly notices: readonly NodeTableNotice[];
}

/** A command that helps out of a picture without rows. */
export interface NodeTableHelp {
  readonly label: string;
  readonly command: 'llmd.selectContext' | 'llmd.startDemo' | 'llmd.refresh';
}

export type NodeTablePicture =
  | { readonly kind: 'waiting'; readonly place: string | null }
  | {
      readonly kind: 'nothing';
      readonly icon: string;
      readonly title: string;
      readonly detail: string;
      readonly help: readonly NodeTableHelp[];
    }
  | { readonly kind: 'table'; readonly head: NodeTableHead; readonly rows: readonly NodeRow[] };

/** Host to page. */
export type ToNodeTable =
  /** For a page that starts, and after columns were chosen. */
  | { readonly type: 'open'; readonly layout: NodeTableLayout; readonly picture: NodeTablePicture }
  | { readonly type: 'picture'; readonly picture: NodeTablePicture }
  /** Of the table that is shown: new and changed rows, and the names of those that are gone. */
  | {
      readonly type: 'changed';
      readonly head: NodeTableHead;
      readonly rows: readonly NodeRow[];
      readonly gone: readonly string[];
    };

export const FROM_NODE_TABLE = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('layout'), layout: NODE_TABLE_LAYOUT }),
  /** Asks the person which columns to show. */
  z.object({ type: z.literal('columns') }),
  z.object({ type: z.literal('help'), command: z.enum(['llmd.selectContext', 'llmd.startDemo', 'llmd.refresh']) }),
  z.object({ type: z.literal('copy'), what: z.string().max(80), text: z.string().max(20_000_000) }),
  z.object({ type: z.literal('save'), text: z.string().max(20_000_000) }),
]);

/** Page to host. */
export type FromNodeTable = z.infer<typeof FROM_NODE_TABLE>;

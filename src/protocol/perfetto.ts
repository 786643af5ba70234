import { z } from 'zod';

/** Host to page. */
export type ToPerfetto =
  | { readonly type: 'frame'; readonly path: string; readonly url: string; readonly title: string; readonly ui: 'bundled' | 'public' }
  | { readonly type: 'failed'; readonly path: string; readonly message: string; readonly hint: string };

export const FROM_PERFETTO = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('summary') }),
  z.object({ type: z.literal('again') }),
]);

/** Page to host. */
export type FromPerfetto = z.infer<typeof FROM_PERFETTO>;

const KEY = z.object({
  key: z.string(),
  code: z.string(),
  keyCode: z.number(),
  ctrlKey: z.boolean(),
  shiftKey: z.boolean(),
  altKey: z.boolean(),
  metaKey: z.boolean(),
});

/** What the framed loopback page tells the panel around it, by `window.parent.postMessage`. */
export const FROM_FRAME = z.object({
  llmd: z.discriminatedUnion('kind', [
    /** A key that belongs to VS Code, pressed while the frame had the focus. */
    z.object({ kind: z.literal('key'), key: KEY }),
    z.object({ kind: z.literal('state'), state: z.enum(['loading', 'loaded', 'failed', 'offline']), detail: z.string().optional() }),
  ]),
});

export type FromFrame = z.infer<typeof FROM_FRAME>['llmd'];

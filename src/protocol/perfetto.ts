import * as z from 'zod';
import './jitless.ts';

/** Host to page. */
export type ToPerfetto =
  | {
      readonly type: 'frame';
      readonly path: string;
      readonly url: string;
      readonly title: string;
      readonly ui: 'bundled' | 'public';
    }
  | { readonly type: 'failed'; readonly path: string; readonly message: string; readonly hint: string };

export const FROM_PERFETTO = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('summary') }),
  z.object({ type: z.literal('again') }),
]);

/** Page to host. */
export type FromPerfetto = z.infer<typeof FROM_PERFETTO>;

/** What the framed loopback page (`media/perfetto-host/host.js`) tells the panel around it. */
export const FROM_FRAME = z.discriminatedUnion('type', [
  z.object({ type: z.literal('state'), state: z.enum(['loading', 'loaded', 'failed', 'offline']), detail: z.string() }),
  /** A key of VS Code's that was pressed while the frame had the focus. */
  z.object({
    type: z.literal('key'),
    key: z.string(),
    code: z.string(),
    ctrlKey: z.boolean(),
    shiftKey: z.boolean(),
    altKey: z.boolean(),
    metaKey: z.boolean(),
  }),
]);

export type FromFrame = z.infer<typeof FROM_FRAME>;

/** What the panel tells the framed page. */
export interface ToFrame {
  readonly type: 'theme';
  readonly dark: boolean;
}

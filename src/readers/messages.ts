import type { ErrorCode } from '../base/errors.ts';

/** To a reader: one job at a time, and `more` after each piece that it emitted. */
export type ToReader =
  | { readonly type: 'job'; readonly name: string; readonly input: unknown }
  | { readonly type: 'more' };

/** From a reader, the last two at the end of a job. `again`: it takes another one. Errors cross the border of a process as data. */
export type FromReader =
  | { readonly type: 'chunk'; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly answer: Uint8Array; readonly again: boolean }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string | undefined;
      readonly again: boolean;
    };

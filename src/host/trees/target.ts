import type { RemoteTrace } from '../../traces/types.ts';

/** What a row stands for: the argument that commands get from a tree. */
export type Target =
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'deployment'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'run'; readonly id: string; readonly folder: string }
  | { readonly kind: 'remote-traces'; readonly traces: readonly RemoteTrace[] }
  | { readonly kind: 'trace-set'; readonly n: number; readonly folder: string }
  | { readonly kind: 'local-trace'; readonly path: string };

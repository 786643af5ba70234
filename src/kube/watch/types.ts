import type { WorkbenchError } from '../../base/errors.ts';
import type { KubeObject, ResourceType } from '../model/types.ts';

export interface ListOptions {
  /** Absent: all namespaces of a namespaced kind. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per chunk; lists are always read in chunks. */
  readonly limit?: number;
  readonly signal: AbortSignal;
}

/** What a watch tells of one kind. `absent` is a kind that the server does not serve (a missing CRD). */
export type WatchState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'stale'; readonly since: number; readonly error: WorkbenchError }
  | { readonly kind: 'denied'; readonly error: WorkbenchError }
  | { readonly kind: 'absent' };

/** Receives projected objects. `replace` is one whole list (start, or relist after 410): what is not in it is gone. */
export interface WatchSink<T> {
  replace(items: ReadonlyMap<string, T>): void;
  set(key: string, item: T): void;
  delete(key: string): void;
  state(state: WatchState): void;
}

export interface WatchOptions<T, O extends KubeObject = KubeObject> {
  readonly resource: ResourceType<O>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keeps of an object what is shown; called once an object, at the door. Undefined leaves it out. */
  readonly project: (object: O) => T | undefined;
  readonly sink: WatchSink<T>;
}

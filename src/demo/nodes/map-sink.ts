import type { WatchSink } from '../../kube/watch/types.ts';

/** A watch that keeps a map up to date. */
export function mapSink<T>(map: Map<string, T>): WatchSink<T> {
  return {
    replace(items) {
      map.clear();
      for (const [key, item] of items) map.set(key, item);
    },
    set: (key, item) => void map.set(key, item),
    delete: (key) => void map.delete(key),
    state() {},
  };
}

import type { EndpointScheduler } from './endpoint-scheduler.ts';

/** Endpoint pickers that run in the cluster, by pool: what ext_proc over gRPC is between Envoy and the picker. */
export class Pickers {
  readonly #byPool = new Map<string, EndpointScheduler>();

  register(namespace: string, pool: string, scheduler: EndpointScheduler): { dispose(): void } {
    const key = `${namespace}/${pool}`;
    this.#byPool.set(key, scheduler);
    return {
      dispose: () => {
        if (this.#byPool.get(key) === scheduler) this.#byPool.delete(key);
      },
    };
  }

  find(namespace: string, pool: string): EndpointScheduler | undefined {
    return this.#byPool.get(`${namespace}/${pool}`);
  }
}

import { DisposableStore, type Disposable } from '../../../base/disposables.ts';
import { at } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import { cloneJson } from '../base/object.ts';
import { usedOf } from '../admission/quota-usage.ts';
import { formatQuantity } from '../../../kube/model/quantity.ts';
import { systemWrite } from './system.ts';
import { Worker } from './worker.ts';

/** Keeps `status.used` of quotas current. Admission counts for itself; this is what people look at. */
export class QuotaController implements Disposable {
  readonly #core: ApiCore;
  readonly #owned = new DisposableStore();
  readonly #worker: Worker<string>;

  constructor(core: ApiCore) {
    this.#core = core;
    this.#worker = this.#owned.add(
      new Worker(
        (namespace) => namespace,
        (namespace) => this.#sync(namespace),
        core.logger,
      ),
    );
    for (const [, quota] of core.store.entries('resourcequotas')) this.#worker.add(quota.metadata.namespace ?? '');
    this.#owned.add(
      core.store.listen(({ object }) => {
        if (object.metadata.namespace !== undefined) this.#worker.add(object.metadata.namespace);
      }),
    );
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #sync(namespace: string): void {
    const resource = this.#core.registry.find('', 'v1', 'resourcequotas');
    if (resource === undefined) return;
    for (const [, quota] of this.#core.store.entries('resourcequotas')) {
      if (quota.metadata.namespace !== namespace) continue;
      const used = Object.fromEntries(
        [...usedOf(this.#core.store, quota)].map(([name, amount]) => [name, formatQuantity(amount)]),
      );
      this.#core.writer.modify(
        { resource, namespace, name: quota.metadata.name, subresource: 'status' },
        (current) => ({
          ...cloneJson(current),
          status: { hard: at(current, 'spec', 'hard'), used },
        }),
        systemWrite,
      );
    }
  }
}

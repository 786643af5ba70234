import { systemClock } from '../../../src/base/clock.ts';
import type { Disposable } from '../../../src/base/disposables.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { createInventory } from '../../../src/inventory/inventory.ts';
import { createContexts } from '../../../src/kube/login/contexts.ts';
import { serveBench, type Client } from './client-process.ts';

const [kubeconfig = '', folder = ''] = process.argv.slice(2);
const contexts = createContexts({
  env: { KUBECONFIG: kubeconfig },
  home: folder,
  folder: () => folder,
  store: new MemoryStore(),
  clock: systemClock,
  logger: silentLogger,
});
const inventory = createInventory({ contexts, clock: systemClock, logger: silentLogger });
let lease: Disposable | undefined;
// What the product loads when it first connects comes from its bundle in some ms; here it would be compiled from TypeScript meanwhile.
await Promise.all([import('../../../src/inventory/cluster-watch.ts'), import('../../../src/kube/client.ts')]);

const client: Client = {
  snapshot: () => inventory.snapshot,
  get size() {
    const { snapshot } = inventory;
    return { nodes: snapshot?.nodes.size ?? 0, pods: snapshot?.pods.size ?? 0 };
  },
  get complete() {
    return inventory.snapshot?.complete === true;
  },
  start(trees) {
    inventory.onDidChange(() => trees.ask());
    lease = inventory.lease();
    return Promise.resolve();
  },
  hide() {
    lease?.dispose();
  },
};

await serveBench(client);

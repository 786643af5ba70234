import type { Disposable } from '../../../base/disposables.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import type { Cluster } from '../core/cluster.ts';
import type { Collection } from '../core/collection.ts';
import { writeStatus } from '../core/counts.ts';
import { arrayAt, isTerminating, statusOf, stringAt } from '../core/objects.ts';
import { queueChanged } from '../core/owners.ts';
import type { ReconcileQueue } from '../core/queue.ts';

/** Addresses that are reserved for documentation: they lead nowhere, as the demo's pods are reached through the API server. */
const NETWORK = '203.0.113';
const LAST_HOST = 254;

/** Gives services of type LoadBalancer an address, as a cloud does. */
export class LoadBalancerController {
  readonly #services: Collection;
  readonly #queue: ReconcileQueue;

  constructor(cluster: Cluster) {
    this.#services = cluster.kind('services');
    this.#queue = cluster.queue('load-balancer', (key) => this.#reconcile(key));
  }

  start(): Disposable[] {
    return [queueChanged(this.#services, this.#queue)];
  }

  #reconcile(key: string): void {
    const service = this.#services.byKey(key);
    if (service === undefined || isTerminating(service)) return;
    const wants = stringAt(service, 'spec', 'type') === 'LoadBalancer';
    const has = addressOf(service) !== undefined;
    if (wants === has) return;
    const address = wants ? this.#freeAddress() : undefined;
    if (wants && address === undefined) return;
    writeStatus(this.#services, service, {
      ...statusOf(service),
      loadBalancer: address === undefined ? {} : { ingress: [{ ip: address, ipMode: 'VIP' }] },
    });
  }

  #freeAddress(): string | undefined {
    const taken = new Set(this.#services.all().map(addressOf));
    return Array.from({ length: LAST_HOST }, (_, host) => `${NETWORK}.${host + 1}`).find(
      (address) => !taken.has(address),
    );
  }
}

function addressOf(service: KubeObject): string | undefined {
  return stringAt(arrayAt(service, 'status', 'loadBalancer', 'ingress')[0], 'ip');
}

import type { Clock } from '../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type { Logger } from '../../base/logger.ts';
import { Cluster } from '../controllers/core/cluster.ts';
import type { ForeignPods } from '../nodes/foreign-pods.ts';
import type { NodeShape } from '../nodes/node-shape.ts';
import { seededRandom } from '../random.ts';
import type { DemoTime } from '../nodes/types.ts';
import type { DemoApi } from '../types.ts';
import { PodAddresses } from './addresses.ts';
import { startChurn } from './churn.ts';
import { CrowdKubelet, isOfCrowd } from './kubelet.ts';
import { seedCrowd } from './seed.ts';
import { crowdLabel } from './templates.ts';

export interface CrowdOptions {
  /** Running pods at the start. */
  readonly pods: number;
  /** Changes of pods a second; 0: the crowd stands still. */
  readonly churn: number;
}

interface CrowdParts {
  readonly api: DemoApi;
  readonly nodes: readonly NodeShape[];
  readonly time: DemoTime;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Other people's pods in great number: complete objects with owners and a status, kept by the real controllers, without processes behind them. */
export class Crowd implements Disposable {
  readonly #parts: CrowdParts;
  readonly #options: CrowdOptions;
  readonly #addresses = new PodAddresses();
  readonly #owned = new DisposableStore();

  constructor(parts: CrowdParts, options: CrowdOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** For the nodes' own kubelets, which leave these pods alone. */
  get foreignPods(): ForeignPods {
    const { api } = this.#parts;
    return {
      label: crowdLabel,
      refusal: (namespace, name) => {
        const pod = api.get(api.resource('', 'pods'), namespace, name);
        return pod !== undefined && isOfCrowd(pod)
          ? `pod "${name}" belongs to the demo's crowd (label ${crowdLabel}): it holds what it requests, and no process runs in it`
          : undefined;
      },
      addresses: (node) => this.#addresses.poolOf(node),
    };
  }

  /** Puts the pods into the server. Between the registration of the nodes and the start of the controllers. */
  async seed(): Promise<void> {
    const { api, nodes, clock, logger, signal } = this.#parts;
    const { pods } = this.#options;
    const made = await seedCrowd({ api, nodes, addresses: this.#addresses, pods, clock, logger, signal });
    if (made < pods) logger.warn(`${made} of ${pods} pods of the crowd found room on ${nodes.length} nodes`);
  }

  /** Begins to look after the pods, and to change them. */
  start(): void {
    const { api, nodes, time, clock, logger, signal } = this.#parts;
    const cluster = this.#owned.add(new Cluster(api, clock, logger));
    this.#owned.add(new CrowdKubelet({ cluster, nodes, addresses: this.#addresses, time, logger, signal }).start());
    this.#owned.add(startChurn({ cluster, rate: this.#options.churn, clock, logger, random: seededRandom(1) }));
  }

  dispose(): void {
    this.#owned.dispose();
  }
}

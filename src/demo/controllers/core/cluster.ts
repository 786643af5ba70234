import type { Clock } from '../../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../../base/disposables.ts';
import { isWorkbenchError } from '../../../base/errors.ts';
import type { Logger } from '../../../base/logger.ts';
import type { DemoApi } from '../../types.ts';
import { Collection } from './collection.ts';
import { eventRecorder, type EventRecorder } from './events.ts';
import { ReconcileQueue } from './queue.ts';

const CORE = [
  'pods',
  'nodes',
  'services',
  'endpoints',
  'events',
  'namespaces',
  'serviceaccounts',
  'configmaps',
  'persistentvolumeclaims',
  'persistentvolumes',
] as const;
const GROUPED = {
  deployments: 'apps',
  replicasets: 'apps',
  statefulsets: 'apps',
  daemonsets: 'apps',
  controllerrevisions: 'apps',
  jobs: 'batch',
  endpointslices: 'discovery.k8s.io',
} as const;

export type BuiltInPlural = (typeof CORE)[number] | keyof typeof GROUPED;

/** What all controllers share: the cached kinds, the clock, the log. */
export class Cluster implements Disposable {
  readonly api: DemoApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #collections = new Map<string, Collection>();
  readonly #owned = new DisposableStore();

  constructor(api: DemoApi, clock: Clock, logger: Logger) {
    this.api = api;
    this.clock = clock;
    this.logger = logger;
  }

  /** A kind that every server has. */
  kind(plural: BuiltInPlural): Collection {
    const group = Object.entries(GROUPED).find(([name]) => name === plural)?.[1] ?? '';
    return this.#collection(group, plural);
  }

  /** A kind that a server may lack, such as that of a CRD; undefined where it is not served. */
  optionalKind(group: string, plural: string): Collection | undefined {
    try {
      return this.#collection(group, plural);
    } catch (error) {
      if (isWorkbenchError(error, 'not-found', 'resource-absent')) return undefined;
      throw error;
    }
  }

  recorder(component: string): EventRecorder {
    return eventRecorder(this.kind('events'), this.clock, component);
  }

  queue(name: string, reconcile: (key: string) => void): ReconcileQueue {
    return this.#owned.add(new ReconcileQueue({ name, clock: this.clock, logger: this.logger, reconcile }));
  }

  now(): number {
    return this.clock.now();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #collection(group: string, plural: string): Collection {
    const name = `${plural}.${group}`;
    const known = this.#collections.get(name);
    if (known) return known;
    const collection = this.#owned.add(new Collection(this.api, this.api.resource(group, plural)));
    this.#collections.set(name, collection);
    return collection;
  }
}

import type { Clock } from '../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../base/disposables.ts';
import type { Logger } from '../../base/logger.ts';
import type { DemoApi } from '../types.ts';
import { Cluster } from './core/cluster.ts';
import { NodeController } from './cluster/nodes.ts';
import { VolumeController } from './cluster/volumes.ts';
import { disposeOnAbort } from './core/queue.ts';
import { DisaggregatedSetController } from './disaggregatedset/controller.ts';
import { DISAGGREGATED_SET_GROUP } from './disaggregatedset/model.ts';
import { GatewayController } from './gateway/gateways.ts';
import { GATEWAY_GROUP, POOL_GROUPS } from './gateway/model.ts';
import { PoolController } from './gateway/pools.ts';
import { RouteController } from './gateway/routes.ts';
import { LeaderWorkerSetController } from './lws/controller.ts';
import { LWS_GROUP } from './lws/model.ts';
import { mutateGroupPod } from './lws/pod-webhook.ts';
import { EndpointsController } from './network/endpoints.ts';
import { LoadBalancerController } from './network/load-balancers.ts';
import { Scheduler } from './scheduler/scheduler.ts';
import { DaemonSetController } from './workloads/daemonset.ts';
import { DeploymentController } from './workloads/deployment.ts';
import { DisruptionController } from './workloads/disruption.ts';
import { JobController } from './workloads/job.ts';
import { ReplicaSetController } from './workloads/replicaset.ts';
import { StatefulSetController } from './workloads/statefulset.ts';

export interface ControllersOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Names that pods may ask for in `schedulerName`. */
  readonly schedulers?: readonly string[];
}

/** What a controller manager, a scheduler and the operators of the installed CRDs do in a real cluster. Runs until disposed or aborted. */
export function startControllers(api: DemoApi, options: ControllersOptions): Disposable {
  const owned = new DisposableStore();
  const cluster = owned.add(new Cluster(api, options.clock, options.logger));
  const leaderWorkerSets = cluster.optionalKind(LWS_GROUP, 'leaderworkersets');
  const disaggregatedSets = cluster.optionalKind(DISAGGREGATED_SET_GROUP, 'disaggregatedsets');
  const storageClasses = cluster.optionalKind('storage.k8s.io', 'storageclasses');
  const budgets = cluster.optionalKind('policy', 'poddisruptionbudgets');
  const leases = cluster.optionalKind('coordination.k8s.io', 'leases');
  const controllers: readonly Controller[] = [
    new Scheduler(cluster, options.schedulers),
    new DeploymentController(cluster),
    new ReplicaSetController(cluster),
    new StatefulSetController(cluster, mutateGroupPod),
    new DaemonSetController(cluster),
    new JobController(cluster),
    new EndpointsController(cluster),
    new LoadBalancerController(cluster),
    ...gatewayControllers(cluster),
    ...(budgets ? [new DisruptionController(cluster, budgets)] : []),
    ...(leases ? [new NodeController(cluster, leases)] : []),
    ...(storageClasses ? [new VolumeController(cluster, storageClasses)] : []),
    ...(leaderWorkerSets ? [new LeaderWorkerSetController(cluster, leaderWorkerSets)] : []),
    ...(leaderWorkerSets && disaggregatedSets
      ? [new DisaggregatedSetController(cluster, disaggregatedSets, leaderWorkerSets)]
      : []),
  ];
  for (const controller of controllers) for (const subscription of controller.start()) owned.add(subscription);
  owned.add(disposeOnAbort(options.signal, owned));
  return owned;
}

interface Controller {
  start(): Disposable[];
}

/** Those of a gateway implementation with inference extension, as far as its CRDs are installed. */
function gatewayControllers(cluster: Cluster): readonly Controller[] {
  const gateways = cluster.optionalKind(GATEWAY_GROUP, 'gateways');
  if (gateways === undefined) return [];
  const routes = cluster.optionalKind(GATEWAY_GROUP, 'httproutes');
  if (routes === undefined) return [new GatewayController(cluster, gateways)];
  const pools = POOL_GROUPS.flatMap((group) => cluster.optionalKind(group, 'inferencepools') ?? []);
  return [
    new GatewayController(cluster, gateways),
    new RouteController(cluster, routes, gateways),
    ...pools.map((collection) => new PoolController(cluster, collection, routes, gateways)),
  ];
}

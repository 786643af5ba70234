import type { Logger } from '../../../base/logger.ts';
import type { DemoTime, PodNetwork } from '../types.ts';
import type { ContainerRun } from './container-run.ts';
import type { ImageStore } from './images.ts';
import type { ContainerSpec, NodePod } from './pod-spec.ts';

/** What the containers of one pod get from their pod and node. */
export interface PodRuntime {
  /** The pod as the API server last told it. */
  pod(): NodePod;
  readonly podIp: string;
  readonly network: PodNetwork;
  readonly time: DemoTime;
  readonly images: ImageStore;
  readonly logger: Logger;
  readonly faultsAtStart: readonly string[];
  /** Creates and starts a container. Rejects with ConfigError when its configuration refers to what is not there. */
  create(container: ContainerSpec): Promise<ContainerRun>;
  event(type: 'Normal' | 'Warning', reason: string, message: string, container?: ContainerSpec): void;
  /** The pod's status has changed and has to be reported. */
  changed(): void;
}

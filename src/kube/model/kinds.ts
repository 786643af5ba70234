import type {
  CoreV1Event,
  V1ConfigMap,
  V1Container,
  V1ContainerStatus,
  V1Deployment,
  V1Job,
  V1Namespace,
  V1Node,
  V1Pod,
  V1PodCondition,
  V1ReplicaSet,
  V1Secret,
  V1Service,
} from '@kubernetes/client-node';
import type { Fields, Raw } from './raw.ts';
import type { KubeObject } from './types.ts';

/** An object of a kind: what every object has, and the model's other fields as they come. */
type Kind<T> = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> &
  Fields<Omit<T, 'apiVersion' | 'kind' | 'metadata'>>;

export type ConfigMap = Kind<V1ConfigMap>;
export type Deployment = Kind<V1Deployment>;
export type Event = Kind<CoreV1Event>;
export type Job = Kind<V1Job>;
export type Namespace = Kind<V1Namespace>;
export type Node = Kind<V1Node>;
export type Pod = Kind<V1Pod>;
export type ReplicaSet = Kind<V1ReplicaSet>;
export type Secret = Kind<V1Secret>;
export type Service = Kind<V1Service>;

export type PodSpec = NonNullable<Pod['spec']>;
export type PodStatus = NonNullable<Pod['status']>;
export type PodCondition = Raw<V1PodCondition>;
export type Container = Raw<V1Container>;
export type ContainerStatus = Raw<V1ContainerStatus>;

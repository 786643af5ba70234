import type {
  CoreV1Event,
  ResourceV1ResourceClaim,
  V1APIResourceList,
  V1ConfigMap,
  V1Container,
  V1ContainerStateTerminated,
  V1ContainerStatus,
  V1Deployment,
  V1Device,
  V1Job,
  V1Namespace,
  V1Node,
  V1Pod,
  V1PodCondition,
  V1PodSpec,
  V1ReplicaSet,
  V1ResourceSlice,
  V1Secret,
  V1SelfSubjectAccessReview,
  V1SelfSubjectRulesReview,
  V1Service,
  V1ServicePort,
  V1Status,
  V1beta1Device,
  V1beta1ResourceClaim,
  V1beta1ResourceSlice,
} from '@kubernetes/client-node';
import type { Fields, Raw } from './raw.ts';
import type { KubeObject } from './types.ts';

/** An object of a kind: what every object has, and the model's other fields as they come. */
export type Kind<T> = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'> &
  Fields<Omit<T, 'apiVersion' | 'kind' | 'metadata'>>;

export type ConfigMap = Kind<V1ConfigMap>;
export type Deployment = Kind<V1Deployment>;
export type Event = Kind<CoreV1Event>;
export type Job = Kind<V1Job>;
export type Namespace = Kind<V1Namespace>;
export type Node = Kind<V1Node>;
export type Pod = Kind<V1Pod>;
export type ReplicaSet = Kind<V1ReplicaSet>;
/** Of each version that clusters serve: v1beta1 stands for itself, v1beta2 looks like v1. */
export type ResourceClaim = Kind<ResourceV1ResourceClaim> | Kind<V1beta1ResourceClaim>;
export type ResourceSlice = Kind<V1ResourceSlice> | Kind<V1beta1ResourceSlice>;
export type Secret = Kind<V1Secret>;
export type SelfSubjectAccessReview = Kind<V1SelfSubjectAccessReview>;
export type SelfSubjectRulesReview = Kind<V1SelfSubjectRulesReview>;
export type Service = Kind<V1Service>;

export type PodSpec = Raw<V1PodSpec>;
export type PodCondition = Raw<V1PodCondition>;
export type Container = Raw<V1Container>;
export type ContainerStatus = Raw<V1ContainerStatus>;
export type ContainerExit = Raw<V1ContainerStateTerminated>;
export type ServicePort = Raw<V1ServicePort>;
/** The answer of an API server that is no object: why a request failed, or how a command in a container ended. */
export type Status = Raw<V1Status>;
export type ApiResourceList = Raw<V1APIResourceList>;
export type SliceDevice = Raw<V1Device> | Raw<V1beta1Device>;

import type { V1Condition, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { Kind } from './kinds.ts';

/** Kinds that no library has a model of: of each what is read. */

/** https://lws.sigs.k8s.io/docs/reference/leaderworkerset.v1 */
export type LeaderWorkerSet = Kind<{
  spec: {
    replicas: number;
    startupPolicy: string;
    leaderWorkerTemplate: {
      size: number;
      restartPolicy: string;
      leaderTemplate: V1PodTemplateSpec;
      workerTemplate: V1PodTemplateSpec;
      subGroupPolicy: { subGroupSize: number; subGroupPolicyType: string };
    };
    networkConfig: { subdomainPolicy: string };
    rolloutStrategy: {
      type: string;
      rollingUpdateConfiguration: { partition: number; maxUnavailable: number | string; maxSurge: number | string };
    };
  };
  status: {
    replicas: number;
    readyReplicas: number;
    updatedReplicas: number;
    hpaPodSelector: string;
    observedGeneration: number;
    conditions: V1Condition[];
  };
}>;

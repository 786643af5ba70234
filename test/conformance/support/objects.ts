/** Objects of the cases, as a client would send them. */
export type Sent = Record<string, unknown>;

export function configMap(name: string, data: Readonly<Record<string, string>> = {}, metadata: Sent = {}): Sent {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}

/** A pod that no scheduler takes, so that nothing but the case changes it. */
export function idlePod(name: string, spec: Sent = {}, metadata: Sent = {}): Sent {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: {
      schedulerName: 'nobody',
      containers: [{ name: 'main', image: 'registry.example/shell:1', command: ['sleep', 'infinity'] }],
      ...spec,
    },
  };
}

export function runningPod(name: string, spec: Sent = {}, metadata: Sent = {}): Sent {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: {
      containers: [{ name: 'main', image: 'registry.example/shell:1', command: ['sleep', 'infinity'] }],
      terminationGracePeriodSeconds: 1,
      ...spec,
    },
  };
}

/** A deployment whose pods no scheduler takes. */
export function deployment(name: string, spec: Sent = {}, container: Sent = {}): Sent {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          schedulerName: 'nobody',
          containers: [
            { name: 'main', image: 'registry.example/server:1', ports: [{ containerPort: 80 }], ...container },
          ],
        },
      },
      ...spec,
    },
  };
}

export function leaderWorkerSet(name: string, spec: Sent = {}, pod: Sent = {}): Sent {
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name },
    spec: {
      replicas: 2,
      leaderWorkerTemplate: {
        size: 2,
        workerTemplate: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'main', image: 'registry.example/shell:1', command: ['sleep', 'infinity'] }],
            ...pod,
          },
        },
      },
      ...spec,
    },
  };
}

export const mergePatch = 'application/merge-patch+json';
export const jsonPatch = 'application/json-patch+json';
export const strategicPatch = 'application/strategic-merge-patch+json';
export const applyPatch = 'application/apply-patch+yaml';
export const asTable = 'application/json;as=Table;v=v1;g=meta.k8s.io';

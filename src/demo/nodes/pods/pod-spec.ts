import * as z from 'zod';
import type { KubeObject } from '../../../kube/model/types.ts';

/** The parts of a pod that its node reads. Everything else passes unseen. */

const keySelector = z.object({ name: z.string().default(''), key: z.string(), optional: z.boolean().default(false) });
const fieldRef = z.object({ fieldPath: z.string() });
const resourceFieldRef = z.object({
  containerName: z.string().optional(),
  resource: z.string(),
  divisor: z.union([z.string(), z.number()]).optional(),
});

const envVar = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({ fieldRef, resourceFieldRef, configMapKeyRef: keySelector, secretKeyRef: keySelector })
    .partial()
    .optional(),
});

const wholeRef = z.object({ name: z.string().default(''), optional: z.boolean().default(false) });
const envFrom = z.object({
  prefix: z.string().default(''),
  configMapRef: wholeRef.optional(),
  secretRef: wholeRef.optional(),
});

const portNumber = z.union([z.number(), z.string()]);
const httpHeader = z.object({ name: z.string(), value: z.string() });
const httpGet = z.object({
  path: z.string().default('/'),
  port: portNumber,
  host: z.string().optional(),
  scheme: z.string().default('HTTP'),
  httpHeaders: z.array(httpHeader).default([]),
});
const exec = z.object({ command: z.array(z.string()).default([]) });
const sleepAction = z.object({ seconds: z.number() });
const tcpSocket = z.object({ port: portNumber, host: z.string().optional() });
const grpc = z.object({ port: z.number() });

const probe = z.object({
  httpGet: httpGet.optional(),
  exec: exec.optional(),
  tcpSocket: tcpSocket.optional(),
  grpc: grpc.optional(),
  initialDelaySeconds: z.number().default(0),
  periodSeconds: z.number().default(10),
  timeoutSeconds: z.number().default(1),
  successThreshold: z.number().default(1),
  failureThreshold: z.number().default(3),
});

const lifecycleHandler = z.object({
  exec: exec.optional(),
  httpGet: httpGet.optional(),
  sleep: sleepAction.optional(),
});

const quantities = z.record(z.string(), z.union([z.string(), z.number()])).default({});

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
  imagePullPolicy: z.string().optional(),
  command: z.array(z.string()).default([]),
  args: z.array(z.string()).default([]),
  workingDir: z.string().optional(),
  env: z.array(envVar).default([]),
  envFrom: z.array(envFrom).default([]),
  ports: z
    .array(z.object({ name: z.string().optional(), containerPort: z.number(), protocol: z.string().default('TCP') }))
    .default([]),
  resources: z.object({ limits: quantities, requests: quantities }).partial().default({}),
  volumeMounts: z
    .array(
      z.object({
        name: z.string(),
        mountPath: z.string(),
        subPath: z.string().optional(),
        subPathExpr: z.string().optional(),
        readOnly: z.boolean().default(false),
      }),
    )
    .default([]),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  lifecycle: z.object({ postStart: lifecycleHandler, preStop: lifecycleHandler }).partial().default({}),
  restartPolicy: z.string().optional(),
  stdin: z.boolean().default(false),
  stdinOnce: z.boolean().default(false),
  tty: z.boolean().default(false),
});

const items = z.array(z.object({ key: z.string(), path: z.string(), mode: z.number().optional() })).optional();
const configMapSource = z.object({ name: z.string().default(''), items, optional: z.boolean().default(false) });
const secretSource = z.object({ secretName: z.string(), items, optional: z.boolean().default(false) });
const downwardItems = z
  .array(z.object({ path: z.string(), fieldRef: fieldRef.optional(), resourceFieldRef: resourceFieldRef.optional() }))
  .default([]);

const projection = z.object({
  configMap: configMapSource.optional(),
  secret: z.object({ name: z.string().default(''), items, optional: z.boolean().default(false) }).optional(),
  downwardAPI: z.object({ items: downwardItems }).optional(),
  serviceAccountToken: z.object({ path: z.string() }).optional(),
});

const volume = z.object({
  name: z.string(),
  emptyDir: z
    .object({ medium: z.string().default(''), sizeLimit: z.union([z.string(), z.number()]).optional() })
    .optional(),
  hostPath: z.object({ path: z.string() }).optional(),
  persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
  configMap: configMapSource.optional(),
  secret: secretSource.optional(),
  projected: z.object({ sources: z.array(projection).default([]) }).optional(),
  downwardAPI: z.object({ items: downwardItems }).optional(),
  ephemeral: z.unknown().optional(),
});

const podSpec = z.object({
  nodeName: z.string().default(''),
  hostname: z.string().optional(),
  subdomain: z.string().optional(),
  hostNetwork: z.boolean().default(false),
  serviceAccountName: z.string().default('default'),
  restartPolicy: z.enum(['Always', 'OnFailure', 'Never']).default('Always'),
  terminationGracePeriodSeconds: z.number().default(30),
  activeDeadlineSeconds: z.number().optional(),
  initContainers: z.array(container).default([]),
  containers: z.array(container).min(1),
  volumes: z.array(volume).default([]),
  readinessGates: z.array(z.object({ conditionType: z.string() })).default([]),
});

export type PodSpec = z.infer<typeof podSpec>;
export type ContainerSpec = PodSpec['containers'][number];
export type VolumeSpec = PodSpec['volumes'][number];
export type ProbeSpec = z.infer<typeof probe>;
export type HandlerSpec = z.infer<typeof lifecycleHandler>;
export type EnvVarSpec = z.infer<typeof envVar>;
export type DownwardItems = z.infer<typeof downwardItems>;
export type KeyItems = z.infer<typeof items>;

/** A pod as its node sees it. */
export interface NodePod {
  readonly object: KubeObject;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly spec: PodSpec;
}

/** Undefined for an object that is no usable pod; the API server has validated it, so this is a pod of another world. */
export function readPod(object: KubeObject): NodePod | undefined {
  const spec = podSpec.safeParse(object['spec']);
  const { uid, namespace, name } = object.metadata;
  if (!spec.success || uid === undefined || namespace === undefined) return undefined;
  return { object, uid, namespace, name, spec: spec.data };
}

export function hostnameOf(pod: NodePod): string {
  return pod.spec.hostname ?? pod.name;
}

/** Sidecars: init containers that stay (`restartPolicy: Always`). */
export function isSidecar(container: ContainerSpec): boolean {
  return container.restartPolicy === 'Always';
}

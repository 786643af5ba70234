import { mkdir, mkdtemp, readdir, readFile, rm, writeFile, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll, systemClock } from '../../src/base/clock.ts';
import { isWorkbenchError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import type { Connection } from '../../src/kube/http/connection.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import { freePort } from '../lib/port.ts';
import type { ControlPlaneBinaries } from './binaries.ts';
import { lwsConfiguration, lwsWebhooks } from './lws.ts';
import { Processes } from './processes.ts';

export const realContext = 'control-plane';
const startMs = 120_000;
const probeMs = 100;

export interface ControlPlane {
  readonly server: string;
  /** An administrator's. */
  readonly kubeconfigPath: string;
  /** Certificates and keys; `serving` is for whatever listens on 127.0.0.1, the kubelets too. */
  readonly pki: string;
  /** Where etcd listens, plain HTTP: a suite makes it forget the past. */
  readonly etcd: string;
  /** Of each component, one file. */
  readonly logs: string;
  stop(): Promise<void>;
}

interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly controllers: number;
  readonly scheduler: number;
  readonly webhook: number;
  readonly lwsHealth: number;
  readonly lwsMetrics: number;
}

/** Starts a control plane from nothing on 127.0.0.1 and waits until it serves, with its custom resources. It has no nodes. */
export async function startControlPlane(binaries: ControlPlaneBinaries): Promise<ControlPlane> {
  const root = await mkdtemp(join(tmpdir(), 'llmdw-control-plane-'));
  const [pki, logs] = [join(root, 'pki'), join(root, 'logs')];
  await Promise.all([pki, logs, join(root, 'webhook')].map((folder) => mkdir(folder)));
  const processes = new Processes(logs);
  const stop = async (): Promise<void> => {
    await processes.stop();
    await rm(root, { recursive: true, force: true });
  };
  try {
    await processes.run('pki', binaries.controlPlane, ['pki', `--dir=${pki}`]);
    const ports = await freePorts();
    const server = `https://127.0.0.1:${ports.api}`;
    const files = { root, pki, kubeconfigPath: join(root, 'admin.kubeconfig') };
    for (const user of ['admin', 'kube-controller-manager', 'kube-scheduler'])
      await writeKubeconfig(files, user, server);
    const start = (name: string, args: readonly string[]): void =>
      processes.start(name, binaries.controlPlane, [name, ...args]);
    start('etcd', etcdFlags(root, ports));
    start('kube-apiserver', apiServerFlags(files, ports));
    const client = createKubeClient({
      cluster: { context: realContext, namespace: 'default', server },
      connection: await adminConnection(pki, server),
      clock: systemClock,
      logger: silentLogger,
    });
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(startMs), processes.failed]);
      await answered(client, '/readyz', signal);
      start('kube-controller-manager', controllerManagerFlags(files, ports));
      start('kube-scheduler', schedulerFlags(files, ports));
      await installDefinitions(client, binaries.definitions, signal);
      await startLws({ processes, binaries, files, ports, client, signal });
      await found(client, '/api/v1/namespaces/default/serviceaccounts/default', signal);
    } finally {
      client.dispose();
    }
    return { server, kubeconfigPath: files.kubeconfigPath, pki, etcd: `http://127.0.0.1:${ports.etcd}`, logs, stop };
  } catch (error) {
    const tails = await processes.tails();
    await stop();
    throw new Error(`the control plane did not start:\n${tails}`, { cause: error });
  }
}

interface Files {
  readonly root: string;
  readonly pki: string;
  readonly kubeconfigPath: string;
}

async function freePorts(): Promise<Ports> {
  const [api = 0, etcd = 0, etcdPeer = 0, controllers = 0, scheduler = 0, webhook = 0, lwsHealth = 0, lwsMetrics = 0] =
    await Promise.all(Array.from({ length: 8 }, freePort));
  return { api, etcd, etcdPeer, controllers, scheduler, webhook, lwsHealth, lwsMetrics };
}

function etcdFlags(root: string, ports: Ports): readonly string[] {
  return [
    `--data-dir=${join(root, 'etcd')}`,
    `--client-url=http://127.0.0.1:${ports.etcd}`,
    `--peer-url=http://127.0.0.1:${ports.etcdPeer}`,
  ];
}

function apiServerFlags({ root, pki }: Files, ports: Ports): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${ports.etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${ports.api}`,
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.96.0.0/16',
    `--client-ca-file=${pki}/ca.crt`,
    `--tls-cert-file=${pki}/serving.crt`,
    `--tls-private-key-file=${pki}/serving.key`,
    `--cert-dir=${root}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki}/service-accounts.pub`,
    `--service-account-signing-key-file=${pki}/service-accounts.key`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--kubelet-certificate-authority=${pki}/ca.crt`,
    `--kubelet-client-certificate=${pki}/admin.crt`,
    `--kubelet-client-key=${pki}/admin.key`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${pki}/front-proxy-ca.crt`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${pki}/front-proxy-client.crt`,
    `--proxy-client-key-file=${pki}/front-proxy-client.key`,
    // The lists of a suite are asked for at once; a slow machine must not turn that into 429.
    '--max-requests-inflight=2000',
    '--max-mutating-requests-inflight=1000',
    '--v=1',
  ];
}

/** The default limit of requests lets the first service account of a namespace come seconds late. */
function controllerManagerFlags({ root, pki }: Files, ports: Ports): readonly string[] {
  return [
    ...componentFlags(root, 'kube-controller-manager', ports.controllers),
    `--service-account-private-key-file=${pki}/service-accounts.key`,
    `--root-ca-file=${pki}/ca.crt`,
    `--cluster-signing-cert-file=${pki}/ca.crt`,
    `--cluster-signing-key-file=${pki}/ca.key`,
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--use-service-account-credentials=true',
  ];
}

function schedulerFlags({ root }: Files, ports: Ports): readonly string[] {
  return componentFlags(root, 'kube-scheduler', ports.scheduler);
}

function componentFlags(root: string, user: string, port: number): readonly string[] {
  const kubeconfig = join(root, `${user}.kubeconfig`);
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${root}`,
    '--v=1',
  ];
}

/** JSON is YAML: every client reads it. */
async function writeKubeconfig({ root, pki }: Files, user: string, server: string): Promise<void> {
  const data = async (name: string): Promise<string> => (await readFile(join(pki, name))).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': realContext,
    clusters: [{ name: realContext, cluster: { server, 'certificate-authority-data': await data('ca.crt') } }],
    users: [
      {
        name: user,
        user: { 'client-certificate-data': await data(`${user}.crt`), 'client-key-data': await data(`${user}.key`) },
      },
    ],
    contexts: [{ name: realContext, context: { cluster: realContext, user, namespace: 'default' } }],
  };
  await writeFile(join(root, `${user}.kubeconfig`), JSON.stringify(config), { mode: 0o600 });
}

/** The way of the control plane's administrator to it. */
export async function adminConnection(pki: string, server: string): Promise<Connection> {
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'admin.crt', 'admin.key'].map((name) => readFile(join(pki, name), 'utf8')),
  );
  const credentials = { headers: {}, cert: cert ?? '', key: key ?? '' };
  return { server, ca: ca ?? '', credentials: { get: () => Promise.resolve(credentials), invalidate() {} } };
}

async function answered(client: KubeClient, path: string, signal: AbortSignal): Promise<void> {
  await poll(systemClock, probeMs, signal, async () => {
    try {
      const { status, body } = await client.stream({ path, signal });
      body.resume();
      return status === 200 ? true : undefined;
    } catch (error) {
      if (isWorkbenchError(error) && error.code !== 'aborted') return undefined;
      throw error;
    }
  });
}

async function found(client: KubeClient, path: string, signal: AbortSignal): Promise<void> {
  await poll(systemClock, probeMs, signal, async () => {
    try {
      return await client.json({ path, signal });
    } catch (error) {
      if (isWorkbenchError(error, 'not-found')) return undefined;
      throw error;
    }
  });
}

/** Creates the definitions and waits until the kinds that the suite uses are served. */
async function installDefinitions(client: KubeClient, folder: string, signal: AbortSignal): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  for (const name of await readdir(folder)) {
    await client.json({
      method: 'POST',
      path,
      body: await readFile(join(folder, name), 'utf8'),
      contentType: 'application/yaml',
      signal,
    });
  }
  await poll(systemClock, probeMs, signal, async () => {
    const { items } = await client.json<{ items: { status?: { conditions?: { type: string; status: string }[] } }[] }>({
      path,
      signal,
    });
    return items.every(({ status }) =>
      status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True'),
    )
      ? true
      : undefined;
  });
}

interface LwsStart {
  readonly processes: Processes;
  readonly binaries: ControlPlaneBinaries;
  readonly files: Files;
  readonly ports: Ports;
  readonly client: KubeClient;
  readonly signal: AbortSignal;
}

async function startLws({ processes, binaries, files, ports, client, signal }: LwsStart): Promise<void> {
  const certDir = join(files.root, 'webhook');
  await copyFile(join(files.pki, 'serving.crt'), join(certDir, 'tls.crt'));
  await copyFile(join(files.pki, 'serving.key'), join(certDir, 'tls.key'));
  const configuration = join(files.root, 'lws.json');
  await writeFile(
    configuration,
    JSON.stringify(
      lwsConfiguration({
        webhookPort: ports.webhook,
        healthPort: ports.lwsHealth,
        metricsPort: ports.lwsMetrics,
        certDir,
      }),
    ),
  );
  processes.start('lws', binaries.lws, [`--config=${configuration}`], { KUBECONFIG: files.kubeconfigPath });
  await poll(systemClock, probeMs, signal, () =>
    fetch(`http://127.0.0.1:${ports.lwsHealth}/readyz`, { signal }).then(
      ({ ok }) => (ok ? true : undefined),
      () => undefined,
    ),
  );
  for (const webhook of lwsWebhooks(ports.webhook, await readFile(join(files.pki, 'ca.crt'), 'utf8'))) {
    const plural = `${(webhook as { readonly kind: string }).kind.toLowerCase()}s`;
    await client.json({
      method: 'POST',
      path: `/apis/admissionregistration.k8s.io/v1/${plural}`,
      body: webhook,
      signal,
    });
  }
}

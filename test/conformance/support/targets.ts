import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminConnection, realContext } from '../../../scripts/conformance/control-plane.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { demoContext, startDemoCluster } from '../../../src/demo/cluster.ts';
import { startNodes } from '../../../src/demo/nodes/index.ts';
import { programs } from '../../../src/demo/programs/servers/index.ts';
import { commands } from '../../../src/demo/programs/tools/index.ts';
import { createKubeClient } from '../../../src/kube/client.ts';
import type { Connection } from '../../../src/kube/http/connection.ts';
import { Transport } from '../../../src/kube/http/transport.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { compactEtcd } from './etcd.ts';
import { serveGateways } from './gateways.ts';

const speed = 20;

/** One of the two servers. */
export interface Target {
  readonly name: 'demo' | 'real';
  readonly context: string;
  readonly kubeconfigPath: string;
  readonly admin: KubeClient;
  /** The administrator's way for WebSockets. */
  readonly transport: Transport;
  /** Makes the server forget every version before the present one, as it does by itself in time. */
  forget(): Promise<void>;
  /** Somebody else on the same server. */
  withToken(token: string): KubeClient;
  stop(): Promise<void>;
}

/** What scripts/conformance/suite.ts tells. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run the suite with npm run test:conformance`);
  return value;
}

function clientOf(context: string, connection: Connection): KubeClient {
  return createKubeClient({
    cluster: { context, namespace: 'default', server: connection.server },
    connection,
    clock: systemClock,
    logger: silentLogger,
  });
}

function transportOf(context: string, connection: Connection): Transport {
  return new Transport({
    cluster: { context, namespace: 'default', server: connection.server },
    connection,
    clock: systemClock,
  });
}

async function startDemo(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-conformance-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  const cluster = await startDemoCluster({
    port: 0,
    kubeconfigPath,
    speed,
    faults: [],
    logger: silentLogger,
    signal: new AbortController().signal,
  });
  const config = JSON.parse(await readFile(kubeconfigPath, 'utf8'));
  const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64');
  const connection = { server: cluster.url, ca, token: config.users[0].user.token };
  const admin = clientOf(demoContext, connection);
  const transport = transportOf(demoContext, connection);
  return {
    name: 'demo',
    context: demoContext,
    kubeconfigPath,
    admin,
    transport,
    forget() {
      cluster.server.compact();
      return Promise.resolve();
    },
    withToken: (token) => clientOf(demoContext, { server: cluster.url, ca, token }),
    async stop() {
      admin.dispose();
      transport.dispose();
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The real control plane, with the demo's nodes behind it and a stand-in for the gateway implementation. */
async function startReal(): Promise<Target> {
  const [server, pki] = [variable('CONFORMANCE_SERVER'), variable('CONFORMANCE_PKI')];
  const connection = await adminConnection(pki, server);
  const admin = clientOf(realContext, connection);
  const nodesClient = clientOf(realContext, connection);
  const transport = transportOf(realContext, connection);
  const [cert = '', key = '', clientCa = ''] = await Promise.all(
    ['serving.crt', 'serving.key', 'ca.crt'].map((name) => readFile(join(pki, name), 'utf8')),
  );
  const { signal } = new AbortController();
  const gateways = await serveGateways(nodesClient, signal);
  const nodes = await startNodes({
    client: nodesClient,
    speed,
    clock: systemClock,
    logger: silentLogger,
    signal,
    programs: (view) => programs(view, systemClock),
    commands: commands(),
    kubelet: { host: '127.0.0.1', cert, key, clientCa },
  });
  return {
    name: 'real',
    context: realContext,
    kubeconfigPath: variable('CONFORMANCE_KUBECONFIG'),
    admin,
    transport,
    forget: () => compactEtcd(variable('CONFORMANCE_ETCD')),
    withToken: (token) =>
      clientOf(realContext, { server, ...(connection.ca === undefined ? {} : { ca: connection.ca }), token }),
    stop() {
      nodes.dispose();
      gateways.dispose();
      for (const client of [admin, nodesClient, transport]) client.dispose();
      return Promise.resolve();
    },
  };
}

let started: readonly Target[] = [];

/** The demo first. */
export function targets(): readonly Target[] {
  return started;
}

export const mochaHooks = {
  async beforeAll(): Promise<void> {
    started = await Promise.all([startDemo(), startReal()]);
  },
  async afterAll(): Promise<void> {
    await Promise.all(started.map((target) => target.stop()));
  },
};

import { randomBytes } from 'node:crypto';
import { throwIfAborted, systemClock, type Clock } from '../base/clock.ts';
import { DisposableStore } from '../base/disposables.ts';
import type { Logger } from '../base/logger.ts';
import { removePrivateFile, writePrivateFile } from '../base/private-file.ts';
import { createKubeClient } from '../kube/client.ts';
import { createApiServer, type ApiServer } from './api/server.ts';
import { startControllers } from './controllers/index.ts';
import { Crowd, type CrowdOptions } from './crowd/crowd.ts';
import { Kubelets } from './kubelets.ts';
import { demoTime } from './nodes/demo-time.ts';
import { startNodes } from './nodes/index.ts';
import { h200Nodes, type NodeShape } from './nodes/node-shape.ts';
import { programs } from './programs/servers/index.ts';
import type { UpgradeCounter } from './nodes/streaming/upgrades.ts';
import { commands } from './programs/tools/index.ts';

export interface DemoClusterOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Written when the cluster is up, removed when it stops. */
  readonly kubeconfigPath: string;
  /** Where the objects outlive the process; absent: nowhere. */
  readonly stateDir?: string;
  /** 1 loads a model server in about 30 s; 10 is ten times as fast. */
  readonly speed: number;
  /** Names of faults.ts that hold from the start. */
  readonly faults: readonly string[];
  /** Four H200 nodes when left out. */
  readonly nodes?: readonly NodeShape[];
  /** Other people's pods, in great number. Not together with `stateDir`: the next start would add a second crowd. */
  readonly crowd?: CrowdOptions;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Ends the start; a cluster that is up is ended by `stop`. */
  readonly signal: AbortSignal;
}

/** How to reach a demo cluster, and to know it again: authority and token are new at each start. */
export interface DemoConnection {
  readonly server: string;
  readonly token: string;
  readonly ca?: string;
}

export interface DemoCluster {
  readonly url: string;
  readonly port: number;
  readonly context: string;
  readonly kubeconfigPath: string;
  readonly connection: DemoConnection;
  /** The server alone, for tests that look behind the API. */
  readonly server: ApiServer;
  /** Streaming connections that the kubelets took, by transport. */
  readonly upgrades: UpgradeCounter;
  stop(): Promise<void>;
}

export const demoContext = 'llm-d-demo';
const host = '127.0.0.1';
/** Where the guides deploy to: it is there from the start, and the context's own. */
const workNamespace = 'llm-d';

/** Starts API server, controllers and nodes, and writes the kubeconfig that is all a client needs. */
export async function startDemoCluster(options: DemoClusterOptions): Promise<DemoCluster> {
  const { logger, clock = systemClock, kubeconfigPath, stateDir } = options;
  throwIfAborted(options.signal);
  const token = randomBytes(24).toString('base64url');
  const kubelets = new Kubelets();
  const stopping = new AbortController();
  const owned = new DisposableStore();
  const abortStart = (): void => stopping.abort(options.signal.reason);
  options.signal.addEventListener('abort', abortStart, { once: true });
  const server = await createApiServer({
    host,
    port: options.port,
    token,
    kubelets,
    logger,
    clock,
    ...(stateDir === undefined ? {} : { stateDir }),
  });
  const connection: DemoConnection = {
    server: server.url,
    token,
    ...(server.caPem === undefined ? {} : { ca: server.caPem }),
  };
  const stop = async (): Promise<void> => {
    stopping.abort();
    owned.dispose();
    try {
      await removePrivateFile(kubeconfigPath, kubeconfig(connection));
    } finally {
      await server.close();
    }
  };
  try {
    throwIfAborted(options.signal);
    const cluster = { context: demoContext, namespace: workNamespace, server: server.url };
    const client = owned.add(createKubeClient({ cluster, connection, clock, logger }));
    seedNamespace(server);
    const signal = stopping.signal;
    const shapes = options.nodes ?? h200Nodes();
    const crowd =
      options.crowd &&
      owned.add(
        new Crowd(
          { api: server.api, nodes: shapes, time: demoTime(clock, options.speed), clock, logger, signal },
          options.crowd,
        ),
      );
    const nodes = owned.add(
      await startNodes({
        client,
        clock,
        logger,
        signal,
        kubelet: { kubelets },
        speed: options.speed,
        faults: options.faults,
        nodes: shapes,
        programs: (view) => programs(view, clock),
        commands: commands(),
        ...(crowd === undefined ? {} : { foreign: crowd.foreignPods }),
      }),
    );
    // The controllers come last: of a daemon's pods on nodes that are not there yet they would make an end.
    await crowd?.seed();
    owned.add(startControllers(server.api, { clock, logger, signal }));
    crowd?.start();
    throwIfAborted(options.signal);
    await writePrivateFile(kubeconfigPath, kubeconfig(connection));
    return {
      url: server.url,
      port: Number(new URL(server.url).port),
      context: demoContext,
      kubeconfigPath,
      connection,
      server,
      upgrades: nodes.upgrades,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', abortStart);
  }
}

function seedNamespace({ api }: ApiServer): void {
  const namespaces = api.resource('', 'namespaces');
  if (api.get(namespaces, undefined, workNamespace) === undefined)
    api.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: workNamespace } });
}

/** JSON is YAML: every client reads it. */
function kubeconfig({ server, token, ca }: DemoConnection): string {
  const authority = ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': demoContext,
      clusters: [{ name: demoContext, cluster: { server, ...authority } }],
      users: [{ name: demoContext, user: { token } }],
      contexts: [{ name: demoContext, context: { cluster: demoContext, user: demoContext, namespace: workNamespace } }],
    },
    undefined,
    2,
  )}\n`;
}

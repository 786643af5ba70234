import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { throwIfAborted, type Clock } from '../base/clock.ts';
import { errorText } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { Pods, resourcePath } from './resources.ts';
import type { Transport } from './transport.ts';
import type { ClusterRef, PortForward } from './types.ts';
import { keepAlive, messageBytes, openWebSocket } from './websocket.ts';

const PROTOCOL = 'v4.channel.k8s.io';
const DATA = 0;
const ERROR = 1;
/** The server's first message on each channel holds the port, not data. */
const PREAMBLES = 2;

export interface ForwardTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** Listens on a free port of 127.0.0.1 and carries each connection to the pod over a WebSocket of its own. */
export async function forwardPort(transport: Transport, cluster: ClusterRef, clock: Clock, logger: Logger, target: ForwardTarget, signal: AbortSignal): Promise<PortForward> {
  const stop = new AbortController();
  const server = createServer({ pauseOnConnect: true }, (local) => {
    carry(local, transport, cluster, clock, logger, target, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) logger.warn(`port-forward to ${target.pod}:${target.port}: ${errorText(error)}`);
      local.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('error', (error) => logger.warn(`port-forward to ${target.pod}:${target.port}: ${error.message}`));
  const dispose = (): void => {
    stop.abort();
    server.close();
  };
  try {
    throwIfAborted(signal);
  } catch (error) {
    dispose();
    throw error;
  }
  return { port: (server.address() as AddressInfo).port, dispose };
}

async function carry(local: Socket, transport: Transport, cluster: ClusterRef, clock: Clock, logger: Logger, target: ForwardTarget, signal: AbortSignal): Promise<void> {
  local.on('error', (error) => logger.debug(`local end of the port-forward to ${target.pod}:${target.port}: ${error.message}`));
  const remote = await openWebSocket(transport, cluster, {
    path: resourcePath(Pods, target.namespace, target.pod, 'portforward'),
    query: { ports: target.port },
    protocols: [PROTOCOL],
    signal,
  });
  const alive = keepAlive(remote, clock);
  const onStop = (): void => remote.terminate();
  signal.addEventListener('abort', onStop, { once: true });

  let preambles = PREAMBLES;
  remote.on('message', (data) => {
    const message = messageBytes(data);
    if (preambles > 0) {
      preambles -= 1;
      return;
    }
    const bytes = message.subarray(1);
    if (message[0] === ERROR && bytes.length > 0) {
      logger.warn(`port-forward to ${target.pod}:${target.port}: ${bytes.toString('utf8')}`);
      local.destroy();
    } else if (message[0] === DATA && bytes.length > 0 && !local.destroyed && !local.write(bytes)) {
      remote.pause();
      local.once('drain', () => remote.resume());
    }
  });
  remote.once('close', () => {
    alive.dispose();
    signal.removeEventListener('abort', onStop);
    local.end();
  });
  local.once('close', () => remote.terminate());
  local.on('data', (bytes) => {
    if (remote.readyState !== WebSocket.OPEN) return;
    local.pause();
    remote.send(Buffer.concat([Buffer.of(DATA), bytes]), () => local.resume());
  });
  remote.resume();
  local.resume();
  if (local.destroyed) remote.terminate();
}

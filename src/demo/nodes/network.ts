import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { disposable, type Disposable } from '../../base/disposables.ts';
import { connectedPair, networkError } from '../connected-pair.ts';
import type { PodNetwork } from './types.ts';

const ipv4 = /^\d+\.\d+\.\d+\.\d+$/;

/** Where a name and port lead. `port` may differ from the one asked for: a Service maps it to its pods' port. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** Cluster DNS and kube-proxy in one: names and cluster IPs to pods. */
export interface NameResolver {
  /** `unknown-name`: DNS has no such name. `no-endpoint`: the Service is there, but no ready pod behind it or no such port. */
  resolve(host: string, port: number, namespace: string): Endpoint | 'unknown-name' | 'no-endpoint';
}

/** The network that all pods share: addresses are pod IPs, connections are pairs of streams in memory. */
export class InMemoryNetwork implements PodNetwork {
  readonly #resolver: NameResolver;
  readonly #listeners = new Map<string, Listener>();

  constructor(resolver: NameResolver) {
    this.#resolver = resolver;
  }

  listen(ip: string, port: number, server: Server): Disposable {
    const address = `${ip}:${port}`;
    if (this.#listeners.has(address))
      throw networkError('EADDRINUSE', 'listen', `address already in use ${address}`, { address: ip, port });
    const listener = new Listener(server);
    this.#listeners.set(address, listener);
    return disposable(() => {
      this.#listeners.delete(address);
      listener.dispose();
    });
  }

  /** Connections come from the node, as the kubelet's probes and port-forwards do. */
  connect(host: string, port: number, from: { readonly namespace: string }): Promise<Duplex> {
    return this.#connect(host, port, from.namespace, '10.244.0.1');
  }

  /** The network as seen from inside one pod, where `localhost` is the pod itself. */
  forPod(podIp: string): PodNetwork {
    return {
      listen: (ip, port, server) => this.listen(isLoopback(ip) || ip === '0.0.0.0' ? podIp : ip, port, server),
      connect: (host, port, from) => {
        const local = isLoopback(host) || host === '0.0.0.0';
        return this.#connect(local ? podIp : host, port, from.namespace, local ? '127.0.0.1' : podIp);
      },
    };
  }

  #connect(host: string, port: number, namespace: string, fromIp: string): Promise<Duplex> {
    const target = this.#resolve(host, port, namespace);
    if (target === 'unknown-name')
      return Promise.reject(networkError('ENOTFOUND', 'getaddrinfo', host, { hostname: host }));
    const listener = target === 'no-endpoint' ? undefined : this.#listeners.get(`${target.ip}:${target.port}`);
    if (listener === undefined)
      return Promise.reject(networkError('ECONNREFUSED', 'connect', `${host}:${port}`, { address: host, port }));
    return Promise.resolve(listener.accept(fromIp));
  }

  #resolve(host: string, port: number, namespace: string): Endpoint | 'unknown-name' | 'no-endpoint' {
    const found = this.#resolver.resolve(host, port, namespace);
    return found === 'unknown-name' && ipv4.test(host) ? { ip: host, port } : found;
  }
}

/** Hands connections to a Node HTTP server, and breaks them when the listener goes away with its container. */
class Listener implements Disposable {
  readonly #server: Server;
  readonly #connections = new Set<Duplex>();

  constructor(server: Server) {
    this.#server = server;
  }

  accept(fromIp: string): Duplex {
    const [client, server] = connectedPair(fromIp);
    this.#connections.add(server);
    server.once('close', () => this.#connections.delete(server));
    this.#server.emit('connection', server);
    return client;
  }

  dispose(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '127.0.0.1' || host === '::1';
}

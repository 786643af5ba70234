import type { Route } from '../http/connection.ts';
import { proxyFromEnvironment } from '../http/proxy.ts';
import type { Environment } from '../tools/tool-path.ts';
import type { ClusterConfig } from './kubeconfig.ts';
import { material } from './material.ts';

export interface ClusterRouteOptions {
  readonly context: string;
  readonly env: Environment;
  /** The cluster as the kubeconfig describes it now. */
  readonly cluster: () => Promise<ClusterConfig>;
}

/** The way to a kubeconfig's cluster, read again when the kubeconfig was. */
export class ClusterRoute {
  readonly #options: ClusterRouteOptions;
  #held: { readonly cluster: ClusterConfig; readonly route: Route } | undefined;

  constructor(options: ClusterRouteOptions) {
    this.#options = options;
  }

  async get(): Promise<Route> {
    const { context, env, cluster: current } = this.#options;
    const cluster = await current();
    if (this.#held?.cluster !== cluster) {
      this.#held = {
        cluster,
        route: {
          ca: await material(cluster['certificate-authority-data'], cluster['certificate-authority'], context),
          insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
          tlsServerName: cluster['tls-server-name'] || undefined,
          proxyUrl: cluster['proxy-url'] || proxyFromEnvironment(new URL(cluster.server), env),
        },
      };
    }
    return this.#held.route;
  }
}

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { WorkbenchError } from '../../src/base/errors.ts';
import { labels } from '../../src/base/labels.ts';
import type { ClusterRef, KubeClient } from '../../src/kube/types.ts';

/** Model servers of pods, as far as their profiler goes: each an HTTP server of its own, reached as through a port-forward. */
export class ProfiledServers {
  readonly cluster: ClusterRef = { context: 'test', namespace: 'llm-d', server: 'https://10.0.0.1:6443' };
  readonly on = new Set<string>();
  /** Calls that arrived, such as `start_profile decode-0`. */
  readonly asked: string[] = [];
  readonly unreachable = new Set<string>();
  /** Whose pods these are. */
  owner = 'me';
  /** How a second start is refused: vLLM says 409 from 0.20 on. */
  refusal: 409 | 500 = 500;
  /** What an answer waits for, once the call has had its effect. */
  answers: (call: string) => Promise<void> | void = () => {};
  readonly #servers = new Map<string, Server>();

  static async of(...pods: readonly string[]): Promise<ProfiledServers> {
    const servers = new ProfiledServers();
    for (const pod of pods) await servers.#add(pod);
    return servers;
  }

  close(): void {
    for (const server of this.#servers.values()) {
      server.close();
      server.closeAllConnections();
    }
  }

  readonly client = {
    cluster: this.cluster,
    get: (_resource: unknown, _namespace: string, name: string) =>
      this.#servers.has(name)
        ? Promise.resolve({ kind: 'Pod', metadata: { name, labels: { [labels.owner]: this.owner } } })
        : Promise.reject(new WorkbenchError({ code: 'not-found', message: `pod ${name} was not found` })),
    portForward: (_namespace: string, { pod }: { readonly pod: string }) => {
      const address = this.#servers.get(pod)?.address() as AddressInfo | undefined;
      return address && !this.unreachable.has(pod)
        ? Promise.resolve({
            connect: () => connect(address.port),
            onDidFail: () => ({ dispose() {} }),
            dispose() {},
          })
        : Promise.reject(new WorkbenchError({ code: 'connection-lost', message: `no way to pod ${pod}` }));
    },
  } as unknown as KubeClient;

  async #add(pod: string): Promise<void> {
    const server = createServer((request, response) => {
      const call = `${request.url?.slice(1) ?? ''} ${pod}`;
      this.asked.push(call);
      const wasOn = this.on.has(pod);
      const starts = call.startsWith('start_profile');
      if (starts) this.on.add(pod);
      else this.on.delete(pod);
      void Promise.resolve(this.answers(call)).then(() =>
        wasOn === starts
          ? response.writeHead(starts ? this.refusal : 500).end(`Profiler is ${starts ? 'already' : 'not'} running.`)
          : response.writeHead(200).end(),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.set(pod, server);
  }
}

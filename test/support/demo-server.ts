import { InMemoryFs, type IFileSystem } from 'just-bash';
import { programs } from '../../src/demo/programs/servers/index.ts';
import type { ClusterView } from '../../src/demo/nodes/types.ts';
import { bodyText, podRequest } from '../../src/demo/programs/tools/load/pod-http.ts';
import { FakePodNetwork, fakeContainer, type FakeContainer, type FakeContainerOptions } from './fake-pod-network.ts';
import { until } from './until.ts';

/** A few containers with the demo's programs on one network, for tests of servers and tools. */
export class DemoPods {
  readonly network = new FakePodNetwork();
  readonly #programs;
  readonly #running: { readonly container: FakeContainer; readonly exit: Promise<number> }[] = [];

  constructor(view: ClusterView = { resolvePool: () => undefined }) {
    this.#programs = programs(view);
  }

  /** Starts a container's program; its exit code comes with `exit`. */
  start(options: Omit<FakeContainerOptions, 'network' | 'fs'> & { readonly fs?: IFileSystem }): {
    readonly container: FakeContainer;
    readonly exit: Promise<number>;
  } {
    const container = fakeContainer({ fs: new InMemoryFs(), ...options, network: this.network });
    const program = this.#programs.find((each) => each.matches({ image: container.image, command: container.command }));
    if (program === undefined) throw new Error(`no program for ${container.image} ${container.command.join(' ')}`);
    const running = { container, exit: program.run(container) };
    this.#running.push(running);
    return running;
  }

  /** Waits until something listens. */
  async listening(ip: string, port: number): Promise<void> {
    for (;;) {
      try {
        const socket = await this.network.connect(ip, port, { namespace: 'demo' });
        socket.destroy();
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'ECONNREFUSED') throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  /** Waits until nothing listens any more. */
  async silent(ip: string, port: number): Promise<void> {
    await until(async () =>
      this.network.connect(ip, port, { namespace: 'demo' }).then(
        (socket) => {
          socket.destroy();
          return false;
        },
        () => true,
      ),
    );
  }

  /** Waits until a model server has generated more tokens than that. */
  async generated(ip: string, port: number, tokens: number): Promise<void> {
    await until(async () => {
      const url = new URL(`http://${ip}:${port}/metrics`);
      const response = await podRequest(this.network, 'demo', {
        method: 'GET',
        url,
        signal: AbortSignal.timeout(5000),
      });
      const counts = (await bodyText(response)).matchAll(/^vllm:generation_tokens_total\{.*\} (\S+)$/gm);
      return counts.reduce((sum, [, count]) => sum + Number(count), 0) > tokens;
    });
  }

  async stop(): Promise<void> {
    for (const { container } of this.#running) container.stop();
    await Promise.all(this.#running.map(({ exit }) => exit));
  }
}

import { InMemoryFs, type IFileSystem } from 'just-bash';
import { programs } from '../../src/demo/programs/servers/index.ts';
import type { ClusterView } from '../../src/demo/nodes/types.ts';
import { FakePodNetwork, fakeContainer, type FakeContainer, type FakeContainerOptions } from './fake-pod-network.ts';

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

  async stop(): Promise<void> {
    for (const { container } of this.#running) container.stop();
    await Promise.all(this.#running.map(({ exit }) => exit));
  }
}

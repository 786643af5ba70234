import { aborted } from '../../src/base/clock.ts';
import { InMemoryNetwork } from '../../src/demo/nodes/network.ts';
import type { ContainerContext, DemoTime, PodNetwork } from '../../src/demo/nodes/types.ts';
import type { IFileSystem } from 'just-bash';

/** The demo's own pod network with a table of names in place of cluster DNS. */
export class FakePodNetwork extends InMemoryNetwork {
  /** Name to address. Ports are kept. */
  readonly names: Map<string, string>;

  constructor() {
    const names = new Map<string, string>();
    super({
      resolve: (host, port) => {
        const ip = names.get(host);
        return ip === undefined ? 'unknown-name' : { ip, port };
      },
    });
    this.names = names;
  }
}

/** Demo time at a speed; 1000 makes a start-up of half a minute take 30 ms. */
export function demoTime(speed: number): DemoTime {
  return {
    now: () => Date.now(),
    pass: (seconds, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(aborted(signal));
          return;
        }
        const onAbort = (): void => {
          clearTimeout(timer);
          reject(aborted(signal));
        };
        const timer = setTimeout(
          () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
          (seconds * 1000) / speed,
        );
        signal.addEventListener('abort', onAbort, { once: true });
      }),
  };
}

export interface FakeContainer extends ContainerContext {
  readonly lines: readonly string[];
  /** Mutable: faults are injected here. */
  readonly notes: Record<string, string>;
  stop(): void;
}

export interface FakeContainerOptions {
  readonly network: PodNetwork;
  readonly fs: IFileSystem;
  readonly command: readonly string[];
  readonly image?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly podIp?: string;
  readonly pod?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly speed?: number;
}

export function fakeContainer(options: FakeContainerOptions): FakeContainer {
  const lines: string[] = [];
  const notes: Record<string, string> = {};
  const controller = new AbortController();
  const name = options.pod ?? 'pod-0';
  return {
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'demo', labels: options.labels ?? {} },
      spec: {},
    },
    podIp: options.podIp ?? '10.244.0.2',
    namespace: 'demo',
    container: 'vllm',
    image: options.image ?? 'ghcr.io/llm-d/llm-d-cuda:v0.3.0',
    command: options.command,
    env: options.env ?? {},
    fs: options.fs,
    network: options.network,
    time: demoTime(options.speed ?? 2000),
    log: (line) => lines.push(line),
    annotations: () => notes,
    signal: controller.signal,
    lines,
    notes,
    stop: () => controller.abort(),
  };
}

import type { Server } from 'node:http';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { IFileSystem } from 'just-bash';
import type { Disposable } from '../../base/disposables.ts';
import type { KubeObject } from '../../kube/model/types.ts';

/**
 * The pods' network: no socket of the machine. A listener is a real Node HTTP server that is handed connections,
 * so that clients in pods, the kubelet's port-forward and the API server's proxy all speak real HTTP to it.
 */
export interface PodNetwork {
  /** Serves `ip:port`; a second listener on the same address throws an error with code EADDRINUSE. */
  listen(ip: string, port: number, server: Server): Disposable;
  /** Connects by pod IP, or by a name that cluster DNS would resolve (`svc`, `svc.ns`, `svc.ns.svc.cluster.local`) to ready endpoints. Rejects with ENOTFOUND or ECONNREFUSED. */
  connect(host: string, port: number, from: { readonly namespace: string }): Promise<Duplex>;
}

/** Simulated time: `speed` 1 loads a model server in about 30 s; 10 is ten times as fast. Request latencies are real time at any speed. */
export interface DemoTime {
  /** Wall ms. */
  now(): number;
  /** Waits `seconds` of demo time. Rejects with code `aborted`. */
  pass(seconds: number, signal: AbortSignal): Promise<void>;
}

/** What one container's program sees. */
export interface ContainerContext {
  readonly pod: KubeObject;
  readonly podIp: string;
  readonly namespace: string;
  readonly container: string;
  readonly image: string;
  readonly command: readonly string[];
  /** Environment with field references, secrets and config maps resolved. */
  readonly env: Readonly<Record<string, string>>;
  /** The container's own files, with its volumes mounted (shared among the pod's containers, or through a claim among pods). */
  readonly fs: IFileSystem;
  readonly network: PodNetwork;
  readonly time: DemoTime;
  /** One line of the container's log. */
  log(line: string, stream?: 'stdout' | 'stderr'): void;
  /** The pod's annotations as they are now: faults are injected through `demo.llm-d/fault`. */
  annotations(): Readonly<Record<string, string>>;
  /** Fires on termination; the program has the pod's grace period to return. */
  readonly signal: AbortSignal;
}

/** A program that a container runs as its main process. Resolves with its exit code. */
export interface ContainerProgram {
  readonly name: string;
  /** Whether this program stands for the container's image and command. */
  matches(container: { readonly image: string; readonly command: readonly string[] }): boolean;
  run(context: ContainerContext): Promise<number>;
}

export interface ShellIo {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** True when a terminal is attached: tools draw progress only then. */
  readonly tty: boolean;
  readonly signal: AbortSignal;
  /** Runs a bash script in the same container with this command's stdin, stdout and stderr (`just` runs its recipes so). Resolves with its exit code. */
  runScript(
    script: string,
    options: { readonly env: Readonly<Record<string, string>>; readonly cwd: string; readonly signal: AbortSignal },
  ): Promise<number>;
}

/** A command of the containers' shell that streams its output. Also usable in pipes, where its output is collected. */
export interface ShellCommand {
  readonly name: string;
  /** Resolves with the exit code; `argv` is without the command's own name. */
  run(argv: readonly string[], io: ShellIo, container: Omit<ContainerContext, 'signal' | 'log'>): Promise<number>;
}

/** One model-server pod that an InferencePool selects. */
export interface PoolEndpoint {
  readonly pod: string;
  readonly ip: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The pod's Ready condition. */
  readonly ready: boolean;
}

export interface PoolView {
  readonly name: string;
  readonly namespace: string;
  /** The pool's target ports; several when every rank has a port of its own. */
  readonly targetPorts: readonly number[];
  /** Every live pod that the selector matches, in the order of their names. */
  readonly endpoints: readonly PoolEndpoint[];
}

/** What the cluster's data plane knows of pools and pods: read-only, answered at once from watch caches. Given to `programs(view)`. */
export interface ClusterView {
  /** The pool that an HTTPRoute of this Gateway leads to, or the pool of this name. Undefined when there is none. */
  resolvePool(namespace: string, by: { readonly gateway: string } | { readonly pool: string }): PoolView | undefined;
}

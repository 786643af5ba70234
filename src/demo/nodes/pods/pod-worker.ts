import { isAbort, isWorkbenchError } from '../../../base/errors.ts';
import { numberAt } from '../../../base/json.ts';
import type { Logger } from '../../../base/logger.ts';
import { Pods } from '../../../kube/resources.ts';
import type { KubeClient } from '../../../kube/types.ts';
import { annotationsWithFaults, hasFault } from '../faults.ts';
import type { InMemoryNetwork } from '../network.ts';
import type { ContainerProgram, DemoTime, ShellCommand } from '../types.ts';
import { imageFiles } from './container-files.ts';
import { ContainerLoop, type ContainerFacts } from './container-loop.ts';
import { ContainerRun } from './container-run.ts';
import { expandVariables, resolveEnvironment, type PodPlacement } from './environment.ts';
import type { EventRecorder } from './events.ts';
import type { ImageStore } from './images.ts';
import type { ConfigLookup } from './lookup.ts';
import { hostnameOf, isSidecar, type ContainerSpec, type NodePod } from './pod-spec.ts';
import type { PodRuntime } from './pod-runtime.ts';
import { phaseOf, podStatus, type PodFacts } from './pod-status.ts';
import { quantityNumber } from '../../../kube/model/quantity.ts';
import { StatusWriter } from './status-writer.ts';
import { MountError, mountVolumes, setUpVolumes, type MountedVolume, type SharedVolumes } from './volumes.ts';

/** What a pod's worker gets from its node. */
export interface PodHost {
  readonly client: KubeClient;
  readonly nodeName: string;
  readonly hostIp: string;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly kernel: string;
  readonly network: InMemoryNetwork;
  readonly time: DemoTime;
  readonly images: ImageStore;
  readonly volumes: SharedVolumes;
  readonly lookup: ConfigLookup;
  readonly events: EventRecorder;
  readonly programs: readonly ContainerProgram[];
  readonly commands: readonly ShellCommand[];
  readonly faultsAtStart: readonly string[];
  readonly logger: Logger;
  allocateIp(): string;
  releaseIp(ip: string): void;
}

/** Demo seconds. */
const delays = { sandbox: 0.3, mountRetry: 2, evict: 10 } as const;

/** Runs one pod from its binding to its end. */
export class PodWorker {
  readonly #host: PodHost;
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  readonly #status: StatusWriter;
  readonly #init: readonly ContainerLoop[];
  readonly #main: readonly ContainerLoop[];
  #pod: NodePod;
  #podIp: string | undefined;
  #sandboxReady = false;
  #failure: PodFacts['failure'];
  #volumes: ReadonlyMap<string, MountedVolume> = new Map();
  #terminating: Promise<void> | undefined;
  /** The containers run and no eviction is under way. */
  #mayEvict = false;

  constructor(pod: NodePod, host: PodHost) {
    this.#pod = pod;
    this.#host = host;
    this.#startedAt = host.time.now();
    const waiting = pod.spec.initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
    const runtime = this.#runtime();
    this.#init = pod.spec.initContainers.map((container) => new ContainerLoop(container, runtime, waiting));
    this.#main = pod.spec.containers.map((container) => new ContainerLoop(container, runtime, waiting));
    this.#status = new StatusWriter({
      client: host.client,
      pod: () => this.#pod,
      status: () => podStatus(this.#facts(), host.time.now()),
      logger: host.logger,
      signal: this.#stop.signal,
    });
    this.#run().catch((error: unknown) => {
      if (!isAbort(error)) host.logger.error(`pod ${pod.namespace}/${pod.name} on ${host.nodeName}`, error);
    });
  }

  get pod(): NodePod {
    return this.#pod;
  }

  get podIp(): string | undefined {
    return this.#podIp;
  }

  /** A container by name, main or init. */
  container(name: string): ContainerLoop | undefined {
    return [...this.#main, ...this.#init].find(({ spec }) => spec.name === name);
  }

  /** The container that is meant when none is named. */
  get defaultContainer(): string {
    return (
      this.#pod.object.metadata.annotations?.['kubectl.kubernetes.io/default-container'] ??
      this.#pod.spec.containers[0]?.name ??
      ''
    );
  }

  hasFault(fault: Parameters<typeof hasFault>[2]): boolean {
    return hasFault(this.#pod, this.#host.faultsAtStart, fault);
  }

  /** The API server told of a change: of annotations, or that the pod is to end. */
  update(pod: NodePod): void {
    const deletedBefore = this.#pod.object.metadata.deletionTimestamp !== undefined;
    this.#pod = pod;
    if (pod.object.metadata.deletionTimestamp !== undefined && !deletedBefore) this.terminate();
    for (const container of this.#main) container.faultsChanged();
    if (this.#mayEvict) this.#watchForEviction(this.#stop.signal);
  }

  /** Ends the pod within its grace period, then takes it out of the API server. */
  terminate(): void {
    this.#terminating ??= this.#terminate().catch((error: unknown) => {
      if (!isAbort(error)) this.#host.logger.error(`end of pod ${this.#pod.namespace}/${this.#pod.name}`, error);
    });
  }

  /** The pod is gone from the API server, or the node stops: everything in it ends at once. */
  dispose(): void {
    this.#stop.abort();
    for (const container of [...this.#main, ...this.#init]) void container.stop(0);
    if (this.#podIp !== undefined) this.#host.releaseIp(this.#podIp);
  }

  async #run(): Promise<void> {
    const signal = this.#stop.signal;
    this.#status.changed();
    if (this.#pod.object.metadata.deletionTimestamp !== undefined) {
      this.terminate();
      return;
    }
    await this.#setUpVolumes(signal);
    await this.#host.time.pass(delays.sandbox, signal);
    this.#podIp = this.#pod.spec.hostNetwork ? this.#host.hostIp : this.#host.allocateIp();
    this.#sandboxReady = true;
    this.#status.changed();
    if (!(await this.#runInitContainers(signal))) {
      this.#status.changed();
      return;
    }
    const policy = this.#pod.spec.restartPolicy;
    for (const container of this.#main) container.start(policy);
    this.#watchForEviction(signal);
    this.#watchDeadline(signal);
    await Promise.all(this.#main.map(({ finished }) => finished));
    if (signal.aborted || this.#terminating !== undefined) return;
    // All main containers are done: sidecars have nobody left to serve.
    await this.#stopSidecars(this.#pod.spec.terminationGracePeriodSeconds * 1000);
    this.#sandboxReady = false;
    this.#status.changed();
  }

  async #setUpVolumes(signal: AbortSignal): Promise<void> {
    for (;;) {
      try {
        this.#volumes = await setUpVolumes(this.#pod, this.#placement(), this.#host.volumes, this.#host.lookup);
        return;
      } catch (error) {
        if (!(error instanceof MountError)) throw error;
        this.#event('Warning', 'FailedMount', error.message);
        await this.#host.time.pass(delays.mountRetry, signal);
      }
    }
  }

  /** False when the pod can't go on: an init container failed for good, or the pod is ending. */
  async #runInitContainers(signal: AbortSignal): Promise<boolean> {
    const policy = this.#pod.spec.restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    for (const container of this.#init) {
      if (signal.aborted || this.#terminating !== undefined) return false;
      if (isSidecar(container.spec)) {
        container.start('Always');
        await this.#untilStarted(container, signal);
        continue;
      }
      container.start(policy);
      const exit = await container.finished;
      if (exit?.exitCode !== 0) return false;
    }
    return !signal.aborted && this.#terminating === undefined;
  }

  #untilStarted(container: ContainerLoop, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!container.facts().started && !signal.aborted && this.#terminating === undefined) return;
        this.#changeListeners.delete(check);
        signal.removeEventListener('abort', check);
        resolve();
      };
      this.#changeListeners.add(check);
      signal.addEventListener('abort', check);
      check();
    });
  }

  readonly #changeListeners = new Set<() => void>();

  #changed(): void {
    this.#status.changed();
    for (const listener of this.#changeListeners) listener();
  }

  async #terminate(): Promise<void> {
    const { object, spec, namespace, name, uid } = this.#pod;
    const graceMs =
      1000 * (numberAt(object, 'metadata', 'deletionGracePeriodSeconds') ?? spec.terminationGracePeriodSeconds);
    for (const listener of this.#changeListeners) listener();
    await this.#stopContainers(graceMs);
    this.#sandboxReady = false;
    this.#status.changed();
    await this.#status.settled();
    try {
      await this.#host.client.delete(Pods, namespace, name, { gracePeriodSeconds: 0, uid, signal: this.#stop.signal });
    } catch (error) {
      if (!isWorkbenchError(error, 'conflict', 'not-found')) throw error;
    }
  }

  async #stopContainers(graceMs: number): Promise<void> {
    await Promise.all(
      [...this.#main, ...this.#init.filter(({ spec }) => !isSidecar(spec))].map((container) => container.stop(graceMs)),
    );
    await this.#stopSidecars(graceMs);
  }

  /** In the reverse order of their start. */
  async #stopSidecars(graceMs: number): Promise<void> {
    for (const sidecar of this.#init.filter(({ spec }) => isSidecar(spec)).toReversed()) await sidecar.stop(graceMs);
  }

  #watchForEviction(signal: AbortSignal): void {
    this.#mayEvict = !this.hasFault('evict');
    if (this.#mayEvict) return;
    const message =
      'The node was low on resource: ephemeral-storage. Threshold quantity: 10737418240, available: 9861004Ki. Container usage exceeds its request.';
    this.#failAfter(delays.evict, 'Evicted', message, signal);
  }

  #watchDeadline(signal: AbortSignal): void {
    const { activeDeadlineSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds !== undefined)
      this.#failAfter(
        activeDeadlineSeconds,
        'DeadlineExceeded',
        'Pod was active on the node longer than the specified deadline',
        signal,
      );
  }

  #failAfter(seconds: number, reason: string, message: string, signal: AbortSignal): void {
    const fail = async (): Promise<void> => {
      await this.#host.time.pass(seconds, signal);
      if (this.#terminating !== undefined || ['Succeeded', 'Failed'].includes(phaseOf(this.#facts()))) return;
      this.#event('Warning', reason, message);
      await this.#stopContainers(this.#pod.spec.terminationGracePeriodSeconds * 1000);
      this.#failure = { reason, message };
      this.#status.changed();
    };
    fail().catch((error: unknown) => {
      if (!isAbort(error)) this.#host.logger.error(`pod ${this.#pod.namespace}/${this.#pod.name}: ${reason}`, error);
    });
  }

  #facts(): PodFacts {
    const factsOf = (container: ContainerLoop): ContainerFacts => container.facts();
    return {
      pod: this.#pod,
      hostIp: this.#host.hostIp,
      podIp: this.#podIp,
      startedAt: this.#startedAt,
      sandboxReady: this.#sandboxReady,
      init: this.#init.map(factsOf),
      main: this.#main.map(factsOf),
      failure: this.#failure,
    };
  }

  #placement(): PodPlacement {
    return {
      podIp: this.#podIp ?? '',
      hostIp: this.#host.hostIp,
      nodeName: this.#host.nodeName,
      allocatable: this.#host.allocatable,
    };
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string, container?: ContainerSpec): void {
    const isInit = container !== undefined && this.#pod.spec.initContainers.includes(container);
    const fieldPath =
      container === undefined
        ? {}
        : { fieldPath: `spec.${isInit ? 'initContainers' : 'containers'}{${container.name}}` };
    const subject = { object: this.#pod.object, ...fieldPath };
    if (type === 'Normal') this.#host.events.normal(subject, reason, message);
    else this.#host.events.warning(subject, reason, message);
  }

  #runtime(): PodRuntime {
    const worker = (): PodWorker => this;
    return {
      pod: () => this.#pod,
      get podIp() {
        return worker().podIp ?? '';
      },
      network: this.#host.network,
      time: this.#host.time,
      images: this.#host.images,
      logger: this.#host.logger,
      faultsAtStart: this.#host.faultsAtStart,
      create: (container) => this.#create(container),
      event: (type, reason, message, container) => this.#event(type, reason, message, container),
      changed: () => this.#changed(),
    };
  }

  async #create(container: ContainerSpec): Promise<ContainerRun> {
    const host = this.#host;
    const podIp = this.#podIp ?? '';
    const env = await resolveEnvironment(this.#pod, container, this.#placement(), host.lookup);
    const command = [...container.command, ...container.args].map((word) => expandVariables(word, env));
    const image = imageFiles(
      this.#pod,
      podIp,
      host.commands.map(({ name }) => name),
    );
    const { fs, mounts } = await mountVolumes(image, container, this.#volumes, env);
    const workingDir = container.workingDir ?? '/';
    await fs.mkdir(workingDir, { recursive: true });
    const limit = (resource: string): number =>
      quantityNumber(container.resources.limits?.[resource] ?? host.allocatable[resource]) ?? 0;
    return new ContainerRun({
      context: {
        pod: this.#pod.object,
        podIp,
        namespace: this.#pod.namespace,
        container: container.name,
        image: container.image,
        command,
        env,
        fs,
        network: host.network.forPod(podIp),
        time: host.time,
        annotations: () => annotationsWithFaults(this.#pod, host.faultsAtStart),
      },
      workingDir,
      console: container,
      machine: {
        hostname: hostnameOf(this.#pod),
        kernel: host.kernel,
        cpus: Math.ceil(limit('cpu')),
        memoryBytes: limit('memory'),
        mounts,
      },
      commands: host.commands,
      programs: host.programs,
      ports: container.ports.filter(({ protocol }) => protocol === 'TCP').map(({ containerPort }) => containerPort),
    });
  }
}

import { isAbort } from '../../../base/errors.ts';
import { faults, hasFault, type Fault } from '../faults.ts';
import { ContainerRun, type ContainerExit } from './container-run.ts';
import { describeImage } from './images.ts';
import { ConfigError } from './lookup.ts';
import { isSidecar, type ContainerSpec, type HandlerSpec, type NodePod } from './pod-spec.ts';
import type { PodRuntime } from './pod-runtime.ts';
import { podGet } from './pod-http.ts';
import { portOf, runProbe, type ProbeKind } from './probes.ts';

export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: number }
  | { readonly kind: 'terminated'; readonly id: string; readonly startedAt: number; readonly exit: ContainerExit };

/** What the status of a container is made of. */
export interface ContainerFacts {
  readonly spec: ContainerSpec;
  readonly state: ContainerState;
  readonly last: ContainerState | undefined;
  readonly restarts: number;
  readonly ready: boolean;
  readonly started: boolean;
  readonly imageId: string | undefined;
  readonly containerId: string | undefined;
}

/** Seconds of demo time. */
const backOff = { first: 10, longest: 300, forgottenAfter: 600, configRetry: 2, faultDelay: 10 } as const;

/** Timers can't be set further ahead than this. */
const longestTimerMs = 2 ** 31 - 1;

/** Keeps one container of a pod running as its restart policy says, and knows its state. */
export class ContainerLoop {
  readonly spec: ContainerSpec;
  readonly #runtime: PodRuntime;
  readonly #stop = new AbortController();
  /** Resolves when the container will not run again; never rejects. */
  readonly finished: Promise<ContainerExit | undefined>;
  #state: ContainerState = { kind: 'waiting', reason: 'PodInitializing' };
  #last: ContainerState | undefined;
  /** The end of the newest run that ended: it becomes `lastState` when the container waits or runs again. */
  #ended: ContainerState | undefined;
  #run: ContainerRun | undefined;
  #previous: ContainerRun | undefined;
  #restarts = 0;
  #ready = false;
  #started = false;
  #imageId: string | undefined;
  /** The container has run long enough to be OOMKilled on demand. */
  #mayOom = false;
  readonly #finished = Promise.withResolvers<ContainerExit | undefined>();

  constructor(spec: ContainerSpec, runtime: PodRuntime, waiting: 'PodInitializing' | 'ContainerCreating') {
    this.spec = spec;
    this.#runtime = runtime;
    this.finished = this.#finished.promise;
    this.#state = { kind: 'waiting', reason: waiting };
  }

  facts(): ContainerFacts {
    return {
      spec: this.spec,
      state: this.#state,
      last: this.#last,
      restarts: this.#restarts,
      ready: this.#ready,
      started: this.#started,
      imageId: this.#imageId,
      containerId: this.#run?.id ?? this.#previous?.id,
    };
  }

  /** The run that is on, if any. */
  get current(): ContainerRun | undefined {
    return this.#state.kind === 'running' ? this.#run : undefined;
  }

  /** The run whose log `kubectl logs` shows, and the one before it for `--previous`. */
  logOf(previous: boolean): ContainerRun | undefined {
    return previous ? this.#previous : this.#run;
  }

  /** Starts once; `policy` is the pod's, or Always for a sidecar. */
  start(policy: 'Always' | 'OnFailure' | 'Never'): void {
    this.#loop(policy).then(
      (exit) => this.#finished.resolve(exit),
      (error: unknown) => {
        if (!isAbort(error))
          this.#runtime.logger.error(
            `container ${this.spec.name} of pod ${this.#runtime.pod().namespace}/${this.#runtime.pod().name}`,
            error,
          );
        this.#finished.resolve(undefined);
      },
    );
  }

  /** Ends the container for good: preStop hook, SIGTERM, and SIGKILL when the grace is over. `started` false: nothing to wait for. */
  async stop(graceMs: number, reason = `Stopping container ${this.spec.name}`): Promise<void> {
    this.#stop.abort();
    const run = this.current;
    if (run === undefined) return;
    this.#runtime.event('Normal', 'Killing', reason, this.spec);
    const deadline = setTimeout(() => run.kill(), Math.min(graceMs, longestTimerMs));
    try {
      if (this.spec.lifecycle.preStop !== undefined)
        await this.#handler(this.spec.lifecycle.preStop, run).catch(() => {});
      run.terminate();
      await run.exited;
      await this.finished;
    } finally {
      clearTimeout(deadline);
    }
  }

  async #loop(policy: 'Always' | 'OnFailure' | 'Never'): Promise<ContainerExit | undefined> {
    const signal = this.#stop.signal;
    let delay = 0;
    for (;;) {
      const run = await this.#launch(signal);
      if (run === undefined) return undefined;
      const exit = await this.#attend(run);
      if (signal.aborted || policy === 'Never' || (policy === 'OnFailure' && exit.exitCode === 0)) return exit;
      if ((exit.finishedAt - run.startedAt) / 1000 > backOff.forgottenAfter) delay = 0;
      if (delay > 0) await this.#crashLoop(delay, signal);
      if (signal.aborted) return exit;
      delay = Math.min(backOff.longest, delay === 0 ? backOff.first : delay * 2);
      this.#restarts += 1;
    }
  }

  /** Pulls the image and creates the container; undefined when stopped meanwhile. */
  async #launch(signal: AbortSignal): Promise<ContainerRun | undefined> {
    try {
      await this.#pullImage(signal);
      for (;;) {
        try {
          const run = await this.#runtime.create(this.spec);
          if (signal.aborted) {
            run.kill();
            return undefined;
          }
          return run;
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          this.#wait('CreateContainerConfigError', error.message);
          this.#runtime.event('Warning', 'Failed', `Error: ${error.message}`, this.spec);
          await this.#runtime.time.pass(backOff.configRetry, signal);
        }
      }
    } catch (error) {
      if (isAbort(error)) return undefined;
      throw error;
    }
  }

  async #pullImage(signal: AbortSignal): Promise<void> {
    const { image, imagePullPolicy } = this.spec;
    const runtime = this.#runtime;
    let delay: number = backOff.first;
    while (this.#hasFault('image-pull')) {
      runtime.event('Normal', 'Pulling', `Pulling image "${image}"`, this.spec);
      const failure = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`;
      this.#wait('ErrImagePull', failure);
      runtime.event('Warning', 'Failed', `Failed to pull image "${image}": ${failure}`, this.spec);
      runtime.event('Warning', 'Failed', 'Error: ErrImagePull', this.spec);
      await runtime.time.pass(2, signal);
      this.#wait('ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${failure}`);
      runtime.event('Normal', 'BackOff', `Back-off pulling image "${image}"`, this.spec);
      runtime.event('Warning', 'Failed', 'Error: ImagePullBackOff', this.spec);
      await runtime.time.pass(delay, signal);
      delay = Math.min(backOff.longest, delay * 2);
    }
    const always =
      imagePullPolicy === 'Always' || (imagePullPolicy === undefined && /(?::latest|\/[^:]*|^[^:/]*)$/.test(image));
    if (runtime.images.has(image) && !always) {
      await runtime.images.pull(image, signal);
      runtime.event('Normal', 'Pulled', `Container image "${image}" already present on machine`, this.spec);
    } else {
      runtime.event('Normal', 'Pulling', `Pulling image "${image}"`, this.spec);
      const pulled = await runtime.images.pull(image, signal);
      const took = `${(pulled.seconds ?? 0).toFixed(3)}s`;
      runtime.event(
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${pulled.sizeBytes} bytes.`,
        this.spec,
      );
    }
    this.#imageId = describeImage(image).imageId;
  }

  /** Runs hooks, probes and faults beside the container until it exits. */
  async #attend(run: ContainerRun): Promise<ContainerExit> {
    this.#previous = this.#run;
    this.#run = run;
    this.#runtime.event('Normal', 'Created', `Created container: ${this.spec.name}`, this.spec);
    this.#runtime.event('Normal', 'Started', `Started container ${this.spec.name}`, this.spec);
    this.#state = { kind: 'running', startedAt: run.startedAt };
    const probing = this.#probe(run);
    this.#runtime.changed();
    void this.#actOnFaults(run);
    if (this.spec.lifecycle.postStart !== undefined) void this.#postStart(run, this.spec.lifecycle.postStart);
    const exit = await run.exited;
    await probing;
    this.#ready = false;
    this.#started = false;
    const terminated: ContainerState = { kind: 'terminated', id: run.id, startedAt: run.startedAt, exit };
    this.#state = terminated;
    this.#ended = terminated;
    this.#runtime.changed();
    return exit;
  }

  async #crashLoop(seconds: number, signal: AbortSignal): Promise<void> {
    const pod = this.#runtime.pod();
    const target = `${this.spec.name} in pod ${pod.name}_${pod.namespace}(${pod.uid})`;
    this.#last = this.#ended;
    this.#wait(
      'CrashLoopBackOff',
      `back-off ${durationText(seconds)} restarting failed container=${this.spec.name} pod=${pod.name}_${pod.namespace}(${pod.uid})`,
    );
    this.#runtime.event('Warning', 'BackOff', `Back-off restarting failed container ${target}`, this.spec);
    await this.#runtime.time.pass(seconds, signal).catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  }

  #wait(reason: string, message: string): void {
    this.#state = { kind: 'waiting', reason, message };
    this.#runtime.changed();
  }

  async #probe(run: ContainerRun): Promise<void> {
    const signal = run.ended;
    const { startupProbe, readinessProbe, livenessProbe } = this.spec;
    const target = {
      pod: this.#runtime.pod(),
      podIp: this.#runtime.podIp,
      container: this.spec,
      run,
      network: this.#runtime.network,
      time: this.#runtime.time,
    };
    const listener = {
      failed: (kind: ProbeKind, output: string) =>
        this.#runtime.event('Warning', 'Unhealthy', `${kind} probe failed: ${output}`, this.spec),
      result: (kind: ProbeKind, passed: boolean) => this.#probeResult(kind, passed, run),
    };
    this.#last = this.#ended;
    this.#started = startupProbe === undefined;
    this.#ready = this.#started && readinessProbe === undefined && !this.#hasFault('never-ready');
    const quietly = (work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => {
        if (!isAbort(error) && !signal.aborted) throw error;
      });
    if (startupProbe !== undefined) await quietly(runProbe('Startup', startupProbe, target, listener, signal));
    if (signal.aborted) return;
    await Promise.all([
      readinessProbe === undefined
        ? undefined
        : quietly(runProbe('Readiness', readinessProbe, target, listener, signal)),
      livenessProbe === undefined ? undefined : quietly(runProbe('Liveness', livenessProbe, target, listener, signal)),
    ]);
  }

  #probeResult(kind: ProbeKind, passed: boolean, run: ContainerRun): void {
    if (run.exit !== undefined) return;
    if (kind === 'Startup' && passed) {
      this.#started = true;
      this.#ready = this.spec.readinessProbe === undefined && !this.#hasFault('never-ready');
    } else if (kind === 'Readiness') {
      this.#ready = passed && !this.#hasFault('never-ready');
    } else if (!passed) {
      this.#runtime.event(
        'Normal',
        'Killing',
        `Container ${this.spec.name} failed ${kind.toLowerCase()} probe, will be restarted`,
        this.spec,
      );
      const grace = setTimeout(
        () => run.kill(),
        Math.min(this.#runtime.pod().spec.terminationGracePeriodSeconds * 1000, longestTimerMs),
      );
      run.terminate();
      void run.exited.then(() => clearTimeout(grace));
    }
    this.#runtime.changed();
  }

  async #postStart(run: ContainerRun, handler: HandlerSpec): Promise<void> {
    try {
      await this.#handler(handler, run);
    } catch (error) {
      if (run.exit !== undefined) return;
      this.#runtime.event(
        'Warning',
        'FailedPostStartHook',
        `PostStartHook failed: ${error instanceof Error ? error.message : String(error)}`,
        this.spec,
      );
      run.kill();
    }
  }

  async #handler(handler: HandlerSpec, run: ContainerRun): Promise<void> {
    if (handler.sleep !== undefined) await this.#runtime.time.pass(handler.sleep.seconds, run.ended);
    if (handler.exec !== undefined) {
      const { exitCode, output } = await run.execCollected(handler.exec.command, run.ended);
      if (exitCode !== 0)
        throw new Error(`command '${handler.exec.command.join(' ')}' exited with ${exitCode}: ${output}`);
    }
    if (handler.httpGet !== undefined) {
      const { port, path, host } = handler.httpGet;
      await podGet(
        this.#runtime.network,
        { host: host ?? this.#runtime.podIp, port: portOf(port, this.spec), path },
        this.#runtime.pod().namespace,
        30_000,
        run.ended,
      );
    }
  }

  #hasFault(fault: Fault): boolean {
    const pod: NodePod = this.#runtime.pod();
    return (
      hasFault(pod, this.#runtime.faultsAtStart, fault) &&
      !(isSidecar(this.spec) && faults[fault].concerns === 'model-servers')
    );
  }

  /** The pod's annotations may have changed: a fault asked of a running container comes at once. */
  faultsChanged(): void {
    if (this.#mayOom) this.#oomIfAsked();
  }

  async #actOnFaults(run: ContainerRun): Promise<void> {
    const isMain = this.#runtime.pod().spec.containers.some(({ name }) => name === this.spec.name);
    if (!isMain) return;
    if (this.#hasFault('crash-once') && this.#restarts === 0) {
      run.log.append(
        'demo: this container was asked to crash once (demo.llm-d/fault=crash-once)',
        'stderr',
        this.#runtime.time.now(),
      );
      run.crash(1);
      return;
    }
    try {
      await this.#runtime.time.pass(backOff.faultDelay, run.ended);
    } catch (error) {
      if (isAbort(error)) return;
      throw error;
    }
    this.#mayOom = true;
    this.#oomIfAsked();
    await run.exited;
    this.#mayOom = false;
  }

  #oomIfAsked(): void {
    if (this.#hasFault('crash-oom')) this.current?.kill('OOMKilled');
  }
}

/** `10s`, `1m20s`, `5m0s`, as Go prints durations. */
function durationText(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

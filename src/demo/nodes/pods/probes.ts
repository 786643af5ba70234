import { errorText, systemCode } from '../../../base/errors.ts';
import type { DemoTime, PodNetwork } from '../types.ts';
import type { ContainerRun } from './container-run.ts';
import { podGet } from './pod-http.ts';
import type { ContainerSpec, NodePod, ProbeSpec } from './pod-spec.ts';

export type ProbeKind = 'Startup' | 'Readiness' | 'Liveness';

export interface ProbeTarget {
  readonly pod: NodePod;
  readonly podIp: string;
  readonly container: ContainerSpec;
  readonly run: ContainerRun;
  readonly network: PodNetwork;
  readonly time: DemoTime;
}

export interface ProbeListener {
  /** A single attempt failed. */
  failed(kind: ProbeKind, output: string): void;
  /** The threshold of successes or failures was reached. */
  result(kind: ProbeKind, passed: boolean): void;
}

/** Makes one probe again and again until the signal fires, or, for startup probes, until it has passed. */
export async function runProbe(
  kind: ProbeKind,
  probe: ProbeSpec,
  target: ProbeTarget,
  listener: ProbeListener,
  signal: AbortSignal,
): Promise<void> {
  let successes = 0;
  let failures = 0;
  await target.time.pass(probe.initialDelaySeconds, signal);
  while (!signal.aborted) {
    const failure = await attempt(probe, target, signal);
    if (signal.aborted) return;
    if (failure === undefined) {
      successes += 1;
      failures = 0;
      if (successes === probe.successThreshold) listener.result(kind, true);
      if (kind === 'Startup' && successes >= probe.successThreshold) return;
    } else {
      failures += 1;
      successes = 0;
      listener.failed(kind, failure);
      if (failures === probe.failureThreshold) listener.result(kind, false);
    }
    await target.time.pass(probe.periodSeconds, signal);
  }
}

/** Undefined when the probe passed, else what the kubelet says of its failure. */
async function attempt(probe: ProbeSpec, target: ProbeTarget, signal: AbortSignal): Promise<string | undefined> {
  const timeoutMs = probe.timeoutSeconds * 1000;
  if (probe.httpGet !== undefined) return httpProbe(probe.httpGet, timeoutMs, target, signal);
  if (probe.exec !== undefined) {
    const result = await target.run.execCollected(
      probe.exec.command,
      AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    );
    return result.exitCode === 0 ? undefined : result.output;
  }
  const port = probe.tcpSocket?.port ?? probe.grpc?.port;
  if (port === undefined) return undefined;
  const number = portOf(port, target.container);
  try {
    const connection = await target.network.connect(target.podIp, number, { namespace: target.pod.namespace });
    connection.destroy();
    return undefined;
  } catch (error) {
    return dialFailure(error, target.podIp, number);
  }
}

async function httpProbe(
  get: NonNullable<ProbeSpec['httpGet']>,
  timeoutMs: number,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const port = portOf(get.port, target.container);
  const host = get.host ?? target.podIp;
  const url = `${get.scheme.toLowerCase()}://${host}:${port}${get.path}`;
  try {
    const headers = Object.fromEntries(get.httpHeaders.map(({ name, value }) => [name, value]));
    const { status } = await podGet(
      target.network,
      { host, port, path: get.path, headers },
      target.pod.namespace,
      timeoutMs,
      signal,
    );
    return status >= 200 && status < 400 ? undefined : `HTTP probe failed with statuscode: ${status}`;
  } catch (error) {
    const detail =
      systemCode(error) === 'ABORT_ERR'
        ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
        : dialFailure(error, host, port);
    return `Get "${url}": ${detail}`;
  }
}

function dialFailure(error: unknown, host: string, port: number): string {
  return systemCode(error) === 'ECONNREFUSED'
    ? `dial tcp ${host}:${port}: connect: connection refused`
    : errorText(error);
}

/** A port by number or by its name in the container. */
export function portOf(port: string | number, container: ContainerSpec): number {
  return typeof port === 'number'
    ? port
    : (container.ports.find(({ name }) => name === port)?.containerPort ?? Number(port));
}

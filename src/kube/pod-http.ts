import { WorkbenchError, errorText } from '../base/errors.ts';
import { describeTarget } from './forward-target.ts';
import type { ForwardTarget, KubeClient } from './types.ts';

export interface PodHttpRequest {
  readonly namespace: string;
  /** A pod by its name, or whichever is ready of a selector or Service. */
  readonly pod: string | ForwardTarget;
  readonly port: number;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface PodHttpResponse {
  readonly status: number;
  readonly body: string;
}

/**
 * One HTTP call to a port of a pod, through a port-forward that lives as long as the call.
 * The API server's own proxy would need the pod's network to be reachable from the control plane, which managed clusters often forbid.
 */
export async function podHttp(client: KubeClient, request: PodHttpRequest): Promise<PodHttpResponse> {
  const forward = await client.portForward(request.namespace, request.pod, request.port, request.signal);
  let broken: WorkbenchError | undefined;
  forward.onDidFail((error) => { broken = error; });
  try {
    const response = await fetch(`http://127.0.0.1:${forward.port}${request.path}`, {
      method: request.method ?? 'GET',
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(request.timeoutMs)]),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    if (request.signal.aborted) throw new WorkbenchError({ code: 'aborted', message: 'cancelled', cause: error });
    const timedOut = error instanceof Error && error.name === 'TimeoutError';
    // The forward knows why its pod was lost or refused the port; the call saw only a reset.
    if (broken !== undefined) throw broken;
    throw new WorkbenchError({
      code: timedOut ? 'timeout' : 'connection-lost',
      message: `${request.method ?? 'GET'} ${request.path} on ${describeTarget(typeof request.pod === 'string' ? { pod: request.pod } : request.pod, request.namespace, request.port)} (context "${client.cluster.context}"): ${timedOut ? `no answer within ${request.timeoutMs / 1000} s` : errorText(error)}`,
      hint: 'Look at the logs of the pod.',
      cause: error,
    });
  } finally {
    forward.dispose();
  }
}

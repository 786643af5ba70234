import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { aborted, timeLimit } from '../../base/clock.ts';
import { errorText, isWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { readWhole } from '../http/bounded.ts';
import { ForwardAgent } from './forward-agent.ts';
import { describeTarget } from './forward-target.ts';
import { POD_ANSWER } from '../limits.ts';
import type { ForwardTarget } from './types.ts';
import type { KubeClient } from '../types.ts';

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

const HINT = 'Look at the logs of the pod.';

/**
 * One HTTP call to a port of a pod, through a port-forward that lives as long as the call.
 * The API server's own proxy would need the pod's network to be reachable from the control plane, which managed clusters often forbid.
 * A redirect is an error: it would lead out of the pod, to whatever this machine can reach.
 */
export async function podHttp(client: KubeClient, request: PodHttpRequest): Promise<PodHttpResponse> {
  const { namespace, port, path, timeoutMs, method = 'GET' } = request;
  const target = typeof request.pod === 'string' ? { pod: request.pod } : request.pod;
  const doing = `${method} ${path} on ${describeTarget(target, namespace, port)} (context "${client.cluster.context}")`;
  const signal = AbortSignal.any([request.signal, timeLimit(timeoutMs, doing, HINT)]);
  const forward = await client.portForward(namespace, target, port, signal);
  // An extension host puts an agent of its own before every request: it passes ours on for this host, and drops a mere `createConnection`.
  const agent = new ForwardAgent(forward);
  let broken: WorkbenchError | undefined;
  forward.onDidFail((error) => {
    broken = error;
  });
  try {
    const response = await answerOf(httpRequest({ agent, host: '127.0.0.1', port, method, path, signal }));
    const status = response.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      throw new WorkbenchError({
        code: 'server-error',
        message: `cannot ${doing}: it answers with a redirect (${status}), which is not followed`,
        hint: HINT,
      });
    }
    return { status, body: (await readWhole(response, POD_ANSWER, doing)).toString('utf8') };
  } catch (error) {
    if (signal.aborted) throw aborted(signal);
    // The forward knows why its pod was lost or refused the port; the call may have seen only an end.
    if (broken !== undefined) throw broken;
    if (isWorkbenchError(error)) throw error;
    throw new WorkbenchError({
      code: 'connection-lost',
      message: `cannot ${doing}: ${errorText(error)}`,
      hint: HINT,
      cause: error,
    });
  } finally {
    agent.destroy();
  }
}

function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    // Registered for good: an answer that breaks off is told by its body.
    outgoing.on('error', reject);
    outgoing.end();
  });
}

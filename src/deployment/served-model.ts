import { isWorkbenchError, WorkbenchError } from '../base/errors.ts';
import { arrayAt, stringAt } from '../base/json.ts';
import { PASSING } from '../kube/streams/container-run.ts';
import { podHttp } from '../kube/streams/pod-http.ts';
import type { KubeClient } from '../kube/types.ts';
import { gatewayPod } from './gateway-pod.ts';

/** Names of models and adapters. They become arguments of benchmarks, in which a comma would begin another argument and a dash an option. */
const MODEL_NAME = /^(?!-)[\w.:/@-]{1,200}$/;

/** The model that answers through the gateway, or undefined while none does. Rejects for a pod that is not the gateway's, and for a name that is no model's. */
export async function servedModel(
  client: KubeClient,
  gateway: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const pod = await gatewayPod(client, gateway, signal);
    if (pod === undefined) return undefined;
    const response = await podHttp(client, {
      namespace: client.cluster.namespace,
      pod,
      port: 80,
      path: '/v1/models',
      timeoutMs: 10_000,
      signal,
    });
    if (response.status !== 200) return undefined;
    const body: unknown = JSON.parse(response.body);
    const model = stringAt(arrayAt(body, 'data')[0], 'id');
    if (model === undefined || MODEL_NAME.test(model)) return model;
    throw new WorkbenchError({
      code: 'invalid',
      message: `the model that answers through gateway ${gateway} in ${client.cluster.context}/${client.cluster.namespace} calls itself ${JSON.stringify(model.slice(0, 80))}, which is no name of a model`,
      hint: 'A name has letters, digits and . : / @ _ - only, at most 200, and no dash in front. Look at which pod serves behind the gateway, and at its --served-model-name.',
    });
  } catch (error) {
    // A gateway without a ready pod, that cannot be reached or answers something else than JSON, is not ready: keep waiting.
    if (
      isWorkbenchError(error, ...PASSING, 'exec-failed', 'pod-gone', 'not-ready', 'not-found') ||
      error instanceof SyntaxError
    )
      return undefined;
    throw error;
  }
}

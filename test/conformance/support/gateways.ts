import type { Disposable } from '../../../src/base/disposables.ts';
import { stringAt } from '../../../src/base/json.ts';
import { infrastructureOf } from '../../../src/demo/controllers/gateway/infrastructure.ts';
import { CLASS_NAME, GATEWAY_GROUP } from '../../../src/demo/controllers/gateway/model.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/model/types.ts';

const Gateways: ResourceType = {
  group: GATEWAY_GROUP,
  version: 'v1',
  plural: 'gateways',
  kind: 'Gateway',
  namespaced: true,
};
const GatewayClasses: ResourceType = {
  group: GATEWAY_GROUP,
  version: 'v1',
  plural: 'gatewayclasses',
  kind: 'GatewayClass',
  namespaced: false,
};

/** A real control plane has no gateway implementation: this gives every Gateway what one would, a proxy and its service. */
export async function serveGateways(client: KubeClient, signal: AbortSignal): Promise<Disposable> {
  await client.create(
    GatewayClasses,
    {
      apiVersion: `${GATEWAY_GROUP}/v1`,
      kind: 'GatewayClass',
      metadata: { name: CLASS_NAME },
      spec: { controllerName: 'istio.io/gateway-controller' },
    },
    signal,
  );
  const served = new Set<string>();
  const serve = async (gateway: KubeObject): Promise<void> => {
    const uid = gateway.metadata.uid ?? '';
    if (
      served.has(uid) ||
      gateway.metadata.deletionTimestamp !== undefined ||
      stringAt(gateway, 'spec', 'gatewayClassName') !== CLASS_NAME
    )
      return;
    served.add(uid);
    const { account, deployment, service } = infrastructureOf(gateway, await parameters(client, gateway, signal));
    for (const object of [account, deployment, service])
      await client.apply(object as unknown as KubeObject, { fieldManager: 'gateway', signal });
  };
  return client.watch({
    resource: Gateways,
    project: (gateway) => gateway,
    sink: {
      replace: (items) => items.forEach((gateway) => void serve(gateway)),
      set: (_, gateway) => void serve(gateway),
      delete() {},
      state() {},
    },
  });
}

async function parameters(
  client: KubeClient,
  gateway: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const name = stringAt(gateway, 'spec', 'infrastructure', 'parametersRef', 'name');
  return name === undefined
    ? undefined
    : client.get(
        { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true },
        gateway.metadata.namespace,
        name,
        signal,
      );
}

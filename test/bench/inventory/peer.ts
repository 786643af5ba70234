import {
  CoreV1Api,
  KubeConfig,
  makeInformer,
  type KubernetesObject,
  type ListPromise,
  type V1Node,
  type V1Pod,
} from '@kubernetes/client-node';
import { projectNode, projectPod } from '../../../src/inventory/project.ts';
import type { InventorySnapshot, NodeView, PodView } from '../../../src/inventory/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { serveBench, type Client } from './client-process.ts';

/**
 * The library's informers for nodes and pods, as its documentation uses them, with our views, reports and rows on top:
 * all that differs from ours is how the objects come and how they are kept.
 */
const config = new KubeConfig();
config.loadFromFile(process.argv[2] ?? '');
const api = config.makeApiClient(CoreV1Api);
const cluster = {
  context: config.currentContext,
  namespace: 'default',
  server: config.getCurrentCluster()?.server ?? '',
};

const nodes = new Map<string, NodeView>();
const pods = new Map<string, PodView>();
const live = { kind: 'live' } as const;
let version = 0;
let listed = 0;
let changed: (() => void) | undefined;

const nodeInformer = makeInformer<V1Node>(
  config,
  '/api/v1/nodes',
  counted(() => api.listNode()),
);
const podInformer = makeInformer<V1Pod>(
  config,
  '/api/v1/pods',
  counted(() => api.listPodForAllNamespaces()),
);

follow(nodeInformer, nodes, (object) => projectNode(object));
follow(podInformer, pods, (object) => projectPod(object));

function counted<T extends KubernetesObject>(list: () => ReturnType<ListPromise<T>>): ListPromise<T> {
  return async () => {
    const answer = await list();
    // Its objects come to the listeners after this.
    setImmediate(() => {
      listed += 1;
      changed?.();
    });
    return answer;
  };
}

function follow<T extends KubernetesObject, V>(
  informer: ReturnType<typeof makeInformer<T>>,
  views: Map<string, V>,
  project: (object: KubeObject) => V,
): void {
  const set = (object: T): void => {
    views.set(keyOf(object), project(object as unknown as KubeObject));
    changed?.();
  };
  informer.on('add', set);
  informer.on('update', set);
  informer.on('delete', (object) => {
    views.delete(keyOf(object));
    changed?.();
  });
  informer.on('error', (error: unknown) => console.error(error));
}

function keyOf({ metadata }: KubernetesObject): string {
  const name = metadata?.name ?? '';
  return metadata?.namespace === undefined ? name : `${metadata.namespace}/${name}`;
}

function snapshot(): InventorySnapshot {
  version += 1;
  return {
    cluster,
    nodes,
    pods,
    states: { nodes: live, pods: live },
    podScope: 'cluster',
    complete: client.complete,
    version,
  };
}

const client: Client = {
  snapshot,
  get size() {
    return { nodes: nodes.size, pods: pods.size };
  },
  get complete() {
    return listed >= 2;
  },
  async start(trees) {
    changed = () => trees.ask();
    await Promise.all([nodeInformer.start(), podInformer.start()]);
  },
  hide() {
    void nodeInformer.stop();
    void podInformer.stop();
  },
};

await serveBench(client);

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeObject } from '../../src/kube/model/types.ts';
import { ScriptedServer, sendJson, sendStatus } from '../unit/kube/server.ts';
import { ALL_HOSTILE, HOSTILE } from './hostile.ts';

const CREATED = '2026-11-01T00:00:00Z';

/** Whose deployments are "mine". */
export const OWNER = 'ann';

/** Wherever an API server, or whoever sits in its place, may say what it likes: names that no real one would take as well. */
const nodes: readonly KubeObject[] = HOSTILE.map((text, index) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: text,
    uid: `node-${index}`,
    labels: {
      'nvidia.com/gpu.product': text,
      'topology.kubernetes.io/zone': text,
      'topology.kubernetes.io/rack': text,
      [text]: text,
      'kubernetes.io/arch': text,
    },
  },
  spec: index % 3 === 0 ? { taints: [{ key: text, value: text, effect: 'NoSchedule' }] } : {},
  status: {
    allocatable: { 'nvidia.com/gpu': '8', [`example.com/${text}-gpu`]: '4' },
    addresses: [{ type: 'InternalIP', address: text }],
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { kubeletVersion: text },
  },
}));

function pod(text: string, index: number, kind: 'ready' | 'waiting' | 'crashed'): KubeObject {
  const ready = kind === 'ready';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${kind} ${text}`,
      namespace: text,
      uid: `pod-${kind}-${index}`,
      creationTimestamp: CREATED,
      labels: {
        'llm-d.ai/owner': index % 2 === 0 ? OWNER : text,
        'llm-d.ai/role': 'decode',
        'workbench.llm-d.ai/deployment': text,
        'leaderworkerset.sigs.k8s.io/name': text,
        'leaderworkerset.sigs.k8s.io/group-index': '0',
      },
      annotations: { 'workbench.llm-d.ai/model': text },
      ownerReferences: [{ apiVersion: text, kind: text, name: text, uid: text, controller: true }],
    },
    spec: {
      ...(kind === 'waiting' ? {} : { nodeName: HOSTILE[index] }),
      containers: [
        {
          name: 'vllm',
          image: text,
          command: ['vllm', 'serve', text],
          resources: { requests: { 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '1' } },
        },
      ],
    },
    status: {
      phase: kind === 'waiting' ? 'Pending' : 'Running',
      podIP: text,
      reason: text,
      message: text,
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False' },
        ...(kind === 'waiting'
          ? [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: text }]
          : []),
      ],
      containerStatuses: [
        {
          name: 'vllm',
          ready,
          restartCount: kind === 'crashed' ? 3 : 0,
          state: ready ? { running: {} } : { waiting: { reason: text, message: text } },
          ...(kind === 'crashed'
            ? { lastState: { terminated: { reason: text, exitCode: 1, finishedAt: CREATED, message: text } } }
            : {}),
        },
      ],
    },
  };
}

const pods = HOSTILE.flatMap((text, index) => [
  pod(text, index, 'ready'),
  pod(text, index, 'waiting'),
  pod(text, index, 'crashed'),
]);

export interface HostileCluster {
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** An API server that means harm, and a kubeconfig whose names do so too. What is not a list of nodes or pods is refused with hostile words. */
export async function startHostileCluster(folder: string): Promise<HostileCluster> {
  const server = new ScriptedServer();
  server.handle = (_request, response, url) => {
    const items = url.pathname === '/api/v1/nodes' ? nodes : url.pathname === '/api/v1/pods' ? pods : undefined;
    if (items === undefined)
      sendStatus(response, url.pathname.includes('/proxy/') ? 500 : 403, 'Forbidden', undefined, ALL_HOSTILE);
    else if (url.searchParams.has('watch'))
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    else sendJson(response, 200, { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '1' }, items });
  };
  const url = await server.start();
  const kubeconfig = join(folder, 'hostile-kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': ALL_HOSTILE,
    clusters: [{ name: 'c', cluster: { server: url } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: ALL_HOSTILE, context: { cluster: 'c', user: 'u', namespace: 'mine' } }],
  };
  await writeFile(kubeconfig, JSON.stringify(config));
  return { kubeconfig, stop: () => server.stop() };
}

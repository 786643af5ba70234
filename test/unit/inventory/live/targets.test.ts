import assert from 'node:assert/strict';
import { metricsTargets } from '../../../../src/inventory/live/targets.ts';
import { projectPod } from '../../../../src/inventory/project.ts';
import type { PodView } from '../../../../src/inventory/types.ts';
import { snapshotOf } from '../fixtures.ts';

interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly command?: string;
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly ready?: boolean;
  readonly deleting?: boolean;
}

function pod(
  name: string,
  { labels = {}, command = 'vllm serve m --port 8200', ports = [], ready = true, deleting = false }: PodOptions = {},
): PodView {
  return projectPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: name,
      labels: {
        'llm-d.ai/owner': 'me',
        'llm-d.ai/role': 'decode',
        'llm-d.ai/inferenceServing': 'true',
        'workbench.llm-d.ai/deployment': 'd',
        ...labels,
      },
      ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: { containers: [{ name: 'main', image: 'i', command: ['bash', '-c', command], ports }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'main', ready, restartCount: 0, state: { running: {} } }],
    },
  });
}

function pages(...pods: readonly PodView[]): readonly string[] {
  return metricsTargets(snapshotOf([], pods), 'me').map(({ id, kind }) => `${kind} ${id}`);
}

const ROUTING = { 'llm-d.ai/role': 'routing', inferencepool: 'd-epp' };

describe('metrics pages to ask', () => {
  it('are those of my ready pods', () => {
    assert.deepEqual(
      pages(
        pod('mine'),
        pod('loads', { ready: false }),
        pod('leaves', { deleting: true }),
        pod('theirs', { labels: { 'llm-d.ai/owner': 'you' } }),
      ),
      ['server ns/mine:8200'],
    );
  });

  it('are one a rank where a rank has an API server of its own, and none of a worker without one', () => {
    const ranks = [8200, 8201].map((containerPort, rank) => ({ name: `rank${rank}`, containerPort }));
    assert.deepEqual(
      pages(pod('a', { ports: ranks }), pod('b', { command: 'vllm serve m --headless --data-parallel-size 8' })),
      ['server ns/a:8200', 'server ns/a:8201'],
    );
  });

  it('tell restarts of the server, not of the proxy beside it', () => {
    const containers = [
      { name: 'vllm', image: 'i', command: ['vllm', 'serve', 'm'] },
      { name: 'proxy', image: 'i', command: ['proxy'] },
    ];
    const restarted = projectPod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'a',
        namespace: 'ns',
        uid: 'a',
        labels: { 'llm-d.ai/owner': 'me', 'llm-d.ai/role': 'decode', 'llm-d.ai/inferenceServing': 'true' },
      },
      spec: { containers },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [
          { name: 'vllm', ready: true, restartCount: 1, state: { running: {} } },
          { name: 'proxy', ready: true, restartCount: 4, state: { running: {} } },
        ],
      },
    });
    assert.deepEqual(
      metricsTargets(snapshotOf([], [restarted]), 'me').map(({ restarts }) => restarts),
      [1],
    );
  });

  it('are those of endpoint pickers by flag, by name or by habit, and none of gateways', () => {
    const flag = pod('flag', {
      labels: ROUTING,
      command: '/app/epp --metrics-port=9191',
      ports: [{ name: 'metrics', containerPort: 9090 }],
    });
    const named = pod('named', {
      labels: ROUTING,
      command: '/app/epp',
      ports: [{ name: 'metrics', containerPort: 9292 }],
    });
    const habit = pod('habit', { labels: ROUTING, command: '/app/epp' });
    const gateway = pod('gateway', {
      labels: { 'llm-d.ai/role': 'routing', 'gateway.networking.k8s.io/gateway-name': 'g' },
      command: 'proxy router',
    });
    assert.deepEqual(pages(flag, named, habit, gateway).toSorted(), [
      'picker ns/flag:9191',
      'picker ns/habit:9090',
      'picker ns/named:9292',
    ]);
  });
});

import assert from 'node:assert/strict';
import { get } from 'node:https';
import { createServerIdentity } from '../../../src/demo/api/tls.ts';
import { stringAt, at, arrayAt } from '../../../src/base/json.ts';
import { h200Nodes } from '../../../src/demo/nodes/node-shape.ts';
import { NodesUnderTest } from '../../support/demo-nodes.ts';

describe('a kubelet behind a real API server', () => {
  it('serves TLS and gives the address that it listens on as its InternalIP', async () => {
    const { keyPem, certPem } = createServerIdentity(Date.now());
    const nodes = await NodesUnderTest.start({ kubelet: { tls: { key: keyPem, cert: certPem }, advertiseAsInternalIp: true } });
    try {
      const node = nodes.api.get('nodes', nodes.nodeName)!;
      assert.equal(stringAt(arrayAt(node, 'status', 'addresses')[0], 'address'), '127.0.0.1');
      assert.equal(nodes.kubelet, `127.0.0.1:${String(at(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port'))}`);
      const text = await new Promise<string>((resolve, reject) => {
        get(`https://${nodes.kubelet}/healthz`, { ca: certPem }, (response) => response.on('data', (chunk: Buffer) => resolve(chunk.toString()))).on('error', reject);
      });
      assert.equal(text, 'ok');
    } finally {
      nodes.stop();
    }
  });

  it('lists its pods', async () => {
    const nodes = await NodesUnderTest.start();
    try {
      await nodes.shellPod();
      const list: unknown = await (await fetch(`http://${nodes.kubelet}/pods`)).json();
      assert.deepEqual(arrayAt(list, 'items').map((pod) => stringAt(pod, 'metadata', 'name')), ['poker']);
    } finally {
      nodes.stop();
    }
  });

  it('comes back under its name with a new port', async () => {
    const nodes = await NodesUnderTest.start();
    const before = nodes.kubelet;
    const { startNodes } = await import('../../../src/demo/nodes/index.ts');
    const { silentLogger } = await import('../../../src/base/logger.ts');
    nodes.stop();
    const again = await startNodes({ client: nodes.api.client(), nodes: h200Nodes(1), logger: silentLogger, signal: new AbortController().signal });
    try {
      const after = nodes.api.get('nodes', nodes.nodeName)!.metadata.annotations!['demo.llm-d/kubelet']!;
      assert.notEqual(after, before);
      assert.equal(await (await fetch(`http://${after}/healthz`)).text(), 'ok');
    } finally {
      again.dispose();
    }
  });
});

describe('node shapes', () => {
  it('are unique at any number, and the last of several is cordoned', () => {
    const shapes = h200Nodes(1000);
    for (const field of ['name', 'internalIp', 'podSubnet'] as const) assert.equal(new Set(shapes.map((shape) => shape[field])).size, 1000, field);
    for (const { name } of shapes) assert.match(name, /^g[0-9a-f]{5}$/);
    assert.deepEqual(h200Nodes().map(({ cordoned }) => cordoned), [false, false, false, true]);
    assert.equal(h200Nodes(1)[0]!.cordoned, false);
  });
});

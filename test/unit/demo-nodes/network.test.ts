import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { ClusterDns } from '../../../src/demo/nodes/cluster-dns.ts';
import { InMemoryNetwork } from '../../../src/demo/nodes/network.ts';
import { FakeApi } from '../../support/fake-api.ts';

const service = (name: string, clusterIP: string, ports: unknown[] = []): Parameters<FakeApi['put']>[1] => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'lab' },
  spec: { clusterIP, ports },
});
const slice = (name: string, of: string, ports: unknown[], endpoints: unknown[]): Parameters<FakeApi['put']>[1] => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'lab', labels: { 'kubernetes.io/service-name': of } },
  ports,
  endpoints,
});
const named = (text: string): ReturnType<typeof createServer> =>
  createServer((_request, response) => response.end(text));

describe("the pods' network", () => {
  const api = new FakeApi();
  let dns: ClusterDns;
  let network: InMemoryNetwork;

  before(async () => {
    api.put('services', service('web', '10.96.0.7', [{ name: 'http', port: 80 }]));
    api.put(
      'endpointslices',
      slice(
        'web-1',
        'web',
        [{ name: 'http', port: 8080 }],
        [
          { addresses: ['10.244.1.2'], conditions: { ready: true } },
          { addresses: ['10.244.1.3'], conditions: { ready: false } },
          { addresses: ['10.244.1.4'], conditions: { ready: true } },
        ],
      ),
    );
    api.put('services', service('group', 'None'));
    api.put(
      'endpointslices',
      slice('group-1', 'group', [], [{ addresses: ['10.244.1.2'], hostname: 'decode-0', conditions: { ready: true } }]),
    );
    api.put('services', service('empty', '10.96.0.8', [{ port: 80 }]));
    dns = new ClusterDns(api.client());
    network = new InMemoryNetwork(dns);
    network.listen('10.244.1.2', 8080, named('two'));
    network.listen('10.244.1.3', 8080, named('three'));
    network.listen('10.244.1.4', 8080, named('four'));
    await new Promise((resolve) => setImmediate(resolve));
  });
  after(() => dns.dispose());

  const ask = async (
    host: string,
    port: number,
    namespace = 'lab',
    on: Pick<InMemoryNetwork, 'connect'> = network,
  ): Promise<string> => {
    const connection = await on.connect(host, port, { namespace });
    return body(connection, host);
  };

  it('reaches a pod by its address with real HTTP', async () => {
    assert.equal(await ask('10.244.1.3', 8080), 'three');
  });

  it("resolves every form of a Service's name, and shares the ready endpoints", async () => {
    const answers = new Set<string>();
    for (const host of ['web', 'web.lab', 'web.lab.svc', 'web.lab.svc.cluster.local', '10.96.0.7', 'web'])
      answers.add(await ask(host, 80));
    assert.deepEqual(answers, new Set(['two', 'four']));
    assert.equal((await Promise.all([ask('web', 80), ask('web', 80)])).toSorted().join(), 'four,two');
  });

  it('resolves pods of a headless Service, the port unchanged', async () => {
    assert.equal(await ask('decode-0.group', 8080), 'two');
    assert.equal(await ask('decode-0.group.lab.svc.cluster.local', 8080, 'elsewhere'), 'two');
    assert.equal(await ask('group', 8080), 'two');
  });

  it('rejects as sockets do', async () => {
    await assert.rejects(ask('nobody', 80), { code: 'ENOTFOUND' });
    await assert.rejects(ask('web', 80, 'elsewhere'), { code: 'ENOTFOUND' });
    await assert.rejects(ask('10.244.9.9', 80), { code: 'ECONNREFUSED' });
    await assert.rejects(ask('web', 81), { code: 'ECONNREFUSED' });
    await assert.rejects(ask('empty', 80), { code: 'ECONNREFUSED' });
    assert.throws(() => network.listen('10.244.1.2', 8080, named('again')), { code: 'EADDRINUSE' });
  });

  it('means the pod itself by localhost inside a pod', async () => {
    assert.equal(await ask('localhost', 8080, 'lab', network.forPod('10.244.1.4')), 'four');
  });

  it('breaks connections when the listener goes', async () => {
    const hanging = createServer(() => {});
    const listening = network.listen('10.244.1.5', 1, hanging);
    const connection = await network.connect('10.244.1.5', 1, { namespace: 'lab' });
    const answer = body(connection, 'x');
    listening.dispose();
    await assert.rejects(answer, { code: 'ECONNRESET' });
    await assert.rejects(ask('10.244.1.5', 1), { code: 'ECONNREFUSED' });
  });
});

function body(connection: Duplex, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      { createConnection: () => connection, host, path: '/', headers: { Connection: 'close' } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      },
    );
    call.on('error', reject);
    call.end();
  });
}

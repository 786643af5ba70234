import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { silentLogger } from '../../../src/base/logger.ts';
import { startDemoCluster, type DemoCluster } from '../../../src/demo/cluster.ts';
import { h200Nodes } from '../../../src/demo/nodes/node-shape.ts';

describe('another user of the machine, or a web page, beside a demo cluster', () => {
  let folder: string;
  let demo: DemoCluster;
  let listeners: number;
  const listening = (): number =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'TCPServerWrap' || resource === 'PipeServerWrap')
      .length;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-reach-'));
    const before = listening();
    demo = await startDemoCluster({
      port: 0,
      kubeconfigPath: join(folder, 'kubeconfig'),
      speed: 20,
      faults: [],
      nodes: h200Nodes(8),
      logger: silentLogger,
      signal: new AbortController().signal,
    });
    listeners = listening() - before;
  });
  after(async () => {
    await demo.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('finds one door, that of the API server: kubelets and servers in pods listen nowhere', () => {
    assert.equal(listeners, 1);
  });

  const strangers: readonly Readonly<Record<string, string>>[] = [
    {},
    { authorization: 'Bearer wrong' },
    { origin: 'https://evil.example' },
    { host: 'rebound.evil.example' },
    { origin: 'https://evil.example', authorization: 'Bearer ' },
  ];
  const pods = '/api/v1/namespaces/llm-d/pods';

  it('is not let through it to a kubelet, whatever it says of itself', async () => {
    const node = h200Nodes(8)[0]!.name;
    for (const headers of strangers) {
      for (const path of [
        '/pods',
        pods,
        `${pods}/poker/log`,
        `/api/v1/nodes/${node}/proxy/pods`,
        `/exec/llm-d/poker/main?command=env&output=1`,
      ]) {
        const [response] = (await once(
          request(`${demo.url}${path}`, { headers, rejectUnauthorized: false, agent: false }).end(),
          'response',
        )) as [IncomingMessage];
        response.resume();
        assert.equal(response.statusCode, 401, `${path} ${JSON.stringify(headers)}`);
      }
    }
  });

  it('runs no command and opens no port of a pod', async () => {
    for (const headers of strangers) {
      for (const path of [
        `${pods}/poker/exec?command=env&stdout=true`,
        `${pods}/poker/attach?stdout=true`,
        `${pods}/poker/portforward?ports=8000`,
      ]) {
        const socket = new WebSocket(
          `${demo.url.replace('https', 'wss')}${path}`,
          ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
          { headers, rejectUnauthorized: false },
        );
        const [, response] = (await once(socket, 'unexpected-response')) as [ClientRequest, IncomingMessage];
        assert.equal(response.statusCode, 401, `${path} ${JSON.stringify(headers)}`);
        socket.on('error', () => {});
        socket.terminate();
      }
    }
  });
});

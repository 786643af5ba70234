import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { proxyRules } from '../support/proxy-rules.ts';
import { kubectls, toolPath, type Tool } from './support.ts';

for (const tool of kubectls) {
  describe(`NO_PROXY as ${tool} reads it`, () => {
    let proxy: Server;
    let asked: (string | undefined)[];

    before(async () => {
      proxy = createServer();
      proxy.on('connect', (request, socket) => {
        asked.push(request.url);
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
    });
    beforeEach(() => {
      asked = [];
    });
    after(() => {
      proxy.close();
    });

    for (const { rule, server, direct, newKubectlOnly } of proxyRules) {
      if (newKubectlOnly === true && tool === 'KUBECTL_OLD') continue;
      it(`${rule} ${direct ? 'goes directly' : 'takes the proxy'} to ${server}`, async () => {
        const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        await call(tool, server, { HTTPS_PROXY: address, NO_PROXY: rule });
        assert.equal(asked.length === 0, direct, asked.join());
      });
    }
  });
}

/** To its end, which is a failure either way: neither the servers nor what is behind the proxy is there. */
function call(tool: Tool, server: string, env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve) =>
    execFile(
      toolPath(tool),
      ['get', '--raw', '/version', '--server', server, '--request-timeout', '1s', '--token', 'none'],
      { env: { ...env, KUBECONFIG: '/dev/null' }, timeout: 20_000 },
      () => resolve(),
    ),
  );
}

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { InMemoryFs } from 'just-bash';
import { curlCommand } from '../../../src/demo/programs/tools/curl/command.ts';
import { FakePodNetwork, fakeContainer } from '../../support/fake-pod-network.ts';
import { runTool, type ToolRun } from '../../support/shell-io.ts';

describe('curl', () => {
  const network = new FakePodNetwork();
  const fs = new InMemoryFs();
  const container = fakeContainer({ network, fs, command: [] });
  let listener: { dispose(): void };

  before(() => {
    network.names.set('echo.demo.svc.cluster.local', '10.0.0.1');
    const server = createServer((request, response) => {
      if (request.url === '/slow') return;
      if (request.url === '/missing') response.statusCode = 404;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () =>
        response.end(
          JSON.stringify({
            method: request.method,
            type: request.headers['content-type'],
            x: request.headers['x-test'],
            body: Buffer.concat(chunks).toString(),
          }),
        ),
      );
    });
    listener = network.listen('10.0.0.1', 80, server);
  });
  after(() => listener.dispose());

  const curl = (...argv: readonly string[]): Promise<ToolRun> => runTool(curlCommand, argv, container, { cwd: '/tmp' });
  const echoed = (run: ToolRun): Record<string, unknown> => JSON.parse(run.stdout) as Record<string, unknown>;
  const HOST = 'http://echo.demo.svc.cluster.local';

  it('gets a page by service name', async () => {
    const run = await curl('-s', HOST);
    assert.equal(run.code, 0);
    assert.equal(echoed(run)['method'], 'GET');
  });

  it('posts data as a form unless told otherwise, and joins parts', async () => {
    const run = await curl('-sS', HOST, '-d', 'a=1', '-d', 'b=2');
    assert.deepEqual(echoed(run), { method: 'POST', type: 'application/x-www-form-urlencoded', body: 'a=1&b=2' });
    assert.deepEqual(
      echoed(await curl('-s', HOST, '-H', 'Content-Type: application/json', '-H', 'X-Test: 7', '--data', '{"a":1}')),
      { method: 'POST', type: 'application/json', x: '7', body: '{"a":1}' },
    );
    assert.equal(echoed(await curl('-s', '-XPUT', HOST, '--data-raw', '@x'))['body'], '@x');
  });

  it('reads bodies from files and standard input', async () => {
    await fs.writeFile('/tmp/body.json', '{"from":\n"file"}');
    assert.equal(echoed(await curl('-s', HOST, '-d', '@body.json'))['body'], '{"from":"file"}');
    assert.equal(echoed(await curl('-s', HOST, '--data-binary', '@body.json'))['body'], '{"from":\n"file"}');
    const stdin = new PassThrough();
    stdin.end('piped');
    assert.equal(echoed(await runTool(curlCommand, ['-s', HOST, '-d', '@-'], container, { stdin }))['body'], 'piped');
    assert.equal((await curl('-sS', HOST, '-d', '@nothing')).code, 26);
  });

  it('writes the body to a file and the code where asked', async () => {
    const run = await curl('-s', '-o', 'out.json', '-w', String.raw`%{http_code}\n`, `${HOST}/missing`);
    assert.equal(run.stdout, '404\n');
    assert.equal((JSON.parse(await fs.readFile('/tmp/out.json')) as { method: string }).method, 'GET');
    assert.equal((await curl('-s', '-o', '/dev/null', '-w', '%{http_code}', HOST)).stdout, '200');
  });

  it('shows headers with -i', async () => {
    assert.match((await curl('-si', HOST)).stdout, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\{/);
  });

  it('fails with the codes of curl', async () => {
    const cases: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['-f', `${HOST}/missing`], 22, /curl: \(22\) The requested URL returned error: 404/],
      [['http://nowhere.example'], 6, /curl: \(6\) Could not resolve host: nowhere\.example/],
      [['http://10.0.0.1:81'], 7, /curl: \(7\) Failed to connect to 10\.0\.0\.1 port 81/],
      [['-m', '0.05', `${HOST}/slow`], 28, /curl: \(28\) Operation timed out/],
      [['--nonsense', HOST], 2, /option --nonsense: is unknown/],
      [[], 2, /no URL specified/],
    ];
    for (const [argv, code, message] of cases) {
      const run = await curl(...argv);
      assert.equal(run.code, code, argv.join(' '));
      assert.match(run.stderr, message);
    }
    assert.equal((await curl('-s', 'http://10.0.0.1:81')).stderr, '', 'silent says nothing');
    assert.match((await curl('-sS', 'http://10.0.0.1:81')).stderr, /curl: \(7\)/);
  });

  it('ends when it is interrupted', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    assert.equal(
      (await runTool(curlCommand, ['-s', `${HOST}/slow`], container, { signal: controller.signal })).code,
      130,
    );
  });
});

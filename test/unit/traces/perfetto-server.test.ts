import assert from 'node:assert/strict';
import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { systemClock } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import type { PerfettoSource } from '../../../src/traces/perfetto/server.ts';
import { createTraceService } from '../../../src/traces/service.ts';
import type { TraceService } from '../../../src/traces/types.ts';
import { FakeTracePods, temporaryFolder } from '../../support/fake-trace-pods.ts';
import { sourceReaders } from '../../support/readers.ts';
import { scannerDist } from '../../support/scanner.ts';

const media = fileURLToPath(new URL('../../../media/', import.meta.url));
const trace =
  '{"traceEvents": [{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":1,"dur":2}], "distributedInfo": {"rank": 3}}';

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As it is on the wire: `fetch` would tidy the path. */
function ask(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('the server of the Perfetto panel', () => {
  let folder: string;
  let readers: ReturnType<typeof sourceReaders>;
  let service: TraceService;
  let source: PerfettoSource;
  const signal = new AbortController().signal;

  before(async () => {
    folder = await temporaryFolder();
    await cp(join(media, 'perfetto-host'), join(folder, 'media', 'perfetto-host'), { recursive: true });
    await mkdir(join(folder, 'workspace', 'traces', '1', 'decode-0'), { recursive: true });
    await writeFile(join(folder, 'secret.txt'), 'secret');
    readers = sourceReaders();
    service = createTraceService({
      files: () => new WorkspaceFiles(join(folder, 'workspace')).below('traces'),
      assets: { dist: await scannerDist(), media: join(folder, 'media') },
      readers,
      contexts: new FakeTracePods().contexts(),
      servers: () => Promise.resolve([]),
      clock: systemClock,
      logger: silentLogger,
      perfetto: () => source,
    });
  });

  beforeEach(async () => {
    source = 'auto';
    await rm(join(folder, 'media', 'perfetto'), { recursive: true, force: true });
  });

  after(async () => {
    service.dispose();
    readers.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function bundle(): Promise<void> {
    await mkdir(join(folder, 'media', 'perfetto', 'v1'), { recursive: true });
    await writeFile(join(folder, 'media', 'perfetto', 'index.html'), '<p>ui</p>');
    await writeFile(join(folder, 'media', 'perfetto', 'v1', 'engine.wasm'), 'wasm');
  }

  async function tracePath(name = 'a.json.gz', content: string | Buffer = gzipSync(trace)): Promise<string> {
    const path = join(folder, 'workspace', 'traces', '1', 'decode-0', name);
    await writeFile(path, content);
    return path;
  }

  it('serves the host page, its settings and the trace, under a path of its own', async () => {
    await bundle();
    const served = await service.serve(await tracePath(), { dark: true, signal });
    assert.equal(served.ui, 'bundled');
    assert.match(served.url, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{48}\/$/);
    assert.equal(served.title, 'decode-0 rank 3 a.json.gz');
    const { pathname } = new URL(served.url);
    const page = await ask(served.url, pathname);
    assert.equal(page.status, 200);
    assert.equal(page.headers['referrer-policy'], 'no-referrer');
    assert.equal(page.headers['x-content-type-options'], 'nosniff');
    assert.equal(page.headers['cache-control'], 'no-store');
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'.*frame-src 'self'/);
    // Behind a proxy the page does not lie at the root.
    assert.doesNotMatch(page.body.toString(), /(src|href)="\//);
    assert.deepEqual(JSON.parse((await ask(served.url, `${pathname}config.json`)).body.toString()), {
      title: served.title,
      fileName: 'a.json.gz',
      dark: true,
      ui: 'bundled',
    });
    const { traceEvents } = JSON.parse(gunzipSync((await ask(served.url, `${pathname}trace`)).body).toString()) as {
      traceEvents: unknown[];
    };
    assert.deepEqual(traceEvents, [
      { ph: 'X', cat: 'kernel', name: 'k', pid: 0, tid: 7, ts: 1, dur: 2 },
      { ph: 'M', name: 'process_name', pid: 0, ts: 0, args: { name: 'GPU 0 \u00B7 rank 3 \u00B7 decode-0' } },
    ]);
    served.dispose();
  });

  it('serves the UI with types, caching and a policy that reaches nothing outside, and no other file', async () => {
    await bundle();
    const served = await service.serve(await tracePath(), { dark: false, signal });
    const { pathname } = new URL(served.url);
    const wasm = await ask(served.url, `${pathname}ui/v1/engine.wasm`);
    assert.equal(wasm.headers['content-type'], 'application/wasm');
    assert.match(String(wasm.headers['cache-control']), /immutable/);
    await symlink(join(folder, 'secret.txt'), join(folder, 'media', 'perfetto', 'v1', 'linked.js'));
    const page = await ask(served.url, `${pathname}ui/index.html`);
    assert.equal(page.headers['cache-control'], 'no-store');
    assert.match(String(page.headers['content-security-policy']), /connect-src 'self' blob: data:/);
    for (const path of [
      'ui/../../secret.txt',
      'ui/..%2f..%2fsecret.txt',
      'ui/%2e%2e/%2e%2e/secret.txt',
      'ui//etc/passwd',
      'ui/',
      'ui/%00',
      'ui/v1/linked.js',
      '../secret.txt',
      'nothing',
    ]) {
      const answer = await ask(served.url, pathname + path);
      assert.ok(answer.status === 404 && !answer.body.includes('secret'), path);
    }
    served.dispose();
  });

  it('answers nobody without the token, no other origin, and no method but GET', async () => {
    const served = await service.serve(await tracePath(), { dark: false, signal });
    const { pathname, host } = new URL(served.url);
    assert.equal((await ask(served.url, '/')).status, 404);
    assert.equal((await ask(served.url, `/${'0'.repeat(48)}/trace`)).status, 404);
    assert.equal((await ask(served.url, `${pathname}trace`, { Origin: 'https://elsewhere.test' })).status, 404);
    assert.equal((await ask(served.url, `${pathname}trace`, { Origin: 'null' })).status, 404);
    assert.equal((await ask(served.url, `${pathname}trace`, { Origin: `http://${host}` })).status, 200);
    assert.equal((await ask(served.url, `${pathname}trace`, {}, 'POST')).status, 405);
    served.dispose();
  });

  it('believes nobody who says from where they come: a rebound name of this machine, a proxy', async () => {
    const served = await service.serve(await tracePath(), { dark: false, signal });
    const { pathname, port } = new URL(served.url);
    const rebound = `rebound.evil.example:${port}`;
    for (const path of ['/', '/trace', `/${'0'.repeat(48)}/trace`, '/__proto__/trace', '/constructor']) {
      assert.equal((await ask(served.url, path, { Host: rebound, Origin: `http://${rebound}` })).status, 404, path);
    }
    for (const name of ['X-Forwarded-Host', 'Forwarded', 'X-Original-Host']) {
      assert.equal(
        (
          await ask(served.url, `${pathname}trace`, {
            Origin: 'https://evil.example',
            [name]: name === 'Forwarded' ? 'host=evil.example' : 'evil.example',
          })
        ).status,
        404,
        name,
      );
    }
    served.dispose();
  });

  it('is gone when disposed, also for the other trace once both are', async () => {
    const one = await service.serve(await tracePath(), { dark: false, signal });
    const two = await service.serve(await tracePath('b.json', trace), { dark: false, signal });
    assert.equal(new URL(one.url).port, new URL(two.url).port);
    one.dispose();
    assert.equal((await ask(one.url, new URL(one.url).pathname)).status, 404);
    assert.equal((await ask(two.url, new URL(two.url).pathname)).status, 200);
    two.dispose();
    two.dispose();
    const isGone = (): Promise<boolean> =>
      ask(two.url, new URL(two.url).pathname).then(
        ({ status }) => (assert.equal(status, 404), false),
        () => true,
      );
    while (!(await isGone()));
  });

  it('takes the public UI where none is bundled, and says so where only the bundled one may be used', async () => {
    const served = await service.serve(await tracePath(), { dark: false, signal });
    assert.equal(served.ui, 'public');
    const page = await ask(served.url, new URL(served.url).pathname);
    assert.match(String(page.headers['content-security-policy']), /frame-src https:\/\/ui\.perfetto\.dev/);
    served.dispose();
    source = 'bundled';
    await assert.rejects(
      service.serve(await tracePath(), { dark: false, signal }),
      (error) => isWorkbenchError(error, 'not-supported') && error.hint !== undefined,
    );
  });

  it('refuses a file that Perfetto would refuse, with what to do', async () => {
    const cut = await tracePath('cut.json.gz', gzipSync(trace).subarray(0, 40));
    await assert.rejects(
      service.serve(cut, { dark: false, signal }),
      (error) => isWorkbenchError(error, 'gzip-cut') && error.hint !== undefined,
    );
    await assert.rejects(service.serve(join(folder, 'none.json'), { dark: false, signal }), (error) =>
      isWorkbenchError(error, 'file-missing'),
    );
  });
});

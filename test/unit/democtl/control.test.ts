import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { poll, systemClock, timeLimit } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { ownNode } from '../../../src/base/own-node.ts';
import { createApiServer, type ApiServer } from '../../../src/demo/api/server.ts';
import { Kubelets } from '../../../src/demo/kubelets.ts';
import { createDemoControl } from '../../../src/democtl/control.ts';
import type { DemoControl } from '../../../src/democtl/types.ts';
import { processName } from '../../../src/kube/tools/processes.ts';
import { LeapClock } from '../../support/leap-clock.ts';
import { childrenOf, isAlive } from '../../support/processes.ts';

const signal = new AbortController().signal;
const token = 'the-token-of-the-demo';

describe('demo control', function () {
  this.timeout(60_000);
  let storage: string;
  let status: string;
  let warnings: string[];
  let control: DemoControl;
  let bystander: ChildProcess;
  let foreign: ApiServer;

  before(async () => {
    foreign = await createApiServer({
      host: '127.0.0.1',
      port: 0,
      token,
      kubelets: new Kubelets(),
      logger: silentLogger,
      clock: systemClock,
    });
  });
  after(() => foreign.close());

  beforeEach(async () => {
    storage = await mkdtemp(join(tmpdir(), 'democtl-'));
    status = join(storage, 'demo', 'status.json');
    await mkdir(join(storage, 'demo'));
    warnings = [];
    control = controlOf(systemClock);
    bystander = spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(bystander, 'spawn');
  });
  afterEach(async () => {
    await control.stop(signal);
    bystander.kill('SIGKILL');
    await rm(storage, { recursive: true, force: true });
  });

  function controlOf(clock: typeof systemClock): DemoControl {
    return createDemoControl({
      storage,
      cli: resolve(import.meta.dirname, '../../../src/cli.ts'),
      node: ownNode({ PATH: process.env['PATH'] }),
      clock,
      logger: { ...silentLogger, warn: (message) => warnings.push(message) },
    });
  }

  /** What a demo would have written that had the bystander's pid; by default its port is closed since. */
  async function record(changes: Readonly<Record<string, unknown>>): Promise<void> {
    const { pid } = bystander;
    assert.ok(pid !== undefined);
    await writeFile(control.kubeconfig, 'what is left of it');
    await writeFile(
      status,
      JSON.stringify({
        ...(await processName(pid)),
        port: 1,
        kubeconfig: control.kubeconfig,
        context: 'llm-d-demo',
        connection: { server: 'https://127.0.0.1:1', token, ca: foreign.caPem },
        ...changes,
      }),
    );
  }

  async function refused(why: RegExp): Promise<void> {
    assert.equal(await control.running(signal), undefined);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', why);
    for (const path of [status, control.kubeconfig]) await assert.rejects(access(path), { code: 'ENOENT' });
  }

  async function bystanderSurvives(): Promise<void> {
    assert.deepEqual(await control.stop(signal), { context: 'llm-d-demo', ran: false });
    assert.deepEqual([bystander.exitCode, bystander.signalCode, await isAlive(bystander.pid ?? 0)], [null, null, true]);
  }

  it('does not take a process for the demo because it has its pid', async () => {
    await record({
      started: 'at another time',
      port: Number(new URL(foreign.url).port),
      connection: { server: foreign.url, token, ca: foreign.caPem },
    });
    await bystanderSurvives();
    assert.match(warnings[0] ?? '', /gone or another one/);
  });

  it('nor one of another machine, whose process ids say nothing here; its record stays', async () => {
    await record({
      host: 'another machine',
      port: Number(new URL(foreign.url).port),
      connection: { server: foreign.url, token, ca: foreign.caPem },
    });
    await bystanderSurvives();
    await access(status);
    await rm(status);
  });

  it('nor where no server is at its port', async () => {
    await record({});
    await bystanderSurvives();
    await record({});
    warnings = [];
    await refused(/port 1 is closed/);
  });

  it('nor where another server is there, be it another demo or with another token', async () => {
    const other = await createApiServer({
      host: '127.0.0.1',
      port: 0,
      token,
      kubelets: new Kubelets(),
      logger: silentLogger,
      clock: systemClock,
    });
    await other.close();
    for (const connection of [
      { server: foreign.url, token, ca: other.caPem },
      { server: foreign.url, token: 'of-another', ca: foreign.caPem },
    ]) {
      await record({ connection });
      await bystanderSurvives();
      await record({ connection });
      warnings = [];
      await refused(/another server's/);
    }
  });

  it('nor asks a server elsewhere, or reads what is no record', async () => {
    for (const text of ['{', '{}', 'null', '{"pid":1,"port":6443,"kubeconfig":"/x","context":"llm-d-demo"}']) {
      warnings = [];
      await record({});
      await writeFile(status, text);
      await refused(/record is unreadable/);
    }
    for (const server of [
      'https://somewhere.invalid',
      'https://127.0.0.1:1@somewhere.invalid',
      foreign.url.replace('https', 'http'),
    ]) {
      warnings = [];
      await record({ connection: { server, token, ca: foreign.caPem } });
      await refused(/record is unreadable/);
    }
  });

  it('says that a demo does not answer; starts none beside it, signals nothing and keeps its record', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const clock = new LeapClock();
    try {
      await record({
        connection: { server: `https://127.0.0.1:${(silent.address() as AddressInfo).port}`, token, ca: foreign.caPem },
      });
      const asked = controlOf(clock);
      for (const ask of [() => asked.running(signal), () => asked.stop(signal), () => asked.start({ signal })]) {
        const connected = once(silent, 'connection');
        const refused = assert.rejects(ask(), (error) => isWorkbenchError(error, 'timeout'));
        await Promise.race([connected, refused.then(() => assert.fail('nobody asked'))]);
        clock.leap(60_000);
        await refused;
        await access(status);
      }
      assert.equal(await isAlive(bystander.pid ?? 0), true);
    } finally {
      silent.close();
      await rm(status);
    }
  });

  it('starts a demo, finds it again from another window, and ends it', async () => {
    const started = await control.start({ speed: 10, signal });
    assert.deepEqual(await controlOf(systemClock).running(signal), started);
    assert.deepEqual(await control.start({ signal }), started);
    for (const file of [status, control.kubeconfig, join(storage, 'demo', 'demo.log')])
      assert.equal((await stat(file)).mode & 0o777, 0o600, file);
    const { connection } = JSON.parse(await readFile(status, 'utf8')) as { connection: { token: string } };
    assert.ok(connection.token.length >= 32);
    for (const place of ['cmdline', 'environ'])
      assert.ok(!(await readFile(`/proc/${started.pid}/${place}`, 'utf8')).includes(connection.token), place);
    assert.ok(!(await readFile(join(storage, 'demo', 'demo.log'), 'utf8')).includes(connection.token));
    assert.deepEqual(await control.stop(signal), { context: 'llm-d-demo', ran: true });
    assert.equal(await control.stop(signal), undefined);
    assert.equal(await isAlive(started.pid), false);
    for (const path of [status, control.kubeconfig]) await assert.rejects(access(path), { code: 'ENOENT' });
    assert.deepEqual(warnings, []);
  });

  it('leaves alone what the next demo wrote while the one that was stopped took its time to end', async () => {
    const first = await control.start({ signal });
    const looks: (() => void)[] = [];
    // Looks for the process once, and again when the test lets it.
    const slow = controlOf({
      ...systemClock,
      now: () => systemClock.now(),
      monotonic: () => systemClock.monotonic(),
      setTimer: (ms, fire) =>
        ms === 100 ? (looks.push(fire), { dispose: () => undefined }) : systemClock.setTimer(ms, fire),
    });
    const stopping = slow.stop(signal);
    await poll(systemClock, 20, signal, async () =>
      (await isAlive(first.pid)) || looks.length === 0 ? undefined : true,
    );
    const second = await control.start({ signal });
    looks[0]?.();
    await stopping;
    assert.deepEqual(await control.running(signal), second);
    await access(control.kubeconfig);
    assert.notEqual(second.pid, first.pid);
  });

  it('ends also where somebody put a folder in the place of its files', async () => {
    const { pid } = await control.start({ signal });
    for (const path of [status, control.kubeconfig]) {
      await rm(path);
      await mkdir(path);
    }
    process.kill(pid, 'SIGINT');
    await poll(systemClock, 20, timeLimit(15_000, 'end the demo'), async () =>
      (await isAlive(pid)) ? undefined : true,
    );
    for (const path of [status, control.kubeconfig]) await rm(path, { recursive: true });
  });

  it('does not ask any longer once nobody waits', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      await record({
        connection: { server: `https://127.0.0.1:${(silent.address() as AddressInfo).port}`, token, ca: foreign.caPem },
      });
      const leaving = new AbortController();
      const connected = once(silent, 'connection');
      const refused = assert.rejects(control.running(leaving.signal), (error) => isWorkbenchError(error, 'aborted'));
      await connected;
      leaving.abort();
      await refused;
      await access(status);
    } finally {
      silent.close();
      await rm(status);
    }
  });

  it('starts one demo for windows that start it at the same time, also where one died over it', async () => {
    await mkdir(join(storage, 'demo', 'starting'));
    const dead = { ...(await processName(bystander.pid ?? 0)), started: 'at another time' };
    await writeFile(join(storage, 'demo', 'starting', 'a-window'), JSON.stringify(dead));
    const windows = [control, controlOf(systemClock), controlOf(systemClock)];
    const told: (number | undefined)[] = [];
    for (const window of windows) window.onDidChange((demo) => told.push(demo?.pid));
    const demos = await Promise.all(windows.map((window) => window.start({ speed: 10, signal })));
    const pid = demos[0]?.pid ?? 0;
    assert.deepEqual(
      demos.map((demo) => demo.pid),
      [pid, pid, pid],
    );
    assert.deepEqual(told, [pid, pid, pid]);
    assert.deepEqual(new Set(await childrenOf()), new Set([bystander.pid, pid]));
    assert.deepEqual((await readdir(join(storage, 'demo'))).toSorted(), ['demo.log', 'kubeconfig', 'status.json']);
  });

  it('knows a demo that was killed as gone, also when another process has its pid by now', async () => {
    const demo = await control.start({ speed: 10, signal });
    const written = JSON.parse(await readFile(status, 'utf8')) as object;
    try {
      await writeFile(status, JSON.stringify({ ...written, pid: bystander.pid }));
      await bystanderSurvives();
      assert.match(warnings[0] ?? '', /gone or another one/);
      warnings = [];
      await writeFile(status, JSON.stringify(written));
      await writeFile(control.kubeconfig, 'what is left of it');
      assert.equal((await control.running(signal))?.pid, demo.pid);
    } finally {
      process.kill(demo.pid, 'SIGKILL');
    }
    await poll(systemClock, 20, timeLimit(10_000, 'end the demo'), async () =>
      (await isAlive(demo.pid)) ? undefined : true,
    );
    await refused(/no longer runs/);
  });

  it('a demo that ends by itself takes its record along', async () => {
    const demo = await control.start({ speed: 10, signal });
    process.kill(demo.pid, 'SIGINT');
    await poll(systemClock, 20, timeLimit(10_000, 'end the demo'), async () =>
      (await isAlive(demo.pid)) ? undefined : true,
    );
    for (const path of [status, control.kubeconfig]) await assert.rejects(access(path), { code: 'ENOENT' });
  });
});

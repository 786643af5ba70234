import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poll, systemClock, timeLimit } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import type { Contexts } from '../../../src/kube/login/types.ts';
import { BegunProfiles } from '../../../src/profiling/begun-profiles.ts';
import { createProfilingService } from '../../../src/profiling/service.ts';
import type { ProfileOutcome, ProfileRequest, ProfilingService } from '../../../src/profiling/types.ts';
import { LeapClock } from '../../support/leap-clock.ts';
import { ProfiledServers } from '../../support/profiled-servers.ts';

const PODS = ['decode-0', 'decode-1', 'decode-2'];
const never = new AbortController().signal;
const quiet = { signal: never, progress: () => {} };

describe('profiling', () => {
  let storage: string;
  let servers: ProfiledServers;
  let clock: LeapClock;
  /** The server that the context leads to. */
  let address: string;

  beforeEach(async () => {
    storage = await mkdtemp(join(tmpdir(), 'profiling-'));
    servers = await ProfiledServers.of(...PODS);
    clock = new LeapClock();
    address = servers.cluster.server;
  });
  afterEach(async () => {
    servers.close();
    await rm(storage, { recursive: true });
  });

  /** One window; all windows share the storage. */
  function window(): ProfilingService {
    return createProfilingService({
      contexts: {
        client: () => Promise.resolve(servers.client),
        list: () => Promise.resolve([{ name: servers.cluster.context, server: address }]),
      } as unknown as Contexts,
      servers: () =>
        Promise.resolve(
          PODS.map((pod) => ({ deployment: 'wide-ep', role: 'decode', pod, ip: '10.0.0.7', ports: [8200] })),
        ),
      begun: new BegunProfiles(new WorkspaceFiles(storage), clock, silentLogger),
      owner: () => 'me',
      logger: silentLogger,
      clock,
    });
  }

  const request = (pods: readonly string[] = PODS): ProfileRequest => ({
    cluster: servers.cluster,
    targets: pods.map((pod) => ({ pod, ip: '10.0.0.7', port: 8200 })),
    seconds: 3600,
  });
  const allOn = (count = PODS.length): Promise<true> =>
    poll(systemClock, 5, timeLimit(10_000, 'start'), () => Promise.resolve(servers.on.size === count || undefined));
  const notes = async (): Promise<readonly string[]> => readdir(join(storage, 'profiles')).catch(() => []);
  const okPods = (outcomes: readonly ProfileOutcome[]): readonly string[] =>
    outcomes.filter(({ ok }) => ok).map(({ target }) => target.pod);

  /** A window that profiles and is gone, without a word to what runs in the cluster. */
  async function leftOn(): Promise<void> {
    const closing = new AbortController();
    const profiling = window().profile(request(), { ...quiet, signal: closing.signal });
    await allOn();
    for (const pod of PODS) servers.unreachable.add(pod);
    closing.abort();
    await assert.rejects(profiling);
    servers.unreachable.clear();
    assert.equal(servers.on.size, PODS.length);
  }

  it('starts on all, waits, stops on all, and leaves no note', async () => {
    const profiling = window().profile(request(), quiet);
    await allOn();
    const noted = await notes();
    assert.equal(noted.filter((name) => name.endsWith('.json')).length, 1);
    await poll(systemClock, 5, timeLimit(10_000, 'stop'), () => {
      clock.leap(3_600_000);
      return Promise.resolve(servers.on.size === 0 || undefined);
    });
    assert.deepEqual(okPods(await profiling), PODS);
    assert.deepEqual(await notes(), []);
  });

  it('a cancel stops every profiler before it is reported', async () => {
    const cancelled = new AbortController();
    const profiling = window().profile(request(), { ...quiet, signal: cancelled.signal });
    await allOn();
    cancelled.abort();
    await assert.rejects(profiling, (error) => isWorkbenchError(error, 'aborted'));
    assert.deepEqual([...servers.on], []);
    assert.deepEqual(await notes(), []);
  });

  it('a cancel while the starts are on their way stops what they started', async () => {
    const cancelled = new AbortController();
    servers.answers = (call) => (call.startsWith('start') ? new Promise(() => {}) : undefined);
    const profiling = window().profile(request(), { ...quiet, signal: cancelled.signal });
    await allOn();
    cancelled.abort();
    await assert.rejects(profiling, (error) => isWorkbenchError(error, 'aborted'));
    assert.deepEqual([...servers.on], []);
  });

  for (const refusal of [409, 500] as const) {
    it(`a server that profiles already says so (${refusal}), with what to do, and goes on profiling`, async () => {
      servers.refusal = refusal;
      servers.on.add('decode-0');
      const outcomes = await window().profile(request(['decode-0']), quiet);
      assert.deepEqual(okPods(outcomes), []);
      assert.match(
        outcomes[0]?.reason ?? '',
        /pod decode-0, port 8200 in test\/llm-d is running already: run "llm-d: Stop Profiling"/,
      );
      assert.deepEqual([...servers.on], ['decode-0']);
    });
  }

  it('the next window ends what a window that is gone left on, once, and says where', async () => {
    await leftOn();
    assert.deepEqual(await window().endLeftBehind(never), [{ cluster: servers.cluster, servers: 3 }]);
    assert.deepEqual([...servers.on], []);
    assert.deepEqual(await window().endLeftBehind(never), []);
    assert.deepEqual(await notes(), []);
  });

  it('what cannot be reached is left to the next one', async () => {
    await leftOn();
    servers.unreachable.add('decode-1');
    assert.deepEqual(await window().endLeftBehind(never), [{ cluster: servers.cluster, servers: 2 }]);
    assert.deepEqual([...servers.on], ['decode-1']);
    servers.unreachable.clear();
    servers.asked.splice(0);
    assert.deepEqual(await window().endLeftBehind(never), [{ cluster: servers.cluster, servers: 1 }]);
    assert.deepEqual(servers.asked, ['stop_profile decode-1']);
  });

  it("asks nothing in pods that are somebody else's by now, nor in a cluster that the context no longer leads to", async () => {
    await leftOn();
    servers.asked.splice(0);
    address = 'https://10.0.0.2:6443';
    assert.deepEqual(await window().endLeftBehind(never), []);
    assert.equal((await notes()).length, 1, 'it is kept for the day on which it does');
    address = servers.cluster.server;
    servers.owner = 'alice';
    assert.deepEqual(await window().endLeftBehind(never), []);
    assert.deepEqual(servers.asked, []);
    assert.deepEqual(await notes(), []);
  });

  it('leaves alone what a window that lives profiles, and a note that is none', async () => {
    const cancelled = new AbortController();
    const profiling = window().profile(request(), { ...quiet, signal: cancelled.signal });
    await allOn();
    await writeFile(join(storage, 'profiles', 'odd.json'), '{"cluster":1}');
    assert.deepEqual(await window().endLeftBehind(never), []);
    assert.equal(servers.on.size, 3);
    cancelled.abort();
    await assert.rejects(profiling);
  });

  it('a note that cannot be read keeps no window from the others', async () => {
    await leftOn();
    await mkdir(join(storage, 'profiles', '0.json'));
    assert.deepEqual(await window().endLeftBehind(never), [{ cluster: servers.cluster, servers: 3 }]);
    assert.deepEqual(await notes(), ['0.json']);
  });

  describe('Stop Profiling', () => {
    it("ends this window's profile before its time, as a success", async () => {
      const one = window();
      const profiling = one.profile(request(), quiet);
      await allOn();
      assert.deepEqual(await one.stop(servers.cluster, quiet), []);
      assert.deepEqual(okPods(await profiling), PODS);
      assert.deepEqual([...servers.on], []);
    });

    it("ends another window's profile, which says that somebody did and not that it could not profile", async () => {
      const profiling = window().profile(request(), quiet);
      await allOn();
      assert.deepEqual(okPods(await window().stop(servers.cluster, quiet)), PODS);
      const ended = await poll(systemClock, 5, timeLimit(10_000, 'end the profile'), async () => {
        clock.leap(3_600_000);
        return Promise.race([profiling, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))]);
      });
      assert.deepEqual(okPods(ended), []);
      for (const { reason } of ended)
        assert.match(reason ?? '', /off before its time.*look whether its trace is there/);
    });

    it('stops what anybody else left on, and says which', async () => {
      await leftOn();
      servers.on.delete('decode-2');
      assert.deepEqual(okPods(await window().stop(servers.cluster, quiet)), ['decode-0', 'decode-1']);
      assert.deepEqual([...servers.on], []);
      assert.deepEqual(await notes(), []);
    });

    it('says what could not be stopped, and keeps it for the next window', async () => {
      await leftOn();
      servers.unreachable.add('decode-1');
      const outcomes = await window().stop(servers.cluster, quiet);
      assert.match(outcomes.find(({ ok }) => !ok)?.reason ?? '', /no way to pod decode-1/);
      servers.unreachable.clear();
      assert.deepEqual(await window().endLeftBehind(never), [{ cluster: servers.cluster, servers: 1 }]);
    });
  });
});

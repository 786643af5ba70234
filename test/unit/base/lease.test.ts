import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { poll, systemClock, timeLimit } from '../../../src/base/clock.ts';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { Leases, type Lease, type ProcessName, type Processes } from '../../../src/base/lease.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import { processes, processName } from '../../../src/kube/tools/processes.ts';
import { LeapClock } from '../../support/leap-clock.ts';

const never = new AbortController().signal;
const HOLDER = resolve(import.meta.dirname, '../../support/lease-holder.ts');

describe('lease', function () {
  this.timeout(60_000);
  let folder: string;
  let files: WorkspaceFiles;
  let clock: LeapClock;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-lease-'));
    files = new WorkspaceFiles(folder);
    clock = new LeapClock();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await killed(child);
    await rm(folder, { recursive: true, force: true });
  });

  const leases = (change: Partial<ConstructorParameters<typeof Leases>[0]> = {}): Leases =>
    new Leases({ files, clock, processes, ...change });

  async function heldBy(name: unknown): Promise<void> {
    await mkdir(join(folder, 'lease'), { recursive: true });
    await writeFile(join(folder, 'lease', 'a-holder'), typeof name === 'string' ? name : JSON.stringify(name));
  }

  /** Time passes until the work is done. */
  async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
    const over = { yet: false };
    void work.then(
      () => (over.yet = true),
      () => (over.yet = true),
    );
    while (!over.yet) {
      clock.leap(100);
      await delay(1);
    }
    return work;
  }

  /** How much time passes until it is taken. */
  async function silenceUntilTaken(from: Leases): Promise<number> {
    const began = clock.monotonic();
    const lease = await whileTimePasses(from.wait('lease', 100, never));
    await lease.release();
    return clock.monotonic() - began;
  }

  it('is had by one at a time, and leaves nothing behind, also after a failure', async () => {
    const inside = { count: 0, most: 0 };
    const work = async (): Promise<void> => {
      inside.most = Math.max(inside.most, ++inside.count);
      await delay(2);
      inside.count -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => leases({ clock: systemClock }).during('lease', 1, never, work)));
    await assert.rejects(
      leases().during('lease', 1, never, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(inside.most, 1);
    assert.deepEqual(await readdir(folder), []);
  });

  it('who waits for it can leave, and leaves nothing behind', async () => {
    const held = await leases().take('lease');
    const leaving = new AbortController();
    const waiting = leases().wait('lease', 1000, leaving.signal);
    leaving.abort();
    await assert.rejects(waiting, (error) => isWorkbenchError(error, 'aborted'));
    await held?.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken at once from a process that has ended, also where its id is another process by now', async () => {
    const bystander = spawn('sleep', ['1000'], { stdio: 'ignore' });
    children.push(bystander);
    await once(bystander, 'spawn');
    const living = await processName(bystander.pid ?? 0);
    await heldBy(living);
    assert.equal(await leases().take('lease'), undefined, 'a living process keeps it');
    await heldBy({ ...living, started: 'at another time' });
    const lease = await leases().take('lease');
    assert.ok(lease);
    await lease.release();
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
    await heldBy(living);
    assert.ok(await leases().take('lease'));
  });

  it('is not taken by its process id from a holder on another machine, only after its silence', async () => {
    const asked: ProcessName[] = [];
    const watched: Processes = {
      self: () => processes.self(),
      hasEnded: async (name) => {
        asked.push(name);
        return processes.hasEnded(name);
      },
    };
    await heldBy({ host: 'another', pid: 2 ** 22 + 1, started: 'once' });
    assert.equal(await leases({ processes: watched }).take('lease'), undefined);
    assert.equal(asked.length, 1);
    assert.ok((await silenceUntilTaken(leases())) >= 15_000);
  });

  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"host":"h","pid":-1,"started":null}',
    '{"host":1,"pid":1,"started":null}',
  ]) {
    it(`is taken after a while where its holder cannot be read: ${text}`, async () => {
      await heldBy(text);
      assert.equal(await leases().take('lease'), undefined);
      assert.ok((await silenceUntilTaken(leases())) >= 15_000);
    });
  }

  it('stays with a holder that shows that it lives, however wrong its clock is', async () => {
    for (const wrongMs of [-86_400_000, 86_400_000]) {
      const wrong = {
        setTimer: clock.setTimer.bind(clock),
        monotonic: () => clock.monotonic(),
        now: () => clock.now() + wrongMs,
      };
      const lease = await leases({ clock: wrong, processes: ofHost('another') }).take('lease');
      assert.ok(lease);
      const leaving = new AbortController();
      const waiting = leases().wait('lease', 100, leaving.signal);
      for (let passed = 0; passed < 120_000; passed += 100) {
        clock.leap(100);
        // As often as the holder's beat may be late by.
        if (passed % 1000 === 0) await delay(2);
      }
      assert.equal(lease.lost.aborted, false);
      leaving.abort();
      await assert.rejects(waiting, (error) => isWorkbenchError(error, 'aborted'));
      await lease.release();
    }
  });

  it('a look after a long sleep takes nothing from a holder that slept as well', async () => {
    const lease = await leases({ processes: ofHost('another') }).take('lease');
    const leaving = new AbortController();
    const waiting = leases().wait('lease', 1000, leaving.signal);
    for (let sleeps = 0; sleeps < 5; sleeps += 1) {
      clock.leap(3_600_000);
      await delay(20);
    }
    assert.equal(lease?.lost.aborted, false);
    leaving.abort();
    await assert.rejects(waiting);
    await lease?.release();
  });

  it('that was taken over is not given back by who had it before, who is told', async () => {
    const silent = { ...systemClock, setTimer: () => ({ dispose: () => undefined }) };
    const slow = await leases({ clock: silent, processes: ofHost('another') }).take('lease');
    assert.ok(slow);
    const taken = await whileTimePasses(leases().wait('lease', 100, never));
    await assert.rejects(
      slow.confirm(),
      (error) => isWorkbenchError(error, 'aborted') && /taken over/.test(error.message),
    );
    assert.equal(slow.lost.aborted, true);
    await slow.release();
    await taken.confirm();
    assert.equal(await leases().take('lease'), undefined);
    await taken.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('goes to one alone of many that find out at once that its holder is silent', async () => {
    for (let round = 0; round < 3; round += 1) {
      await heldBy({ host: 'another', pid: 1, started: null });
      const had: Lease[] = [];
      const leaving = new AbortController();
      const waiters = Array.from({ length: 5 }, () =>
        leases()
          .wait('lease', 100, leaving.signal)
          .then(
            (lease) => had.push(lease),
            () => undefined,
          ),
      );
      await whileTimePasses(Promise.race(waiters));
      for (let looks = 0; looks < 20; looks += 1) {
        clock.leap(100);
        await delay(1);
      }
      assert.equal(had.length, 1);
      leaving.abort();
      await Promise.all(waiters);
      await had[0]?.release();
    }
  });

  it('that another took over meanwhile is not taken from that one by who found the same holder dead', async () => {
    const looked = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow: Processes = {
      self: () => processes.self(),
      async hasEnded(name) {
        const ended = await processes.hasEnded(name);
        looked.resolve();
        await goOn.promise;
        return ended;
      },
    };
    await heldBy({ ...(await processes.self()), started: 'at another time' });
    const late = leases({ processes: slow }).take('lease');
    await looked.promise;
    const lease = await leases().take('lease');
    assert.ok(lease);
    goOn.resolve();
    assert.equal(await late, undefined);
    await lease.confirm();
    await lease.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('is taken after a while from what is no holder: a folder, or a link, which is not followed', async () => {
    await mkdir(join(folder, 'lease', 'a-folder'), { recursive: true });
    assert.ok((await silenceUntilTaken(leases())) >= 15_000);
    await mkdir(join(folder, 'lease'));
    await writeFile(join(folder, 'mine'), 'keep');
    await symlink(join(folder, 'mine'), join(folder, 'lease', 'a-link'));
    assert.ok((await silenceUntilTaken(leases())) >= 15_000);
    assert.equal(await readFile(join(folder, 'mine'), 'utf8'), 'keep');
  });

  describe('of processes', () => {
    interface Contender {
      readonly child: ChildProcess;
      readonly said: string[];
    }

    /** `host` is the name of the machine that it takes itself to be on; empty: this one. */
    function contender(host = '', behindMs = 0): Contender {
      const child = spawn(process.execPath, [HOLDER, folder, host, String(behindMs)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const said: string[] = [];
      assert.ok(child.stdout);
      createInterface(child.stdout).on('line', (line) => said.push(line));
      return { child, said };
    }

    const eventually = (what: string, is: () => boolean): Promise<true> =>
      poll(systemClock, 5, timeLimit(30_000, what), () => Promise.resolve(is() || undefined));
    const holds = ({ said }: Contender): boolean => said.at(-1) === 'has';
    const written = async (): Promise<readonly string[]> =>
      (await readFile(join(folder, 'written'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

    for (const [where, hosts] of [
      ['on one machine', ['', '', '', '']],
      ['on machines of their own, with clocks that differ by hours', ['a', 'b', 'c', 'd']],
    ] as const) {
      it(`killed one after the other ${where}: each time one alone takes over`, async () => {
        const contenders = hosts.map((host, index) => contender(host, index * 3_600_000));
        const left = new Set(contenders);
        while (left.size > 0) {
          await eventually('take over', () => [...left].some(holds));
          const holder = [...left].find(holds);
          assert.ok(holder);
          const before = (await written()).length;
          await poll(systemClock, 5, timeLimit(30_000, 'write'), async () =>
            (await written()).length > before + 10 ? true : undefined,
          );
          assert.deepEqual([...left].filter(holds), [holder]);
          await killed(holder.child);
          left.delete(holder);
        }
        const runs = (await written()).filter((pid, index, all) => pid !== all[index - 1]);
        assert.equal(runs.length, hosts.length, `nobody wrote in between: ${runs.join(' ')}`);
      });
    }

    it('a holder that was stopped, and goes on after another took over, writes nothing more', async () => {
      const slow = contender('a');
      await eventually('take', () => holds(slow));
      slow.child.kill('SIGSTOP');
      const next = contender('b');
      await eventually('take over', () => holds(next));
      const before = (await written()).length;
      slow.child.kill('SIGCONT');
      await eventually('notice', () => slow.said.at(-1) === 'lost');
      const after = (await written()).slice(before);
      // What it was just about to write when it was stopped it could not take back.
      assert.ok(after.filter((pid) => pid === String(slow.child.pid)).length <= 1, after.join(' '));
      assert.equal(holds(next), true);
    });

    it('one after the other gives it back, and nothing is left', async () => {
      const contenders = ['', '', ''].map(() => contender());
      const left = new Set(contenders);
      while (left.size > 0) {
        await eventually('take', () => [...left].some(holds));
        const holder = [...left].find(holds);
        assert.ok(holder);
        holder.child.stdin?.end();
        await once(holder.child, 'exit');
        assert.equal(holder.child.exitCode, 0);
        left.delete(holder);
      }
      assert.deepEqual((await readdir(folder)).toSorted(), ['written']);
    });
  });
});

function ofHost(host: string): Processes {
  return { self: async () => ({ ...(await processes.self()), host }), hasEnded: () => Promise.resolve(false) };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

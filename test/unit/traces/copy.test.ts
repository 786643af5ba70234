import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../../../src/base/clock.ts';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import { realDisk, type TraceDisk } from '../../../src/traces/remote/disk.ts';
import { createTraceService } from '../../../src/traces/service.ts';
import type { TraceService } from '../../../src/traces/types.ts';
import { cluster, FakeTracePods, temporaryFolder } from '../../support/fake-trace-pods.ts';
import { sourceReaders } from '../../support/readers.ts';
import { scannerDist } from '../../support/scanner.ts';

const MB = 1 << 20;
/** Time passes at once. */
const instantClock: Clock = {
  now: () => Date.UTC(2026, 0, 2),
  monotonic: () => 0,
  setTimer(_ms, fire) {
    const handle = setImmediate(fire);
    return { dispose: () => clearImmediate(handle) };
  },
};
const trace = gzipSync(
  JSON.stringify({
    traceEvents: [{ ph: 'X', cat: 'kernel', name: 'k', pid: 0, tid: 7, ts: 1, dur: 2, args: { device: 0, stream: 7 } }],
    distributedInfo: { rank: 5 },
  }),
);

describe('copying traces', () => {
  let workspace: string;
  let pods: FakeTracePods;
  let service: TraceService;
  const signal = new AbortController().signal;
  const call = { signal, progress: () => undefined };
  const readers = sourceReaders();

  after(() => readers.dispose());

  async function create(disk: TraceDisk = realDisk, clock: Clock = instantClock): Promise<TraceService> {
    return createTraceService({
      files: () => new WorkspaceFiles(workspace).below('traces'),
      assets: { dist: await scannerDist(), media: join(workspace, 'media') },
      readers,
      contexts: pods.contexts(),
      servers: () =>
        Promise.resolve(
          pods.files
            .keys()
            .map((pod) => ({ pod, deployment: 'wide-ep' }))
            .toArray(),
        ),
      clock,
      logger: silentLogger,
      disk,
    });
  }

  beforeEach(async () => {
    workspace = await temporaryFolder();
    pods = new FakeTracePods();
    service = await create();
  });

  afterEach(async () => {
    service.dispose();
    await rm(workspace, { recursive: true, force: true });
  });

  async function filesBelow(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .toSorted();
  }

  it('lists what is in the pods, complete or not, and why a pod could not be read', async () => {
    pods.add('decode-0', '/traces/dp0_pp0_tp0_rank0.1.pt.trace.json.gz', trace);
    pods.add('decode-0', '/traces/whole.json', Buffer.from('{"traceEvents": [],\n "traceName": "/traces/x.json"\n}\n'));
    pods.add('decode-0', '/traces/half.json', Buffer.from('{"traceEvents": [\n {"ph": "X", "args": {"a": 1}}'));
    pods.add('decode-0', '/traces/profiler_out_0.txt', Buffer.from('table'));
    pods.files.set('decode-1', new Map());
    const { traces, errors } = await service.remote(cluster, signal);
    assert.deepEqual(
      traces.map(({ path, complete }) => [path, complete]),
      [
        ['/traces/dp0_pp0_tp0_rank0.1.pt.trace.json.gz', true],
        ['/traces/half.json', false],
        ['/traces/whole.json', true],
      ],
    );
    assert.equal(traces[0]!.bytes, trace.length);
    assert.equal(traces[0]!.modified, 1_700_000_000.5);
    assert.equal(traces[0]!.container, 'vllm');
    assert.deepEqual(
      errors.map((error) => error.pod),
      ['decode-1'],
    );
    assert.match(errors[0]!.message, /no traces in pod "decode-1" \(test\/team\)/);
    assert.ok(errors[0]!.hint);
  });

  it("takes a file that still grows for incomplete, and the profiler's own folder from the pod", async () => {
    pods.folders.set('decode-0', '/scratch/prof');
    pods.add('decode-0', '/scratch/prof/a.json.gz', trace);
    let grows = true;
    const watched = await create(realDisk, {
      ...instantClock,
      setTimer(ms, fire) {
        if (grows) pods.add('decode-0', '/scratch/prof/a.json.gz', Buffer.concat([trace, trace]), 1_700_000_001);
        grows = false;
        return instantClock.setTimer(ms, fire);
      },
    });
    assert.deepEqual(
      (await watched.remote(cluster, signal)).traces.map((found) => found.complete),
      [false],
    );
    assert.equal(grows, false);
    assert.deepEqual(
      (await watched.remote(cluster, signal)).traces.map((found) => found.complete),
      [true],
    );
  });

  it('copies files of several pods into the next free number, with a catalogue', async () => {
    await mkdir(join(workspace, 'traces', '7'), { recursive: true });
    const big = randomBytes(70 * MB + 12345);
    pods.add('decode-0', '/traces/a.json.gz', trace);
    pods.add('decode-1', '/traces/a.json.gz', big);
    const { traces } = await service.remote(cluster, signal);
    const fractions: number[] = [];
    const outcome = await service.copy(cluster, traces, {
      signal,
      progress: (progress) => fractions.push(progress.fraction ?? -1),
    });
    assert.deepEqual(outcome.failed, []);
    assert.equal(outcome.n, 8);
    assert.deepEqual(await filesBelow(outcome.folder), ['decode-0/a.json.gz', 'decode-1/a.json.gz', 'traces.json']);
    assert.ok(big.equals(await readFile(join(outcome.folder, 'decode-1', 'a.json.gz'))));
    assert.equal(fractions.at(-1), 1);
    assert.equal(pods.commands.filter((command) => command.startsWith('dd') && command.includes('skip=0')).length, 2);
    assert.ok(pods.commands.some((command) => command.includes('skip=64 ')));
    const [set] = await service.local();
    assert.equal(set!.deployment, 'wide-ep');
    assert.equal(set!.copiedAt, '2026-01-02T00:00:00.000Z');
    assert.deepEqual(
      set!.traces.map(({ pod, bytes }) => [pod, bytes]),
      [
        ['decode-0', trace.length],
        ['decode-1', big.length],
      ],
    );
  });

  it('goes on where a cut exec stood', async () => {
    const content = randomBytes(9 * MB + 17);
    pods.add('decode-0', '/traces/a.json.gz', content);
    const offsets: number[] = [];
    pods.onRange = (_pod, _path, offset) => {
      offsets.push(offset / MB);
      return offsets.length <= 3 ? 2.5 * MB : undefined;
    };
    const { traces } = await service.remote(cluster, signal);
    const outcome = await service.copy(cluster, traces, call);
    assert.deepEqual(outcome.failed, []);
    assert.deepEqual(offsets, [0, 2, 4, 6]);
    assert.ok(content.equals(await readFile(outcome.copied[0]!.file)));
  });

  it('reports a file that can not be had beside the good ones, and goes on with it in the same set later', async () => {
    const content = randomBytes(5 * MB);
    pods.add('decode-0', '/traces/a.json.gz', trace);
    pods.add('decode-1', '/traces/b.json.gz', content);
    let first = true;
    pods.onRange = (pod) => {
      if (pod !== 'decode-1') return undefined;
      const bytes = first ? 3 * MB : 0;
      first = false;
      return bytes;
    };
    const { traces } = await service.remote(cluster, signal);
    const cut = await service.copy(cluster, traces, call);
    assert.deepEqual(
      cut.copied.map(({ trace: copied }) => copied.pod),
      ['decode-0'],
    );
    assert.deepEqual(
      cut.failed.map(({ trace: failed }) => failed.pod),
      ['decode-1'],
    );
    assert.ok(cut.failed[0]!.hint);
    assert.deepEqual(await filesBelow(cut.folder), ['decode-0/a.json.gz', 'decode-1/b.json.gz.part', 'traces.json']);

    const offsets: number[] = [];
    pods.onRange = (_pod, _path, offset) => {
      offsets.push(offset / MB);
      return undefined;
    };
    const again = await (
      await create()
    ).copy(
      cluster,
      cut.failed.map((failed) => failed.trace),
      call,
    );
    assert.equal(again.n, cut.n);
    assert.deepEqual(offsets, [3]);
    assert.ok(content.equals(await readFile(join(cut.folder, 'decode-1', 'b.json.gz'))));
    assert.deepEqual(await filesBelow(cut.folder), ['decode-0/a.json.gz', 'decode-1/b.json.gz', 'traces.json']);
    // All there: the same files copied once more are a new set.
    assert.equal((await service.copy(cluster, traces, call)).n, cut.n + 1);
  });

  it('says so when a file changed while it was copied, and when the pod is gone', async () => {
    pods.add('decode-0', '/traces/a.json.gz', randomBytes(2 * MB));
    pods.add('decode-1', '/traces/a.json.gz', trace);
    const { traces } = await service.remote(cluster, signal);
    pods.onRange = (pod) => {
      if (pod === 'decode-0') pods.add('decode-0', '/traces/a.json.gz', randomBytes(2 * MB));
      return undefined;
    };
    pods.files.delete('decode-1');
    const outcome = await service.copy(cluster, traces, call);
    assert.deepEqual(outcome.copied, []);
    assert.match(
      outcome.failed.find((failed) => failed.trace.pod === 'decode-0')!.message,
      /it changed while it was copied/,
    );
    assert.match(outcome.failed.find((failed) => failed.trace.pod === 'decode-1')!.message, /not found/);
  });

  it('takes cksum where there is no sha256sum, and the size where there is neither', async () => {
    // `printf 'cksum of POSIX' | cksum`
    pods.add('decode-0', '/traces/a.json', Buffer.from('cksum of POSIX'));
    pods.cksum = '3009407866 14 /traces/a.json\n';
    pods.checksums = ['cksum'];
    const { traces } = await service.remote(cluster, signal);
    const checked = await service.copy(cluster, traces, call);
    assert.match(
      await readFile(join(checked.folder, 'traces.json'), 'utf8'),
      /"checksum": "cksum 3009407866 14",\s*"copied": true/,
    );
    pods.cksum = '3009407867 14 /traces/a.json\n';
    assert.equal((await service.copy(cluster, traces, call)).failed.length, 1);
    pods.checksums = [];
    const unchecked = await service.copy(cluster, traces, call);
    assert.equal(unchecked.copied.length, 1);
    assert.match(await readFile(join(unchecked.folder, 'traces.json'), 'utf8'), /"checksum": null,\s*"copied": true/);
  });

  it('stops when the disk is full, keeps what came, and says what to do', async () => {
    pods.add('decode-0', '/traces/a.json.gz', randomBytes(4 * MB));
    pods.add('decode-0', '/traces/b.json.gz', randomBytes(4 * MB));
    const { traces } = await service.remote(cluster, signal);
    let room = 6 * MB;
    const full = await create({
      ...realDisk,
      async open(set, name) {
        const file = await realDisk.open(set, name);
        return {
          size: () => file.size(),
          truncate: (bytes) => file.truncate(bytes),
          close: () => file.close(),
          write(chunk, position) {
            room -= chunk.length;
            return room < 0
              ? Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
              : file.write(chunk, position);
          },
        };
      },
    });
    const outcome = await full.copy(cluster, traces, call);
    assert.deepEqual(
      outcome.copied.map((copied) => copied.trace.path),
      ['/traces/a.json.gz'],
    );
    assert.match(outcome.failed[0]!.message, /the disk is full/);
    assert.match(outcome.failed[0]!.hint, /Free space/);

    const noRoom = await create({ ...realDisk, free: () => Promise.resolve(MB) });
    await assert.rejects(
      noRoom.copy(cluster, traces, call),
      (error) => error instanceof WorkbenchError && error.code === 'disk-full',
    );
  });

  it('ends when cancelled, with what came', async () => {
    pods.add('decode-0', '/traces/a.json.gz', trace);
    pods.add('decode-0', '/traces/b.json.gz', randomBytes(40 * MB));
    const { traces } = await service.remote(cluster, signal);
    const cancel = new AbortController();
    pods.onRange = (_pod, path) => {
      if (path === '/traces/b.json.gz') cancel.abort();
      return undefined;
    };
    const outcome = await service.copy(cluster, traces, { signal: cancel.signal, progress: () => undefined });
    assert.deepEqual(
      outcome.copied.map((copied) => copied.trace.path),
      ['/traces/a.json.gz'],
    );
    assert.equal(outcome.failed.length, 1);
  });

  it('keeps hostile file names inside the set', async () => {
    const names = [
      '/traces/../../../../etc/cron.d/x.json',
      '/traces/sub/a\nb.json',
      '/traces/sub/a_b.json',
      '/traces/A.json',
      '/traces/a.json',
      '/traces/.hidden.json',
      '/traces/con.json',
    ];
    for (const [index, name] of names.entries())
      pods.add('decode-0', name, Buffer.from(`{"traceEvents": []} ${index}`));
    const { traces } = await service.remote(cluster, signal);
    assert.equal(traces.length, names.length);
    const outcome = await service.copy(cluster, traces, call);
    assert.deepEqual(outcome.failed, []);
    assert.equal(new Set(outcome.copied.map(({ file }) => file.toLowerCase())).size, names.length);
    for (const { file } of outcome.copied) {
      const below = relative(join(outcome.folder, 'decode-0'), file);
      assert.match(below, /^[^.\n][^\n]*$/);
    }
    assert.deepEqual(await readdir(workspace), ['traces']);
  });

  describe('into a folder that came with links and false records', () => {
    let home: string;
    beforeEach(async () => {
      home = await temporaryFolder();
      await writeFile(join(home, 'mine.json'), 'keep');
      pods.add('decode-0', '/traces/a.json', Buffer.from('planted'));
    });
    afterEach(() => rm(home, { recursive: true }));

    async function assertUntouched(): Promise<void> {
      assert.deepEqual(await filesBelow(home), ['mine.json']);
      assert.equal(await readFile(join(home, 'mine.json'), 'utf8'), 'keep');
    }

    /** As an earlier copy that was cut leaves it, but where the file goes. */
    async function unfinishedSet(file: string): Promise<string> {
      const set = join(workspace, 'traces', '1');
      await mkdir(set, { recursive: true });
      const [listed] = (await service.remote(cluster, signal)).traces;
      assert.ok(listed);
      const { pod, container, path, bytes, modified } = listed;
      await writeFile(
        join(set, 'traces.json'),
        JSON.stringify({
          version: 1,
          context: cluster.context,
          server: cluster.server,
          namespace: cluster.namespace,
          deployment: null,
          copiedAt: '2026-01-01T00:00:00.000Z',
          traces: [{ file, pod, container, path, bytes, modified, checksum: null, copied: false }],
        }),
      );
      return set;
    }

    const copyAll = async (): ReturnType<TraceService['copy']> =>
      service.copy(cluster, (await service.remote(cluster, signal)).traces, call);

    it('traces/ is a link: nothing is copied', async () => {
      await symlink(home, join(workspace, 'traces'));
      await assert.rejects(copyAll(), { code: 'file-unreadable', message: /traces is a link/ });
      await assertUntouched();
    });

    it('a record puts a file outside its set: refused, in words', async () => {
      const escape = relative(join(workspace, 'traces', '1'), join(home, 'mine.json'));
      for (const file of [
        escape,
        join(home, 'mine.json'),
        'traces.json',
        'decode-0/../traces.json',
        '.cache/a.json',
        'decode-0//a.json',
      ]) {
        const set = await unfinishedSet(file);
        await assert.rejects(
          copyAll(),
          (error) =>
            error instanceof WorkbenchError &&
            error.code === 'file-unreadable' &&
            error.message.includes(JSON.stringify(file)) &&
            error.message.includes(set) &&
            error.hint !== undefined,
          file,
        );
        await rm(set, { recursive: true });
      }
      await assertUntouched();
      await unfinishedSet('decode-0/a.json');
      const outcome = await copyAll();
      assert.deepEqual([outcome.n, outcome.failed], [1, []], 'a true record is gone on with');
    });

    it("a pod's folder, the place of a part or of the whole file is a link: that file fails, in words", async () => {
      const set = await unfinishedSet('decode-0/a.json');
      await symlink(home, join(set, 'decode-0'));
      const intoFolder = await copyAll();
      assert.deepEqual(intoFolder.copied, []);
      assert.match(intoFolder.failed[0]?.message ?? '', /decode-0 is a link/);
      await rm(join(set, 'decode-0'));
      await mkdir(join(set, 'decode-0'));
      await symlink(join(home, 'mine.json'), join(set, 'decode-0', 'a.json.part'));
      const intoPart = await copyAll();
      assert.deepEqual(intoPart.copied, []);
      assert.match(intoPart.failed[0]?.message ?? '', /a\.json\.part is not a plain file/);
      await rm(join(set, 'decode-0', 'a.json.part'));
      await symlink(join(home, 'mine.json'), join(set, 'decode-0', 'a.json'));
      assert.deepEqual((await copyAll()).failed, []);
      assert.equal(await readFile(join(set, 'decode-0', 'a.json'), 'utf8'), 'planted', 'the link itself was replaced');
      await assertUntouched();
    });

    it('the cache of summaries is a link: nothing is cached, and the summary is told all the same', async () => {
      const folder = join(workspace, 'traces', '1', 'decode-0');
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'a.json.gz'), trace);
      await symlink(home, join(folder, '.cache'));
      assert.equal((await service.summary(join(folder, 'a.json.gz'), signal)).events, 1);
      await assertUntouched();
    });

    it('the record of a set is a link: it is not read, and nothing is written through it', async () => {
      const set = await unfinishedSet('decode-0/a.json');
      await rm(join(set, 'traces.json'));
      await symlink(join(home, 'mine.json'), join(set, 'traces.json'));
      assert.equal((await copyAll()).n, 2);
      assert.deepEqual(
        (await service.local()).map(({ n }) => n),
        [2, 1],
      );
      await assertUntouched();
    });
  });

  it('needs an open folder', async () => {
    const closed = createTraceService({
      files: () => undefined,
      assets: { dist: '', media: '' },
      readers,
      contexts: pods.contexts(),
      servers: () => Promise.resolve([]),
      clock: instantClock,
      logger: silentLogger,
    });
    await assert.rejects(
      closed.copy(cluster, [], call),
      (error) => error instanceof WorkbenchError && error.code === 'bad-usage',
    );
  });

  it('summarises in reader processes, caches beside the trace, and believes the cache only for the same file', async () => {
    const folder = join(workspace, 'traces', '1', 'decode-0');
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'a.json.gz');
    await writeFile(path, trace);
    const missing = join(folder, 'missing.json.gz');
    const report = await service.summaries([path, missing, folder], signal);
    assert.deepEqual(
      report.files.map((file) => [file.path, file.events]),
      [[path, 1]],
    );
    assert.deepEqual(
      report.errors.map((error) => [error.path, error.code]),
      [
        [missing, 'file-missing'],
        [folder, 'file-is-directory'],
      ],
    );
    assert.deepEqual(await filesBelow(folder), ['.cache/a.json.gz.summary.json', 'a.json.gz']);
    assert.deepEqual(await service.summary(path, signal), report.files[0]);
    assert.equal((await service.local())[0]!.traces[0]!.rank, 5);

    await writeFile(path, gzipSync('{"traceEvents": [{"ph":"i"},{"ph":"i"}], "traceName": "t"}'));
    assert.equal((await service.summary(path, signal)).events, 2);
    const cache = join(folder, '.cache', 'a.json.gz.summary.json');
    const [head = ''] = (await readFile(cache, 'utf8')).split('\n');
    for (const planted of [
      '{"version": 1',
      `${head}\n{}\n`,
      `${head}\n${'['.repeat(1e6)}${']'.repeat(1e6)}\n`,
      `${head}\n${' '.repeat(9 << 20)}`,
    ]) {
      await writeFile(cache, planted);
      assert.equal((await service.summary(path, signal)).events, 2);
    }
  });

  it('ends a summary when cancelled', async () => {
    const path = join(workspace, 'a.json.gz');
    await writeFile(path, trace);
    await assert.rejects(
      service.summaries([path], AbortSignal.abort()),
      (error) => error instanceof WorkbenchError && error.code === 'aborted',
    );
    const cancel = new AbortController();
    const running = service.summary(path, cancel.signal);
    cancel.abort();
    await assert.rejects(running, (error) => error instanceof WorkbenchError && error.code === 'aborted');
  });
});

import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/logger.ts';
import { WorkspaceFiles } from '../../src/base/workspace-files.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import type { ProfileOutcome } from '../../src/profiling/types.ts';
import { realDisk, type TraceDisk } from '../../src/traces/remote/disk.ts';
import { createTraceService } from '../../src/traces/service.ts';
import type { CopyOutcome, RemoteTrace } from '../../src/traces/types.ts';
import { assertTells, call, failure, Lab, namespace, patience, until } from '../support/faults-lab.ts';
import { sourceReaders } from '../support/readers.ts';

describe('profiles and traces that something comes in the way of', () => {
  let lab: Lab;
  let window: Workbench;
  let pod: string;
  let other: string;

  before(async () => {
    lab = await Lab.start();
    window = lab.window();
    await lab.deployReady(window);
    [pod = '', other = ''] = (await lab.pods('llm-d.ai/role=decode')).map((each) => each.metadata.name);
    assert.ok(pod !== '' && other !== '');
    // Under load, so that traces have steps in them; it goes on until the lab is closed.
    const parameters = { concurrency: '8', requestsEach: '1000', inputTokens: '64', outputTokens: '64' };
    const run = await window.benchmarks.start(
      { cluster: lab.ref, recipe: 'vllm-bench', deployment: 'wide-ep', parameters },
      call(),
    );
    await until('the load has begun', async () =>
      (await readFile(join(window.runs.folder(run), 'stdout.log'), 'utf8').catch(() => '')).includes(
        'Starting main benchmark run',
      )
        ? true
        : undefined,
    );
  });
  after(() => lab.stop());

  async function profile(of: string): Promise<readonly ProfileOutcome[]> {
    const targets = await window.profiling.targets(lab.ref, { pod: of }, patience());
    return window.profiling.profile({ cluster: lab.ref, targets, seconds: 0.5 }, call());
  }

  async function tracesOf(of: string): Promise<readonly RemoteTrace[]> {
    const { traces } = await window.traces.remote(lab.ref, patience());
    return traces.filter((trace) => trace.pod === of);
  }

  it('profiling that is not enabled: each server says so with the option that enables it', async () => {
    await lab.annotate(window, pod, 'profiling-disabled');
    const outcomes = await profile(pod);
    assert.ok(outcomes.length > 0);
    for (const { ok, reason } of outcomes) {
      assert.equal(ok, false);
      assertTells(reason ?? '', reason, [pod, demoContext, namespace, '--profiler-config']);
    }
    await lab.annotate(window, pod, null);
  });

  it('a profile that left no trace: the pod is named with what to do, and the list holds the others', async () => {
    await lab.annotate(window, pod, 'no-traces');
    assert.ok((await profile(pod)).every((outcome) => outcome.ok));
    await lab.annotate(window, pod, null);
    const { traces, errors } = await window.traces.remote(lab.ref, patience());
    assert.deepEqual(traces, []);
    for (const error of errors) assertTells(error.message, error.hint, [error.pod, demoContext, namespace]);
  });

  it('a window that is gone while it profiles: the next one ends it and can profile; so does Stop Profiling', async () => {
    for (const ends of ['endLeftBehind', 'stop'] as const) {
      const gone = lab.window();
      const targets = await gone.profiling.targets(lab.ref, { pod: other }, patience());
      const told: string[] = [];
      const closing = new AbortController();
      const profiling = gone.profiling.profile(
        { cluster: lab.ref, targets, seconds: 3600 },
        { signal: closing.signal, progress: ({ message }) => told.push(message) },
      );
      const ended = assert.rejects(profiling);
      await until('it profiles', () => told.some((message) => message.startsWith('profiling')) || undefined);
      // Its clients go first, so that it can end nothing; what of it is in this process goes on.
      lab.close(gone);
      closing.abort();
      await ended;
      const next = lab.window();
      assert.match((await profile(other))[0]?.reason ?? '', /is running already: run "llm-d: Stop Profiling" first/);
      if (ends === 'stop') {
        const stopped = await next.profiling.stop(lab.ref, call());
        assert.deepEqual(
          stopped.map(({ target, ok }) => [target.pod, ok]),
          targets.map(({ pod: of }) => [of, true]),
        );
      } else {
        assert.deepEqual(await next.profiling.endLeftBehind(patience()), [
          { cluster: lab.ref, servers: targets.length },
        ]);
      }
      assert.ok((await profile(other)).every((outcome) => outcome.ok));
    }
  });

  it('a disk that is full in the pod: the stop says so, and the cut trace is not taken for a whole one', async () => {
    await lab.annotate(window, pod, 'disk-full');
    const outcomes = await profile(pod);
    await lab.annotate(window, pod, null);
    assert.ok(outcomes.some((outcome) => !outcome.ok));
    for (const { ok, reason } of outcomes) if (!ok) assertTells(reason ?? '', reason, [pod, demoContext, namespace]);
    const traces = await tracesOf(pod);
    const taken = traces.filter((trace) => trace.complete);
    assert.ok(taken.length < traces.length);
    // The last bytes of a cut file may look like a gzip trailer, once in hundreds: then the reader finds it out.
    const { copied } = await window.traces.copy(lab.ref, taken, call());
    const { files } = await window.traces.summaries(
      copied.map(({ file }) => file),
      patience(),
    );
    assert.deepEqual(files, []);
  });

  it('an exec that is cut while a trace is copied: the file is named, the others come, and the next copy completes the set', async () => {
    assert.ok((await profile(pod)).every((outcome) => outcome.ok));
    assert.ok((await profile(other)).every((outcome) => outcome.ok));
    const { traces: listed } = await window.traces.remote(lab.ref, patience());
    const traces = listed.filter((trace) => trace.complete && trace.bytes > 64 * 1024);
    const cut = traces.filter((trace) => trace.pod === pod).slice(0, 2);
    const whole = traces.filter((trace) => trace.pod === other);
    assert.ok(cut.length > 0 && whole.length > 0, 'traces larger than what comes before the cut');
    await lab.annotate(window, pod, 'exec-cut');
    const first = await window.traces.copy(lab.ref, [...cut, ...whole], call());
    assert.deepEqual(first.failed.map(({ trace }) => trace.path).toSorted(), cut.map((trace) => trace.path).toSorted());
    for (const { trace, message, hint } of first.failed)
      assertTells(message, hint, [trace.pod, demoContext, namespace]);
    await assertWhole(first);
    assert.equal(first.copied.length, whole.length);

    await lab.annotate(window, pod, null);
    const second = await window.traces.copy(lab.ref, cut, call());
    assert.equal(second.n, first.n, 'the same set is completed');
    assert.deepEqual(second.failed, []);
    assert.equal(second.copied.length, cut.length);
    await assertWhole(second);
  });

  it('a disk that is full here: the copy stops with what to do, keeps what came, and goes on when there is room', async () => {
    const traces = (await tracesOf(other)).filter((trace) => trace.complete);
    assert.ok(traces.length > 1);
    const full = new SmallDisk((traces[0]?.bytes ?? 0) + 1000);
    const service = createTraceService({
      files: () => new WorkspaceFiles(lab.workspace).below('traces'),
      assets: window.assets,
      readers: sourceReaders(),
      contexts: window.contexts,
      clock: systemClock,
      logger: silentLogger,
      disk: full,
      servers: () => Promise.resolve([{ pod: other, deployment: 'wide-ep' }]),
    });
    try {
      const first = await service.copy(lab.ref, traces, call());
      assert.equal(first.copied.length, 1);
      assert.equal(first.failed.length, traces.length - 1);
      for (const { message, hint } of first.failed)
        assertTells(message, hint, [other, demoContext, namespace, 'disk is full']);
      await assertWhole(first);
      full.room = Number.POSITIVE_INFINITY;
      const second = await service.copy(lab.ref, traces, call());
      assert.equal(second.n, first.n);
      assert.equal(second.copied.length, traces.length);
      await assertWhole(second);
    } finally {
      service.dispose();
    }
  });

  it('too little space from the start: nothing is begun', async () => {
    const traces = await tracesOf(other);
    const service = createTraceService({
      files: () => new WorkspaceFiles(lab.workspace).below('traces'),
      assets: window.assets,
      readers: sourceReaders(),
      contexts: window.contexts,
      clock: systemClock,
      logger: silentLogger,
      disk: { ...realDisk, free: () => Promise.resolve(10) },
      servers: () => Promise.resolve([{ pod: other, deployment: 'wide-ep' }]),
    });
    await failure(service.copy(lab.ref, traces, call()), 'disk-full', 'traces', '10 B');
    service.dispose();
  });

  it('a pod that is no model server: told before anything is started', async () => {
    await failure(
      window.profiling.targets(lab.ref, { pod: 'poker-lab' }, patience()),
      'not-ready',
      'poker-lab',
      demoContext,
      namespace,
    );
  });
});

async function assertWhole({ copied }: CopyOutcome): Promise<void> {
  for (const { trace, file } of copied) {
    assert.equal((await stat(file)).size, trace.bytes);
    assert.ok(
      Array.isArray(
        (JSON.parse(gunzipSync(await readFile(file)).toString('utf8')) as { traceEvents?: unknown }).traceEvents,
      ),
      file,
    );
  }
}

/** Says that there is room, and is full after so many bytes: as when somebody else fills the disk meanwhile. */
class SmallDisk implements TraceDisk {
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  readonly free = realDisk.free.bind(realDisk);

  async open(set: WorkspaceFiles, name: string): ReturnType<TraceDisk['open']> {
    const file = await realDisk.open(set, name);
    return {
      size: () => file.size(),
      truncate: (bytes) => file.truncate(bytes),
      close: () => file.close(),
      write: async (chunk, position) => {
        if (chunk.length > this.room)
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        this.room -= chunk.length;
        await file.write(chunk, position);
      },
    };
  }
}

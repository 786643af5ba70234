import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disposable } from '../../../../src/base/disposables.ts';
import { WorkbenchError } from '../../../../src/base/errors.ts';
import { Emitter } from '../../../../src/base/events.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../../src/base/workspace-files.ts';
import { projectPod } from '../../../../src/inventory/project.ts';
import type { Inventory, InventoryChange, InventorySnapshot, PodView } from '../../../../src/inventory/types.ts';
import type { LoadWatcher } from '../../../../src/inventory/loading/types.ts';
import { createLoadWatcher } from '../../../../src/inventory/loading/watcher.ts';
import type { Contexts } from '../../../../src/kube/login/types.ts';
import type { LogLine, LogOptions } from '../../../../src/kube/streams/types.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../kube/server.ts';
import { snapshotOf } from '../fixtures.ts';
import { bar, logOf, record } from './lines.ts';

interface PodState {
  readonly ready?: boolean;
  readonly restarts?: number;
  readonly exitCode?: number;
  readonly uid?: string;
  readonly owner?: string;
  readonly phase?: string;
}

/** A model server of a group of two, as the guide's LeaderWorkerSet labels it. */
function serverPod(name: string, rank: number, state: PodState = {}): PodView {
  const ended =
    state.exitCode === undefined ? {} : { lastState: { terminated: { reason: 'Error', exitCode: state.exitCode } } };
  return projectPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: state.uid ?? `${name}-1`,
      labels: {
        'llm-d.ai/owner': state.owner ?? 'me',
        'llm-d.ai/role': 'decode',
        'workbench.llm-d.ai/deployment': 'wide-ep',
        'leaderworkerset.sigs.k8s.io/name': 'wide-ep-decode',
        'leaderworkerset.sigs.k8s.io/group-index': name.split('-')[1] ?? '0',
        'leaderworkerset.sigs.k8s.io/worker-index': String(rank),
      },
    },
    spec: { nodeName: 'n1', containers: [{ name: 'vllm', command: ['vllm', 'serve', 'x'] }] },
    status: {
      phase: state.phase ?? 'Running',
      conditions: [{ type: 'Ready', status: state.ready === true ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: 'vllm',
          restartCount: state.restarts ?? 0,
          ready: state.ready === true,
          state: { running: {} },
          ...ended,
        },
      ],
    },
  });
}

/** Logs by pod; a followed one stays open until it is cut. */
class FakeLogs {
  readonly #current = new Map<string, readonly LogLine[]>();
  readonly #previous = new Map<string, readonly LogLine[]>();
  readonly #told = new Emitter<string>();
  readonly open = new Set<string>();

  write(pod: string, lines: readonly string[]): void {
    this.#current.set(pod, [...(this.#current.get(pod) ?? []), ...logOf(lines)]);
    this.#told.fire(pod);
  }

  restart(pod: string): void {
    this.#previous.set(pod, this.#current.get(pod) ?? []);
    this.#current.delete(pod);
  }

  async *read({ pod, previous, follow, signal }: LogOptions): AsyncGenerator<LogLine> {
    const kept = (previous === true ? this.#previous : this.#current).get(pod);
    if (previous === true && kept === undefined)
      throw new WorkbenchError({ code: 'invalid', message: 'previous terminated container not found' });
    yield* kept ?? [];
    if (follow !== true) return;
    this.open.add(pod);
    try {
      for (let read = kept?.length ?? 0; !signal.aborted;) {
        const next = this.#current.get(pod) ?? [];
        if (next.length > read) {
          yield* next.slice(read);
          read = next.length;
        } else await this.#more(pod, signal);
      }
    } finally {
      this.open.delete(pod);
    }
  }

  #more(pod: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const told = this.#told.event((each) => each === pod && done());
      const done = (): void => {
        told.dispose();
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

describe('the watcher of loading model servers', () => {
  let clock: ManualClock;
  let logs: FakeLogs;
  let folder: string;
  let watcher: LoadWatcher;
  let snapshot: InventorySnapshot | undefined;
  let changes: Emitter<InventoryChange>;
  let leases: number;
  let warn: (message: string) => void;

  const show = (...pods: readonly PodView[]): void => {
    snapshot = snapshotOf([], pods);
    changes.fire({ snapshot, nodes: 'all', pods: 'all' });
  };
  const phaseOf = (pod: string): string | undefined => {
    const found = watcher.snapshot.get(`ns/${pod}`);
    return found && `${found.phase} ${found.percent ?? ''}`.trim();
  };
  const oom = record(
    'EngineCore_DP0',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.',
    'ERROR',
  );
  const lost = '(EngineCore_DP8 pid=1) DeepEP timeout check failed: rank = 8, thread = 0';

  beforeEach(async () => {
    clock = new ManualClock();
    warn = () => undefined;
    logs = new FakeLogs();
    folder = await mkdtemp(join(tmpdir(), 'evidence-'));
    snapshot = undefined;
    changes = new Emitter();
    leases = 0;
    const inventory: Partial<Inventory> = {
      get snapshot() {
        return snapshot;
      },
      onDidChange: changes.event,
      lease: () => {
        leases += 1;
        return disposable(() => {
          leases -= 1;
        });
      },
    };
    const contexts: Partial<Contexts> = {
      client: () => Promise.resolve({ logs: (options: LogOptions) => logs.read(options) } as never),
    };
    watcher = createLoadWatcher({
      inventory: inventory as Inventory,
      contexts: contexts as Contexts,
      owner: 'me',
      evidence: () => new WorkspaceFiles(folder).below('evidence'),
      clock,
      logger: { ...silentLogger, warn: (message) => warn(message) },
    });
  });
  afterEach(async () => {
    watcher.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  it('follows only what is mine, runs and is not ready, and only while somebody looks', async () => {
    show(
      serverPod('d-0', 0),
      serverPod('d-1', 0, { ready: true }),
      serverPod('d-2', 0, { owner: 'ann' }),
      serverPod('d-3', 0, { phase: 'Pending' }),
    );
    assert.equal(leases, 0);
    const lease = watcher.lease();
    assert.equal(leases, 1);
    await until(() => logs.open.size === 1);
    assert.deepEqual([...logs.open], ['d-0']);
    lease.dispose();
    await until(() => logs.open.size === 0);
    assert.equal(leases, 0);
  });

  it('tells phases, those of silent ranks by the first one, and lets go of a pod that is ready', async () => {
    watcher.lease();
    show(serverPod('d-0', 0), serverPod('d-0-1', 1));
    logs.write('d-0-1', [record('EngineCore_DP8', 'Waiting for READY message from DP Coordinator...')]);
    logs.write('d-0', [bar('Worker_DP0', 61, '02:00')]);
    await until(() => phaseOf('d-0-1') === 'weights 61');
    assert.equal(watcher.snapshot.get('ns/d-0-1')?.inferredFrom, 'd-0');
    show(serverPod('d-0', 0, { ready: true }), serverPod('d-0-1', 1));
    await until(() => !logs.open.has('d-0'));
    assert.deepEqual([...watcher.snapshot.keys()], ['ns/d-0-1']);
  });

  it('tells no time left any more when the bar stands still for longer than it said', async () => {
    watcher.lease();
    show(serverPod('d-0', 0));
    logs.write('d-0', [bar('Worker', 50, '00:40')]);
    await until(() => phaseOf('d-0') === 'weights 50');
    clock.advance(39_000);
    assert.equal(watcher.snapshot.get('ns/d-0')?.remainingSeconds, 40);
    clock.advance(2000);
    assert.deepEqual([watcher.snapshot.get('ns/d-0')?.remainingSeconds, phaseOf('d-0')], [undefined, 'weights 50']);
  });

  it('follows at most 32 logs, the first ranks of the groups before the others', async () => {
    watcher.lease();
    show(
      ...Array.from({ length: 20 }, (_, group) => [serverPod(`d-${group}-1`, 1), serverPod(`d-${group}`, 0)]).flat(),
    );
    await until(() => logs.open.size === 32);
    for (let group = 0; group < 20; group += 1) assert.ok(logs.open.has(`d-${group}`), `d-${group}`);
  });

  it('tells changes at most every half second', async () => {
    let told = 0;
    watcher.onDidChange(() => {
      told += 1;
    });
    watcher.lease();
    show(serverPod('d-0', 0));
    await until(() => logs.open.size === 1);
    logs.write(
      'd-0',
      Array.from({ length: 50 }, (_, percent) => bar('Worker', percent, '01:00')),
    );
    await until(() => phaseOf('d-0') === 'weights 49');
    assert.equal(told, 0);
    clock.advance(500);
    assert.equal(told, 1);
  });

  it('keeps the evidence of a crash from the previous log, with the root over all pods of the group', async () => {
    watcher.lease();
    show(serverPod('d-0', 0), serverPod('d-0-1', 1));
    logs.write('d-0', [bar('EngineCore_DP0', 50, '00:05'), oom]);
    logs.write('d-0-1', [lost]);
    await until(() => phaseOf('d-0') === 'weights 50');
    logs.restart('d-0');
    logs.restart('d-0-1');
    show(serverPod('d-0', 0, { restarts: 1, exitCode: 1 }), serverPod('d-0-1', 1, { restarts: 1, exitCode: 1 }));
    await until(() => watcher.crashes.get('ns/d-0-1')?.evidence.file !== undefined);
    const crash = watcher.crashes.get('ns/d-0-1');
    assert.deepEqual(
      [crash?.times, crash?.evidence.cause?.title, crash?.evidence.cause?.pod],
      [1, 'CUDA out of memory', 'd-0'],
    );
    assert.deepEqual(crash?.evidence.pods, ['d-0', 'd-0-1']);
    // A draft of it may lie beside it: the second crash adds to it.
    const [file] = (await readdir(join(folder, 'evidence'))).filter((name) => !name.startsWith('.'));
    assert.match(file ?? '', /^\d{4}-\d\d-\d\dT[\d-]+Z-d-0\.log$/);
    assert.match(await readFile(join(folder, 'evidence', file ?? ''), 'utf8'), /First cause: CUDA out of memory/);
  });

  it("writes evidence nowhere else: not where a pod's name leads, nor through a link", async () => {
    watcher.lease();
    const crash = async (pod: string): Promise<void> => {
      show(serverPod(pod, 0));
      logs.write(pod, [bar('EngineCore_DP0', 50, '00:05'), oom]);
      await until(() => phaseOf(pod) === 'weights 50');
      logs.restart(pod);
      show(serverPod(pod, 0, { restarts: 1, exitCode: 1 }));
    };
    const hostile = '/../../planted';
    await crash(hostile);
    await until(() => watcher.crashes.get(`ns/${hostile}`)?.evidence.file !== undefined);
    assert.deepEqual(await readdir(folder), ['evidence']);
    assert.match((await readdir(join(folder, 'evidence')))[0] ?? '', /Z-_\.\._\.\._planted\.log$/);

    const home = join(folder, 'home');
    await mkdir(home);
    await rm(join(folder, 'evidence'), { recursive: true });
    await symlink(home, join(folder, 'evidence'));
    const warned = new Promise<string>((resolve) => {
      warn = resolve;
    });
    await crash('d-7');
    assert.match(await warned, /d-7 could not be written: .*evidence is a link/);
    assert.equal(watcher.crashes.get('ns/d-7')?.evidence.file, undefined);
    assert.deepEqual(await readdir(home), []);
  });

  it('keeps it when the group is recreated before anything could be read, and counts on', async () => {
    watcher.lease();
    for (const [life, times] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      show(serverPod('d-0', 0, { uid: life }));
      await until(() => logs.open.size === 1);
      logs.write('d-0', [bar('EngineCore_DP0', 50, '00:05'), oom]);
      await until(() => phaseOf('d-0') === 'weights 50');
      logs.restart('d-0');
      show(serverPod('d-0', 0, { uid: `${life}-next`, phase: 'Pending' }));
      await until(() => watcher.crashes.get('ns/d-0')?.times === times && logs.open.size === 0);
      assert.equal(watcher.crashes.get('ns/d-0')?.evidence.cause?.title, 'CUDA out of memory');
    }
  });

  it('takes no crash from a pod that was asked to end', async () => {
    watcher.lease();
    show(serverPod('d-0', 0));
    logs.write('d-0', [bar('EngineCore_DP0', 50, '00:05')]);
    await until(() => phaseOf('d-0') === 'weights 50');
    show();
    assert.equal(watcher.crashes.size, 0);
  });

  it('says nothing of old restarts of a server that runs well', () => {
    watcher.lease();
    show(serverPod('d-0', 0, { ready: true, restarts: 3, exitCode: 1 }));
    assert.equal(watcher.crashes.size, 0);
  });
});

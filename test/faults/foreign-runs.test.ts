import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { labels, manager } from '../../src/base/labels.ts';
import type { Workbench } from '../../src/compose.ts';
import { demoContext } from '../../src/demo/cluster.ts';
import { Jobs, Namespaces } from '../../src/kube/resources.ts';
import type { KubeClient } from '../../src/kube/types.ts';
import type { KubeObject, ResourceType } from '../../src/kube/model/types.ts';
import type { RunRecord } from '../../src/runs/types.ts';
import { leftBehind } from '../support/left-behind.ts';
import { call, failure, Lab, namespace, patience } from '../support/faults-lab.ts';

const owner = 'lab';

/** A run as its record tells it. */
const record: Omit<RunRecord, 'id'> = {
  kind: 'benchmark',
  recipe: 'parallel-guidellm',
  label: 'forged',
  parameters: { workers: '1' },
  context: demoContext,
  namespace,
  deployment: null,
  model: 'm',
  gpus: null,
  command: [],
  pod: null,
  job: null,
  state: 'running',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  summary: null,
  files: [],
  baseline: false,
};

describe("runs and Jobs that are not this workspace's", () => {
  let lab: Lab;
  let window: Workbench;
  let client: KubeClient;

  before(async () => {
    lab = await Lab.start();
    window = lab.window();
    client = await window.contexts.client(lab.ref);
    await client.create(
      Namespaces,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'payments' } },
      patience(),
    );
  });
  after(() => lab.stop());

  /** A Job that stands there and does nothing. */
  async function job(name: string, at: string, marks: Readonly<Record<string, string>> = {}): Promise<KubeObject> {
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'busybox' }] } };
    return client.create(
      Jobs,
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, namespace: at, labels: marks },
        spec: { suspend: true, template },
      },
      patience(),
    );
  }

  const isThere = async (resource: ResourceType, { metadata }: KubeObject): Promise<boolean> => {
    const found = (await client.list(resource, { namespace: metadata.namespace ?? '', signal: patience() })).find(
      ({ metadata: { name } }) => name === metadata.name,
    );
    return found !== undefined && found.metadata.uid === metadata.uid && found.metadata.deletionTimestamp === undefined;
  };

  async function forge(id: string, change: Partial<RunRecord>): Promise<string> {
    const path = join(lab.workspace, 'results', id, 'run.json');
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, JSON.stringify({ ...record, ...change }));
    return path;
  }

  it('a record that came with the folder: shown as history, not followed, not cancelled, not written', async () => {
    const foreign = await job('nightly-billing', 'payments');
    const path = await forge('forged', { namespace: 'payments', job: 'nightly-billing' });
    const before = await readFile(path, 'utf8');
    await window.benchmarks.resume(patience());
    const run = (await window.runs.list()).find(({ id }) => id === 'forged');
    assert.equal(run?.state, 'lost');
    assert.match(run.summary ?? '', /was not started from this folder on this machine/);
    await failure(window.benchmarks.cancel('forged'), 'not-supported', 'forged', 'was not started from this folder');
    assert.ok(await isThere(Jobs, foreign));
    assert.equal(await readFile(path, 'utf8'), before);
    await window.runs.remove('forged');
  });

  it('a record that names my own poker pod: nothing is asked in it, and no signal is sent', async () => {
    const { pod } = await window.poker.start(lab.ref, call());
    await forge('forged-poker', { pod });
    const execs = (): number => lab.cluster.upgrades.of('exec', 'websocket') + lab.cluster.upgrades.of('exec', 'spdy');
    const before = execs();
    await window.benchmarks.resume(patience());
    await failure(window.benchmarks.cancel('forged-poker'), 'not-supported', 'forged-poker');
    assert.equal((await window.runs.get('forged-poker'))?.state, 'lost');
    assert.equal(execs(), before);
    await window.runs.remove('forged-poker');
  });

  it('a folder that was copied with a run of mine in it: the run is followed from the first folder alone', async () => {
    const mine = await leftBehind(window.runs, { ...record, state: 'starting' }, lab.ref.server);
    await cp(window.runs.folder(mine.id), join(lab.workspace, 'results', `${mine.id}-copy`), { recursive: true });
    assert.equal((await window.runs.get(mine.id))?.state, 'starting');
    assert.equal((await window.runs.get(`${mine.id}-copy`))?.state, 'lost');
    for (const id of [mine.id, `${mine.id}-copy`]) await window.runs.remove(id);
  });

  for (const [title, marks, changed] of [
    ['carries no labels of ours', {}, undefined],
    ["is another person's", { [labels.managedBy]: manager, [labels.owner]: 'ann', [labels.run]: 'RUN' }, undefined],
    [
      'is of another run of mine',
      { [labels.managedBy]: manager, [labels.owner]: owner, [labels.run]: 'another' },
      undefined,
    ],
    [
      'was made anew with all our labels',
      { [labels.managedBy]: manager, [labels.owner]: owner, [labels.run]: 'RUN' },
      '00000000-0000-0000-0000-000000000000',
    ],
  ] as const) {
    it(`a Job that bears the name of my run's and ${title}: it stays, and the record says why`, async () => {
      const mine = await leftBehind(window.runs, record, lab.ref.server);
      const name = `bench-${mine.id}`;
      const other = await job(
        name,
        namespace,
        Object.fromEntries(Object.entries(marks).map(([label, value]) => [label, value === 'RUN' ? mine.id : value])),
      );
      await window.runs.keepPlace(mine.id, { kind: 'Job', name, uid: changed ?? other.metadata.uid ?? null });
      // Whether the window sees first that it cannot follow or that it cannot cancel, nothing is deleted.
      await window.benchmarks.cancel(mine.id).catch(() => undefined);
      await window.benchmarks.wait(mine.id, patience());
      const now = await window.runs.get(mine.id);
      assert.equal(now?.state, 'lost');
      assert.ok(now.summary?.includes(name), now.summary ?? '');
      assert.ok(await isThere(Jobs, other));
      await client.delete(Jobs, namespace, name, { signal: patience() });
    });
  }

  it("a record of a run of mine that was turned to somebody's Job: my own is cancelled, theirs stays", async () => {
    const theirs = await job('weekly-billing', 'payments');
    const mine = await leftBehind(window.runs, record, lab.ref.server);
    const own = await job(`bench-${mine.id}`, namespace, {
      [labels.managedBy]: manager,
      [labels.owner]: owner,
      [labels.run]: mine.id,
    });
    await window.runs.keepPlace(mine.id, { kind: 'Job', name: own.metadata.name, uid: own.metadata.uid ?? null });
    await forge(mine.id, { context: 'elsewhere', namespace: 'payments', job: 'weekly-billing' });
    await window.benchmarks.cancel(mine.id);
    assert.equal((await window.runs.get(mine.id))?.state, 'cancelled');
    assert.equal(await isThere(Jobs, own), false);
    assert.ok(await isThere(Jobs, theirs));
  });
});

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workbench } from '../../../src/compose.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import type { RunRecord } from '../../../src/runs/types.ts';
import { leftBehind } from '../../support/left-behind.ts';
import { call, Lab, patience, until } from '../../support/faults-lab.ts';

const rounds = 25;
const record: Omit<RunRecord, 'id'> = {
  kind: 'benchmark',
  recipe: 'vllm-bench',
  label: 'of two windows',
  parameters: {},
  context: 'llm-d-demo',
  namespace: 'llm-d',
  deployment: null,
  model: null,
  gpus: null,
  command: [],
  pod: null,
  job: null,
  state: 'succeeded',
  startedAt: '2026-01-02T03:04:05.000Z',
  endedAt: '2026-01-02T03:05:05.000Z',
  summary: null,
  files: [],
  baseline: false,
};

describe('two windows on one workspace', () => {
  let lab: Lab;
  let one: Workbench;
  let other: Workbench;

  before(async () => {
    lab = await Lab.start({ speed: 60 });
    one = lab.window();
    other = lab.window();
    for (const window of [one, other]) {
      window.inventory.lease();
      await window.inventory.whenComplete(patience());
    }
  });
  after(() => lab.stop());

  /** The model-server pods that a window shows as mine. */
  function mine({ inventory, owner }: Workbench): readonly string[] {
    const { snapshot } = inventory;
    const deployments = snapshot ? podsReport(snapshot, owner).deployments.filter((each) => each.mine) : [];
    return deployments
      .flatMap((each) =>
        each.roles.flatMap((role) => role.groups.flatMap((group) => group.pods.map((pod) => pod.name))),
      )
      .sort();
  }

  it('choose their contexts and namespaces each for itself', async () => {
    const before = await other.contexts.current();
    await one.contexts.select('llm-d-demo', 'default');
    assert.equal((await one.contexts.current())?.namespace, 'default');
    assert.deepEqual(await other.contexts.current(), before);
    await one.contexts.select('llm-d-demo', before?.namespace);
  });

  it('deploy the same at the same moment, and see the same', async () => {
    const plans = await Promise.all([lab.plan(one), lab.plan(other)]);
    await Promise.all([one.deployments.apply(plans[0], call()), other.deployments.apply(plans[1], call())]);
    const pods = await until('both show all pods', () =>
      mine(one).length >= 3 && mine(one).join() === mine(other).join() ? mine(one) : undefined,
    );
    assert.ok(pods.length > 0);
    assert.deepEqual(
      (await other.deployments.list(lab.ref, patience())).map(({ name }) => name),
      ['wide-ep'],
    );
    const again = await lab.plan(other);
    assert.deepEqual(
      again.objects.filter(({ action }) => action !== 'unchanged').map(({ object }) => object.kind),
      [],
    );
  });

  it('write .tmp/decode_pods.txt at the same moment, whole, and leave nothing beside it', async () => {
    const written = await Promise.all(
      Array.from({ length: rounds }, (_none, round) =>
        (round % 2 === 0 ? one : other).decodePods.write(lab.ref, patience()),
      ),
    );
    const folder = join(lab.workspace, '.tmp');
    const text = await readFile(join(folder, 'decode_pods.txt'), 'utf8');
    assert.equal(text.split('\n').length - 1, written.at(-1)?.pods);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.includes('.tmp')),
      [],
    );
  });

  it('stop it at the same moment, and both show it gone', async () => {
    await Promise.all(
      [one, other].map((window) => window.deployments.stop(lab.ref, 'wide-ep', { ...call(), force: true })),
    );
    await until('both show it gone', () => (mine(one).length === 0 && mine(other).length === 0) || undefined);
  });

  it('make runs in the same second, and lose none', async () => {
    const made = await Promise.all(
      Array.from({ length: rounds }, (_none, round) =>
        leftBehind((round % 2 === 0 ? one : other).runs, record, lab.ref.server),
      ),
    );
    const ids = made.map(({ id }) => id).sort();
    assert.equal(new Set(ids).size, rounds);
    for (const window of [one, other]) assert.deepEqual((await window.runs.list()).map(({ id }) => id).sort(), ids);
    await Promise.all(ids.map((id, index) => (index % 2 === 0 ? one : other).runs.remove(id)));
    await until(
      'both list none',
      async () => ((await one.runs.list()).length === 0 && (await other.runs.list()).length === 0) || undefined,
    );
  });

  it("hear of each other's runs", async () => {
    const heard = { times: 0 };
    await leftBehind(one.runs, record, lab.ref.server).then(({ id }) => one.runs.remove(id));
    const listening = other.runs.onDidChange(() => {
      heard.times += 1;
    });
    const { id } = await leftBehind(one.runs, record, lab.ref.server);
    await until('it is told of the new run', () => heard.times > 0 || undefined);
    assert.equal((await other.runs.get(id))?.label, record.label);
    heard.times = 0;
    await other.runs.list();
    await one.runs.update(id, { summary: 'changed' });
    await until('it is told of the change', () => heard.times > 0 || undefined);
    assert.equal((await other.runs.get(id))?.summary, 'changed');
    listening.dispose();
    await one.runs.remove(id);
  });

  it("change one record at the same moment, each its own field, and neither takes the other's back", async () => {
    const { id } = await leftBehind(one.runs, record, lab.ref.server);
    for (let round = 1; round <= rounds; round += 1) {
      await Promise.all([
        one.runs.update(id, { summary: `round ${round}` }),
        other.runs.update(id, { label: `label ${round}` }),
      ]);
      const now = await one.runs.get(id);
      assert.deepEqual([now?.summary, now?.label], [`round ${round}`, `label ${round}`]);
    }
    assert.deepEqual(
      (await readdir(join(lab.workspace, 'results'))).filter((name) => name.startsWith('.')),
      [],
    );
    await one.runs.remove(id);
  });

  describe('with a deployment that serves', () => {
    before(async function deploys() {
      this.timeout(100_000);
      await lab.deployReady(one);
    });

    it("cancel each other's benchmark, and the record ends once", async () => {
      const parameters = { concurrency: '8,16', requestsEach: '500', inputTokens: '64', outputTokens: '64' };
      const run = await one.benchmarks.start(
        { cluster: lab.ref, recipe: 'vllm-bench', deployment: 'wide-ep', parameters },
        call(),
      );
      await until(
        'it runs',
        async () =>
          ((await other.runs.get(run))?.state === 'running' &&
            (await readFile(join(one.runs.folder(run), 'stdout.log'), 'utf8').catch(() => '')).includes(
              'Namespace(',
            )) ||
          undefined,
      );
      const states = new Set<string | undefined>();
      const waiting = { over: false };
      const work = Promise.all([one.benchmarks.wait(run, patience()), other.benchmarks.cancel(run)]).finally(() => {
        waiting.over = true;
      });
      while (!waiting.over) states.add((await one.runs.get(run))?.state);
      await work;
      await other.benchmarks.wait(run, patience());
      states.add((await other.runs.get(run))?.state);
      assert.deepEqual(states, new Set(['running', 'cancelled']));
      assert.equal((await one.runs.list()).length, 1);
    });
  });
});

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { Disposable } from '../../../src/base/disposables.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import { createRunLedger } from '../../../src/runs/ledger.ts';
import { RunPlaces } from '../../../src/runs/places.ts';
import { runId } from '../../../src/runs/record.ts';
import type { RunLedger, RunRecord } from '../../../src/runs/types.ts';
import { leftBehind } from '../../support/left-behind.ts';

const RECORD: Omit<RunRecord, 'id'> = {
  kind: 'benchmark',
  recipe: 'vllm-bench',
  label: 'c=64',
  parameters: { concurrency: '64' },
  context: 'demo',
  namespace: 'bench',
  deployment: 'wide-ep',
  model: 'a/model',
  gpus: 24,
  command: ['vllm', 'bench', 'serve', '--model', 'a model'],
  pod: 'poker-me',
  job: null,
  state: 'running',
  startedAt: '2026-11-23T15:42:05.000Z',
  endedAt: null,
  summary: null,
  files: [],
  baseline: false,
};

const SERVER = 'https://127.0.0.1:1';

describe('run ledger', () => {
  let workspace: string;
  let storage: string;
  let places: RunPlaces;
  let folder: string;
  const open: Disposable[] = [];
  beforeEach(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'ledger-'));
    folder = join(workspace, 'results');
    storage = await mkdtemp(join(tmpdir(), 'ledger-storage-'));
    places = new RunPlaces(new WorkspaceFiles(storage), workspace, systemClock);
  });
  afterEach(async () => {
    for (const ledger of open.splice(0)) ledger.dispose();
    await rm(workspace, { recursive: true });
    await rm(storage, { recursive: true });
  });

  function ledger(): RunLedger {
    const made = createRunLedger({
      files: () => new WorkspaceFiles(workspace).below('results'),
      places,
      clock: systemClock,
      logger: silentLogger,
    });
    open.push(made);
    return made;
  }

  it('has no runs, and makes no folder, before the first one', async () => {
    assert.deepEqual(await ledger().list(), []);
    assert.deepEqual(await readdir(workspace), []);
  });

  it('keeps a run in its folder, readable by another window', async () => {
    const created = await leftBehind(ledger(), RECORD, SERVER);
    assert.match(created.id, /^20261123-\d{6}-vllm-bench$/);
    assert.deepEqual(await ledger().get(created.id), { id: created.id, ...RECORD });
    assert.deepEqual(await readdir(folder), [created.id], 'no draft is left behind');
    assert.equal(JSON.parse(await readFile(join(ledger().folder(created.id), 'run.json'), 'utf8')).label, 'c=64');
  });

  it('names two runs of one second differently', async () => {
    const runs = ledger();
    const ids = await Promise.all([1, 2, 3].map(async () => (await leftBehind(runs, RECORD, SERVER)).id));
    assert.equal(new Set(ids).size, 3);
  });

  it('lists the newest first', async () => {
    const runs = ledger();
    for (const startedAt of ['2026-01-02T00:00:00Z', '2026-03-02T00:00:00Z', '2026-02-02T00:00:00Z'])
      await leftBehind(runs, { ...RECORD, startedAt }, SERVER);
    assert.deepEqual(
      (await runs.list()).map((run) => run.startedAt.slice(0, 7)),
      ['2026-03', '2026-02', '2026-01'],
    );
  });

  it('loses no update of many at once', async () => {
    const runs = ledger();
    const { id } = await leftBehind(runs, RECORD, SERVER);
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        runs.update(id, index === 7 ? { gpus: 7 } : index === 9 ? { baseline: true } : { summary: `step ${index}` }),
      ),
    );
    const run = await runs.get(id);
    assert.deepEqual([run?.gpus, run?.baseline, run?.summary], [7, true, 'step 19']);
  });

  it('lists a broken record as such, beside the others', async () => {
    const runs = ledger();
    await leftBehind(runs, RECORD, SERVER);
    for (const [name, text] of [
      ['cut', '{"kind": "bench'],
      ['wrong', '{"kind": "party"}'],
    ] as const) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'run.json'), text);
    }
    await mkdir(join(folder, 'no-record'));
    const listed = await runs.list();
    assert.equal(listed.length, 3);
    const cut = listed.find(({ id }) => id === 'cut');
    assert.equal(cut?.state, 'lost');
    assert.match(cut?.summary ?? '', /run\.json cannot be read: it is not JSON/);
    assert.match(listed.find(({ id }) => id === 'wrong')?.summary ?? '', /field "kind"/);
  });

  it('takes keys of the prototype, keys twice and figures that are none as what they are', async () => {
    const text = JSON.stringify(RECORD);
    const records: Readonly<Record<string, string>> = {
      polluting: text
        .replace('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},')
        .replace('"parameters":{', '"parameters":{"__proto__":"x","constructor":"y",'),
      twice: text.replace('{', '{"label":"first","gpus":1,'),
      endless: text.replace('"gpus":24', '"gpus":1e999'),
      long: text.replace('"gpus":24', '"gpus":12345678901234567890'),
      below: text.replace('"gpus":24', '"gpus":-1'),
      unknown: text.replace('"gpus":24', '"gpus":NaN'),
      deep: text.replace('"parameters":{', `"parameters":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)},`),
    };
    for (const [name, record] of Object.entries(records)) {
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, 'run.json'), record);
    }
    const shown = new Map((await ledger().list()).map((run) => [run.id, run]));
    assert.deepEqual(shown.keys().toArray().toSorted(), Object.keys(records).toSorted());
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.deepEqual(
      ['polluting', 'twice', 'deep'].map((id) => [shown.get(id)?.label, shown.get(id)?.gpus]),
      [
        ['c=64', 24],
        ['c=64', 24],
        ['c=64', 24],
      ],
    );
    assert.deepEqual(
      ['endless', 'long', 'below'].map((id) => [shown.get(id)?.label, shown.get(id)?.gpus]),
      [
        ['c=64', null],
        ['c=64', null],
        ['c=64', null],
      ],
    );
    assert.match(shown.get('unknown')?.summary ?? '', /run\.json cannot be read/);
  });

  it('takes what an older version did not write as not known', async () => {
    const { gpus: _gpus, baseline: _baseline, files: _files, ...older } = RECORD;
    await mkdir(join(folder, 'older'), { recursive: true });
    await writeFile(join(folder, 'older', 'run.json'), JSON.stringify(older));
    const run = await ledger().get('older');
    assert.deepEqual([run?.gpus, run?.baseline, run?.files, run?.label], [null, false, [], 'c=64']);
  });

  it('tells changes of this window and of others', async () => {
    const here = ledger();
    const there = ledger();
    const { id } = await leftBehind(here, RECORD, SERVER);
    await there.list();
    const heard = (runs: RunLedger): Promise<void> =>
      new Promise((resolve) => {
        const subscription = runs.onDidChange(() => {
          subscription.dispose();
          resolve();
        });
      });
    const both = Promise.all([heard(here), heard(there)]);
    await here.update(id, { state: 'succeeded' });
    await both;
    const removed = heard(there);
    await here.remove(id);
    await removed;
    assert.deepEqual(await there.list(), []);
  });

  it('never leaves its folder', async () => {
    const runs = ledger();
    await writeFile(join(workspace, 'run.json'), '{}');
    for (const id of ['..', '../x', '/etc', '', '.hidden', 'a/b', 'a\\b', 'a\0b', '-rf', 'a\nb']) {
      assert.throws(() => runs.folder(id), { code: 'bad-usage' }, id);
      await assert.rejects(runs.remove(id), { code: 'bad-usage' });
      await assert.rejects(runs.get(id), { code: 'bad-usage' });
    }
    assert.deepEqual(await readdir(workspace), ['run.json']);
  });

  it('follows no link that came with the folder, and deletes nothing through one', async () => {
    const home = join(workspace, 'home');
    await mkdir(join(home, 'kept'), { recursive: true });
    await symlink(home, folder);
    await assert.rejects(leftBehind(ledger(), RECORD, SERVER), {
      code: 'file-unreadable',
      message: /results is a link/,
    });
    await assert.rejects(ledger().remove('kept'), { code: 'file-unreadable', message: /results is a link/ });
    await rm(folder);
    await mkdir(folder);
    await symlink(home, join(folder, 'linked'));
    await writeFile(join(home, 'run.json'), JSON.stringify(RECORD));
    const runs = ledger();
    await assert.rejects(runs.update('linked', { baseline: true }), {
      code: 'file-unreadable',
      message: /linked is a link/,
    });
    await runs.remove('linked');
    assert.deepEqual(await readdir(folder), []);
    await mkdir(join(folder, 'record'));
    await symlink(join(home, 'run.json'), join(folder, 'record', 'run.json'));
    assert.match((await runs.get('record'))?.summary ?? '', /run\.json is not a plain file/);
    await runs.remove('record');
    assert.deepEqual((await readdir(home)).toSorted(), ['kept', 'run.json']);
    assert.deepEqual(JSON.parse(await readFile(join(home, 'run.json'), 'utf8')), JSON.parse(JSON.stringify(RECORD)));
  });

  it('says which run is not there', async () => {
    await assert.rejects(ledger().update('20260101-000000-gone', {}), {
      code: 'not-found',
      message: /20260101-000000-gone/,
    });
  });

  it('says when the place cannot be written', async () => {
    await writeFile(folder, 'a file');
    await assert.rejects(leftBehind(ledger(), RECORD, SERVER), { code: 'file-unreadable' });
  });

  it('makes ids of time and recipe', () => {
    assert.equal(runId(new Date(2026, 10, 23, 15, 42, 5), 'vLLM bench'), '20261123-154205-vllm-bench');
  });
});

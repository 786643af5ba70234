import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWorkbenchError, WorkbenchError } from '../../../../src/base/errors.ts';
import { silentLogger } from '../../../../src/base/logger.ts';
import { WorkspaceFiles } from '../../../../src/base/workspace-files.ts';
import { createDecodePodsFile } from '../../../../src/inventory/decode-pods/service.ts';
import type { DecodePodsFile, WrittenDecodePods } from '../../../../src/inventory/decode-pods/types.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { until } from '../../kube/server.ts';
import { decodePod, FakeCluster, FakeContexts } from './support.ts';

const never = new AbortController().signal;

describe('decode_pods.txt', () => {
  let workspace: string;
  let path: string;
  let clock: ManualClock;
  let here: FakeCluster;
  let contexts: FakeContexts;
  let service: DecodePodsFile;
  let writes: WrittenDecodePods[];
  let failures: WorkbenchError[];

  beforeEach(async () => {
    workspace = await mkdtemp(join(tmpdir(), 'llmdw-decode-pods-'));
    path = join(workspace, '.tmp', 'decode_pods.txt');
    clock = new ManualClock();
    here = new FakeCluster('here');
    contexts = new FakeContexts();
    contexts.chosen = here;
    service = createDecodePodsFile({
      files: () => new WorkspaceFiles(workspace).below('.tmp'),
      contexts: contexts.contexts,
      owner: 'ann',
      clock,
      logger: silentLogger,
    });
    writes = [];
    failures = [];
    service.onDidWrite((written) => writes.push(written));
    service.onDidFail((error) => failures.push(error));
  });

  afterEach(async () => {
    service.dispose();
    await rm(workspace, { recursive: true, force: true });
  });

  const text = (): Promise<string> => readFile(path, 'utf8');

  async function haveFile(held: string): Promise<void> {
    await mkdir(join(workspace, '.tmp'), { recursive: true });
    await writeFile(path, held);
  }

  /** The watch is open and was told of everything; the file has been compared with it. */
  async function followed(held: string): Promise<void> {
    await haveFile(held);
    await service.follow();
    await until(() => here.watches.size === 1);
  }

  describe('asked for', () => {
    it('names my decode pods that have an address and have not ended, as people count, a name and an IP a line', async () => {
      here.pods = [
        decodePod('d-10', '10.0.0.10'),
        decodePod('d-2', '10.0.0.2'),
        decodePod('waiting', undefined),
        decodePod('p-0', '10.0.0.3', { role: 'prefill' }),
        decodePod('bo-0', '10.0.0.4', { owner: 'bo' }),
        decodePod('ended', '10.0.0.5', { phase: 'Failed' }),
        decodePod('going', '10.0.0.6', { deleting: true }),
      ];
      const written = await service.write(here.cluster, never);
      assert.equal(await text(), 'd-2 10.0.0.2\nd-10 10.0.0.10\n');
      assert.deepEqual(written, { path, cluster: here.cluster, pods: 2, elsewhere: true });
      assert.deepEqual(here.asked, [{ namespace: 'ns', labelSelector: 'llm-d.ai/owner=ann', signal: never }]);
      assert.equal((await service.write(here.cluster, never)).elsewhere, false);
    });

    it('is empty when I have none', async () => {
      await service.write(here.cluster, never);
      assert.equal(await text(), '');
    });

    it('needs a folder', async () => {
      const none = createDecodePodsFile({
        files: () => undefined,
        contexts: contexts.contexts,
        owner: 'ann',
        clock,
        logger: silentLogger,
      });
      await assert.rejects(none.write(here.cluster, never), (error) => isWorkbenchError(error, 'bad-usage'));
      none.dispose();
    });

    it('follows no link out of the workspace, and replaces nothing that is no plain file', async () => {
      const outside = await mkdtemp(join(tmpdir(), 'llmdw-outside-'));
      await symlink(outside, join(workspace, '.tmp'));
      await assert.rejects(
        service.write(here.cluster, never),
        (error) =>
          isWorkbenchError(error, 'file-unreadable') &&
          error.message.includes('is a link, and may lead out of the workspace'),
      );
      assert.equal(existsSync(join(outside, 'decode_pods.txt')), false);
      await rm(join(workspace, '.tmp'));
      await mkdir(join(workspace, '.tmp'));
      await writeFile(join(outside, 'mine'), 'keep');
      await symlink(join(outside, 'mine'), path);
      await assert.rejects(
        service.write(here.cluster, never),
        (error) => isWorkbenchError(error, 'file-unreadable') && error.message.includes('is not a plain file'),
      );
      assert.equal(await readFile(join(outside, 'mine'), 'utf8'), 'keep');
      await rm(outside, { recursive: true });
    });
  });

  describe('kept current', () => {
    it('only where it is: without a file nothing is watched, and none is made', async () => {
      await service.follow();
      assert.equal(here.watches.size, 0);
      assert.equal(existsSync(path), false);
    });

    it('writes when my pods change, and only then', async () => {
      await followed('d-0 10.0.0.1\n');
      const before = (await stat(path)).ino;
      here.pods = [decodePod('d-0', '10.0.0.1')];
      here.tellList();
      clock.advance(1000);
      here.tellSet(decodePod('d-0', '10.0.0.1', { phase: 'Pending' }));
      clock.advance(1000);
      here.tellSet(decodePod('d-1', '10.0.0.2'));
      clock.advance(1000);
      await until(() => writes.length === 1);
      assert.equal(await text(), 'd-0 10.0.0.1\nd-1 10.0.0.2\n');
      assert.notEqual((await stat(path)).ino, before, 'another file was moved into its place');
      assert.equal(writes[0]?.elsewhere, false, 'the file was found to hold this place before');
      assert.deepEqual(failures, []);
    });

    it('leaves no draft beside it', async () => {
      const { readdir } = await import('node:fs/promises');
      await followed('');
      here.pods = [decodePod('d-0', '10.0.0.1')];
      here.tellList();
      clock.advance(1000);
      await until(() => writes.length === 1);
      assert.deepEqual(await readdir(join(workspace, '.tmp')), ['decode_pods.txt']);
    });

    it('keeps what it held until the new context was listed whole, and says that it changed sides', async () => {
      here.pods = [decodePod('d-0', '10.0.0.1')];
      await followed('');
      here.tellList();
      clock.advance(1000);
      await until(() => writes.length === 1);
      const there = new FakeCluster('there');
      contexts.choose(there);
      await until(() => there.watches.size === 1);
      assert.equal(here.watches.size, 0);
      there.tellSet(decodePod('x-0', '10.9.0.1'));
      there.tellState({
        kind: 'stale',
        since: 0,
        error: new WorkbenchError({ code: 'cluster-unreachable', message: 'gone' }),
      });
      clock.advance(1000);
      assert.equal(await text(), 'd-0 10.0.0.1\n');
      there.pods = [decodePod('x-0', '10.9.0.1')];
      there.tellList();
      clock.advance(1000);
      await until(() => writes.length === 2);
      assert.equal(await text(), 'x-0 10.9.0.1\n');
      assert.deepEqual([writes[1]?.elsewhere, writes[1]?.cluster.context], [true, 'there']);
    });

    it('writes nothing of the old context that was on its way when another was chosen', async () => {
      await followed('old 10.0.0.9\n');
      here.pods = [decodePod('d-0', '10.0.0.1')];
      here.tellList();
      contexts.choose(undefined);
      clock.advance(1000);
      assert.equal(clock.waiting, 0);
      assert.equal(await text(), 'old 10.0.0.9\n');
    });

    it('ends when the file is deleted, and goes on when it is there again', async () => {
      await followed('x 10.0.0.1\n');
      await rm(path);
      here.tellList();
      clock.advance(1000);
      await until(() => here.watches.size === 0);
      assert.equal(existsSync(path), false);
      await followed('x 10.0.0.1\n');
      here.tellList();
      clock.advance(1000);
      await until(() => writes.length === 1);
      assert.equal(await text(), '');
    });

    it('tells once why it cannot, and again after it could', async () => {
      await followed('x 10.0.0.1\n');
      const denied = {
        kind: 'denied',
        error: new WorkbenchError({ code: 'forbidden', message: 'you may not watch pods' }),
      } as const;
      here.tellState(denied);
      here.tellState(denied);
      assert.deepEqual(
        failures.map(({ code }) => code),
        ['forbidden'],
      );
      here.tellList();
      clock.advance(1000);
      await until(() => writes.length === 1);
      here.tellState(denied);
      assert.equal(failures.length, 2);
    });

    it('stops with its owner', async () => {
      await followed('');
      here.tellList();
      service.dispose();
      assert.equal(here.watches.size, 0);
      assert.equal(clock.waiting, 0);
    });
  });
});

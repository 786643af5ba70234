import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { WorkspaceFiles } from '../../../src/base/workspace-files.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import { RemoteRun } from '../../../src/benchmarks/remote/remote-run.ts';
import { follow } from '../../../src/benchmarks/running/follow.ts';
import { CLUSTER, quickClock } from './fake-cluster.ts';

type Answer = { readonly stdout: string; readonly stderr: string } | WorkbenchError;

/** A pod that answers one look after the other, whose status is `phase`. */
function podThatSays(answers: readonly Answer[], phase = 'Running', uid = 'u'): RemoteRun {
  const left = [...answers];
  const client = {
    cluster: CLUSTER,
    execOutput: () => {
      const next = left.shift();
      assert.ok(next, 'asked once too often');
      return next instanceof WorkbenchError
        ? Promise.reject(next)
        : Promise.resolve({ exitCode: 0, stdout: Buffer.from(next.stdout), stderr: next.stderr });
    },
    get: () =>
      phase === 'absent'
        ? Promise.reject(new WorkbenchError({ code: 'not-found', message: 'gone' }))
        : Promise.resolve({
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'p', uid },
            status: { phase, reason: 'Evicted' },
          }),
  } as unknown as KubeClient;
  return new RemoteRun(client, { name: 'p', uid: 'u' }, '/tmp/llmdw/run');
}

const cut = new WorkbenchError({ code: 'connection-lost', message: 'cut' });
const refused = new WorkbenchError({ code: 'server-error', message: 'cannot exec in a container that is not running' });

describe('following a run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'follow-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const options = (): Parameters<typeof follow>[1] => ({
    clock: quickClock,
    progress: () => {},
    signal: new AbortController().signal,
    files: new WorkspaceFiles(folder),
    logFile: 'stdout.log',
    confirm: () => Promise.resolve(),
  });

  it('copies the output in order over a cut connection, and ends with the exit code', async () => {
    const run = podThatSays([
      { stdout: 'one ', stderr: '1/1 x\nrunning\n' },
      cut,
      { stdout: 'two', stderr: '1/1 x\nexit 4\n' },
    ]);
    assert.deepEqual(await follow(run, options()), { kind: 'exited', exitCode: 4 });
    assert.equal(await readFile(join(folder, 'stdout.log'), 'utf8'), 'one two');
  });

  it('tells a pod that was deleted, one that ended and a container that was restarted apart', async () => {
    const reason = async (run: RemoteRun): Promise<string> => {
      const ending = await follow(run, options());
      return ending.kind === 'vanished' ? ending.reason : '';
    };
    assert.match(await reason(podThatSays([refused], 'absent')), /pod p of test\/bench was deleted/);
    assert.match(await reason(podThatSays([refused], 'Failed')), /pod p of test\/bench ended .*Evicted/);
    assert.match(
      await reason(podThatSays([{ stdout: '', stderr: '\nlost\n' }])),
      /container of pod p of test\/bench was restarted/,
    );
    assert.match(
      await reason(podThatSays([{ stdout: '', stderr: '\ngone\n' }])),
      /process in pod p of test\/bench was killed/,
    );
  });

  it('asks nothing in a pod that was made anew under the same name', async () => {
    assert.deepEqual(await follow(podThatSays([], 'Running', 'another'), options()), {
      kind: 'vanished',
      reason: 'pod p of test/bench was made anew while the benchmark ran',
    });
  });

  it('does not wait for what will not mend', async () => {
    const denied = new WorkbenchError({ code: 'forbidden', message: 'no' });
    await assert.rejects(follow(podThatSays([denied]), options()), { code: 'forbidden' });
    await assert.rejects(follow(podThatSays([{ stdout: '', stderr: 'sh: what?\n' }]), options()), {
      code: 'exec-failed',
    });
  });

  it('says that the disk is full, and where what there is can still be had', async () => {
    const full = new (class extends WorkspaceFiles {
      override writeAt(): Promise<void> {
        return Promise.reject(new WorkbenchError({ code: 'disk-full', message: 'the disk is full' }));
      }
    })(folder);
    const run = podThatSays([{ stdout: 'words', stderr: '1/1 x\nrunning\n' }]);
    await assert.rejects(follow(run, { ...options(), files: full }), { code: 'disk-full', hint: /still in its pod/ });
  });

  it('writes nothing through a link in the place of its log', async () => {
    await writeFile(join(folder, 'mine'), 'keep');
    await mkdir(join(folder, 'run'));
    await symlink(join(folder, 'mine'), join(folder, 'run', 'stdout.log'));
    const run = podThatSays([{ stdout: 'planted', stderr: '1/1 x\nexit 0\n' }]);
    await assert.rejects(follow(run, { ...options(), files: new WorkspaceFiles(folder).below('run') }), {
      code: 'file-unreadable',
      message: /stdout\.log is not a plain file/,
    });
    assert.equal(await readFile(join(folder, 'mine'), 'utf8'), 'keep');
  });

  it('ends when cancelled', async () => {
    const abort = new AbortController();
    const run = podThatSays([{ stdout: '', stderr: '1/1 x\nrunning\n' }]);
    await assert.rejects(follow(run, { ...options(), signal: abort.signal, progress: () => abort.abort() }), {
      code: 'aborted',
    });
  });
});

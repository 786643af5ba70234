import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { faults } from '../../src/demo/nodes/faults.ts';
import { Lab } from '../support/faults-lab.ts';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const cli = resolve(import.meta.dirname, '../../src/cli.ts');

function llmdw(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((done, reject) => {
    execFile(
      process.execPath,
      [cli, ...args],
      { env: { PATH: process.env['PATH'], ...env }, timeout: 60_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error?.killed) reject(new Error(`llmdw ${args.join(' ')} did not end; it wrote: ${stdout}${stderr}`));
        else done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}

describe('llmdw when things are wrong', () => {
  let lab: Lab;

  before(async () => {
    lab = await Lab.start();
  });
  after(() => lab.stop());

  it('a port that is taken: exit code 1, one line and a hint, and no kubeconfig is left', async () => {
    const kubeconfig = join(lab.workspace, 'second');
    const { code, stdout, stderr } = await llmdw([
      'demo',
      '--port',
      String(lab.cluster.port),
      '--kubeconfig',
      kubeconfig,
    ]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`^llmdw: .*127\\.0\\.0\\.1:${lab.cluster.port}.*\\nhint: .+\\n$`));
    await assert.rejects(access(kubeconfig), { code: 'ENOENT' });
  });

  it('a fault that there is not: bad usage, before anything starts', async () => {
    const { code, stderr } = await llmdw(['demo', '--fault', 'gremlins']);
    assert.equal(code, 2);
    assert.match(stderr, /^llmdw: .*gremlins.*\nhint: .*--fault list.*\n$/);
  });

  it('every fault is in the list that it prints, and in the documentation', async () => {
    const { code, stdout } = await llmdw(['demo', '--fault', 'list']);
    assert.equal(code, 0);
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
      Object.keys(faults),
    );
    const documentation = await readFile(resolve(import.meta.dirname, '../../docs/demo.md'), 'utf8');
    const documented = [...documentation.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1] ?? '');
    assert.deepEqual(new Set(documented), new Set(Object.keys(faults)));
  });

  it('no kubeconfig: exit code 1, the place where it looked, and a hint', async () => {
    const kubeconfig = join(lab.workspace, 'no-such-kubeconfig');
    const { code, stdout, stderr } = await llmdw(['gpus'], { KUBECONFIG: kubeconfig, HOME: lab.workspace });
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^llmdw: .+\nhint: .+\n$/);
    assert.ok(stderr.includes(kubeconfig));
  });

  it('a context that there is not: exit code 1, and the names to choose from', async () => {
    const { code, stderr } = await llmdw(['pods', '--context', 'elsewhere'], {
      KUBECONFIG: lab.cluster.kubeconfigPath,
      HOME: lab.workspace,
    });
    assert.equal(code, 1);
    assert.match(stderr, /^llmdw: .*"elsewhere".*\nhint: .*llm-d-demo.*\n$/);
  });
});

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../../src/cli/main.ts';
import { HostileFolder } from '../../support/hostile-folder.ts';

/** Attack 1 on the command line: `cd folder; llmdw gpus`. */
describe('llmdw in a folder whose .env names a kubeconfig', () => {
  let parent: string;
  let folder: HostileFolder;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'llmdw-trust-env-'));
    folder = await HostileFolder.make(parent);
  });

  afterEach(async () => {
    await folder.close();
    await rm(parent, { recursive: true, force: true });
  });

  async function llmdw(...args: readonly string[]): Promise<{ readonly code: number; readonly err: string }> {
    let err = '';
    const env = { HOME: parent, PATH: process.env['PATH'] };
    const code = await main(args, {
      out: () => {},
      err: (text) => {
        err += text;
      },
      env,
      cwd: folder.path,
      signal: AbortSignal.timeout(30_000),
    });
    return { code, err };
  }

  for (const command of ['gpus', 'nodes', 'pods', 'live']) {
    it(`refuses it in ${command}, with the word that allows it`, async () => {
      const before = await folder.state();
      const { code, err } = await llmdw(command);
      assert.equal(code, 1);
      assert.match(err, /\.env names a kubeconfig[\s\S]*--trust-env/);
      assert.equal(folder.ran, false);
      assert.deepEqual(folder.asked, []);
      assert.deepEqual(await folder.state(), before);
    });
  }

  it('uses it with --trust-env', async () => {
    await llmdw('pods', '--trust-env');
    assert.ok(folder.ran && folder.asked.length > 0);
  });

  it('does not read it where --kubeconfig names another one', async () => {
    const { err } = await llmdw('pods', '--kubeconfig', join(parent, 'absent'));
    assert.match(err, /no kubeconfig: looked for/);
    assert.ok(!folder.ran);
  });

  it('takes NAMESPACE of .env without a word', async () => {
    const own = join(parent, 'own');
    await writeFile(
      own,
      JSON.stringify({
        'current-context': 'mine',
        clusters: [{ name: 'c', cluster: { server: folder.server } }],
        contexts: [{ name: 'mine', context: { cluster: 'c' } }],
      }),
    );
    await writeFile(join(folder.path, '.env'), 'NAMESPACE=from-env\n');
    await llmdw('pods', '--kubeconfig', own, '--write-decode-pods');
    assert.ok(
      folder.asked.some((path) => path.startsWith('/api/v1/namespaces/from-env/pods')),
      folder.asked.join(' '),
    );
  });
});

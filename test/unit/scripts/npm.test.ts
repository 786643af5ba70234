import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { npm } from '../../../scripts/lib/npm.ts';

/** What an `npm run` on another Node leaves in the environment of its scripts. */
const outer = {
  INIT_CWD: '/outer',
  NODE: '/outer/node',
  npm_command: 'run',
  npm_config_user_agent: 'npm/0.0.0 node/v1.2.3 linux x64 workspaces/false',
  npm_config_prefix: '/outer/prefix',
  npm_config_local_prefix: '/outer/clone',
  npm_config_ignore_scripts: 'true',
  npm_execpath: '/outer/npm-cli.js',
  npm_lifecycle_event: 'demo',
  npm_node_execpath: '/outer/node',
  npm_package_name: 'outer',
};

describe('an npm that a script starts', () => {
  let folder: string;
  let printed: string[];

  beforeEach(async () => {
    printed = [];
    folder = await mkdtemp(join(tmpdir(), 'llmdw-npm-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Installs a package whose post-install writes down its environment. */
  async function seenByPostInstall(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
    const seen = join(folder, 'seen.json');
    await mkdir(join(folder, 'tiny'));
    await writeFile(
      join(folder, 'tiny', 'package.json'),
      JSON.stringify({ name: 'tiny', version: '1.0.0', scripts: { postinstall: 'node tell.cjs' } }),
    );
    await writeFile(
      join(folder, 'tiny', 'tell.cjs'),
      `require('node:fs').writeFileSync(${JSON.stringify(seen)}, JSON.stringify({ ...process.env, version: process.version })); console.log('told')`,
    );
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'inner', version: '1.0.0', private: true }));
    await npm(['install', '--offline', '--no-audit', '--install-links', '--loglevel=error', './tiny'], {
      cwd: folder,
      env: { ...process.env, ...env },
      tell: (line) => printed.push(line),
    });
    return JSON.parse(await readFile(seen, 'utf8')) as NodeJS.ProcessEnv;
  }

  it('tells post-installs of itself and the Node that they run on, not of an npm around the script', async () => {
    const seen = await seenByPostInstall(outer);
    assert.equal(seen['version'], process.version);
    assert.match(seen['npm_config_user_agent'] ?? '', new RegExp(` node/${process.version} `));
    assert.equal(seen['INIT_CWD'], folder);
    assert.equal(seen['npm_package_name'], 'tiny');
    assert.ok(printed.includes('told'));
    assert.deepEqual(
      Object.entries(seen).filter(([, value]) => /outer|1\.2\.3/.test(value ?? '')),
      [],
    );
  });

  it('still knows how this machine reaches its packages', async () => {
    const userconfig = join(folder, 'person.npmrc');
    await writeFile(userconfig, '');
    const seen = await seenByPostInstall({
      ...outer,
      npm_config_userconfig: userconfig,
      npm_config_registry: 'https://registry.example/',
    });
    assert.equal(seen['npm_config_userconfig'], userconfig);
    assert.equal(seen['npm_config_registry'], 'https://registry.example/');
  });
});

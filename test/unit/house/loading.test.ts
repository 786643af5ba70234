import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import esbuild, { type Metafile } from 'esbuild';
import { commonJsParts } from '../../../scripts/lib/common-js-parts.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const require = createRequire(import.meta.url);

/** The sources that an entry loads without waiting, packages with them. */
async function loadedAtOnce(entry: string, external: readonly string[]): Promise<readonly string[]> {
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outdir: 'unused',
    splitting: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    external: [...external],
  });
  return closure(metafile, entry);
}

function closure({ inputs }: Metafile, entry: string): readonly string[] {
  const found = new Set([entry]);
  for (const path of found)
    for (const each of inputs[path]?.imports ?? [])
      if (each.kind !== 'dynamic-import' && each.external !== true) found.add(each.path);
  return [...found];
}

describe('what is loaded at once', () => {
  it('by the extension: no library, and no feature that nobody called', async () => {
    const loaded = await loadedAtOnce('src/extension.ts', ['vscode']);
    assert.ok(loaded.includes('src/compose.ts') && loaded.includes('src/host/index.ts'), 'the graph was read');
    assert.deepEqual(
      loaded.filter((path) => path.includes('node_modules')),
      [],
    );
    assert.deepEqual(
      loaded.filter((path) =>
        /^src\/(deployment|benchmarks|profiling|traces|poker|protocol|readers)\/(?!env|secret-names|format)|^src\/host\/(commands\/definitions?\.|webviews\/(?!panels)|ask)/.test(
          path,
        ),
      ),
      [],
    );
  });

  it('by the command line before it knows its command: no library, and no feature', async () => {
    const loaded = await loadedAtOnce('src/cli/main.ts', [
      'sql.js',
      'quickjs-emscripten',
      '@mongodb-js/zstd',
      'node-liblzma',
    ]);
    assert.deepEqual(
      loaded.filter((path) => !/^src\/(base|cli)\//.test(path)),
      [],
    );
  });
});

describe('a bundle in CommonJS parts', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-parts-'));
    await writeFile(join(folder, 'shared.ts'), 'export class Shared {}\nexport const made: string[] = [];\n');
    await writeFile(
      join(folder, 'deep.ts'),
      "import { made } from './shared.ts';\nmade.push('deep');\nexport const deep = 'deep';\n",
    );
    await writeFile(
      join(folder, 'one.ts'),
      "import { Shared, made } from './shared.ts';\nmade.push('one');\nexport const one = new Shared();\nexport const deep = async () => (await import('./deep.ts')).deep;\n",
    );
    await writeFile(
      join(folder, 'two.ts'),
      "import { Shared, made } from './shared.ts';\nmade.push('two');\nexport default function two(): boolean { return made.length > 0 && new Shared() instanceof Shared; }\n",
    );
    await writeFile(
      join(folder, 'entry.ts'),
      `import { Shared, made } from './shared.ts';
       export { made };
       export const isShared = async () => (await import('./one.ts')).one instanceof Shared;
       export const deep = async () => (await import('./one.ts')).deep();
       export const two = async () => (await import('./two.ts')).default();`,
    );
    const built = {
      bundle: true,
      platform: 'node',
      target: 'node22',
      outdir: join(folder, 'dist'),
      chunkNames: 'parts/[name]-[hash]',
      outExtension: { '.js': '.cjs' },
      minify: true,
      logLevel: 'silent',
    } as const;
    await esbuild.build({
      ...built,
      entryPoints: [join(folder, 'entry.ts')],
      plugins: [commonJsParts({ minify: true, sourcemap: false })],
    });
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('loads a part when it is asked for, once, with the same modules as the entry', async () => {
    const entry = require(join(folder, 'dist', 'entry.cjs')) as {
      made: string[];
      isShared(): Promise<boolean>;
      deep(): Promise<string>;
      two(): Promise<boolean>;
    };
    assert.deepEqual(entry.made, []);
    assert.equal(await entry.isShared(), true);
    assert.equal(await entry.isShared(), true);
    assert.deepEqual(entry.made, ['one']);
    assert.equal(await entry.deep(), 'deep');
    assert.equal(await entry.two(), true);
    assert.deepEqual(entry.made, ['one', 'deep', 'two']);
  });

  it('has what the entry needs in the one file', async () => {
    const parts = await readdir(join(folder, 'dist', 'parts'));
    assert.deepEqual(new Set(parts.map((name) => name.split('-')[0])), new Set(['deep', 'one', 'two']));
    assert.equal(parts.length, 3);
    for (const name of parts) assert.doesNotMatch(await readFile(join(folder, 'dist', 'parts', name), 'utf8'), /class/);
  });
});

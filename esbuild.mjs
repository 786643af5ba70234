// Builds every bundle into dist/. `--production` minifies; `--watch` rebuilds on change.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import esbuild from 'esbuild';
import { commonJsParts } from './scripts/lib/common-js-parts.ts';
import { isPermissive } from './scripts/lib/licences.ts';
import { pageBundles } from './scripts/lib/page-bundles.ts';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** Pulled in by the demo's shell for commands that the demo never runs. */
const unusedByShell = ['sql.js', 'quickjs-emscripten', '@mongodb-js/zstd', 'node-liblzma'];

const common = {
  bundle: true,
  sourcemap: production ? false : 'linked',
  minify: production,
  legalComments: 'none',
  logLevel: 'warning',
  outdir: 'dist',
};

const node = { ...common, platform: 'node', target: 'node22' };

/** Bundled CommonJS packages call `require`; an ES module has none of its own. */
const requireInEsm = {
  js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
};

/**
 * An ES module that imports `node:http` reads each of its properties, and one of them loads all of undici: 60 ms of every
 * command's start. A `require` reads what is used.
 */
const lazyHttp = {
  name: 'node:http by require',
  setup(build) {
    build.onResolve({ filter: /^node:http$/ }, ({ path, namespace }) =>
      namespace === 'required' ? { path, external: true } : { path, namespace: 'required' },
    );
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const bundles = [
  {
    ...node,
    entryPoints: { extension: 'src/extension.ts' },
    chunkNames: 'extension/[name]-[hash]',
    external: ['vscode'],
    outExtension: { '.js': '.cjs' },
    plugins: [commonJsParts({ minify: production, sourcemap: production ? false : 'inline' })],
  },
  {
    ...node,
    entryPoints: { llmdw: 'src/cli.ts', reader: 'src/reader.ts' },
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: unusedByShell,
    banner: requireInEsm,
    plugins: [lazyHttp],
    outExtension: { '.js': '.mjs' },
  },
  { ...common, ...pageBundles },
].filter((bundle) =>
  Array.isArray(bundle.entryPoints)
    ? bundle.entryPoints.length > 0
    : Object.values(bundle.entryPoints).every((file) => existsSync(file)),
);

await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });

if (existsSync('src/traces/assemblyscript/scan.ts')) {
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main([
    'src/traces/assemblyscript/scan.ts',
    '--outFile',
    'dist/kineto.wasm',
    '--runtime',
    'stub',
    '-O2',
    '--noAssert',
    '--enable',
    'simd',
    '--enable',
    'bulk-memory',
  ]);
  if (error) throw new Error(stderr.toString(), { cause: error });
}

if (watch) for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
else {
  const packages = new Set();
  for (const bundle of bundles) {
    const { metafile } = await esbuild.build({ ...bundle, metafile: true });
    for (const input of Object.keys(metafile.inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (name) packages.add(input.slice(0, name[0].length));
    }
  }
  await writeFile('dist/THIRD-PARTY-NOTICES.txt', await notices([...packages].sort()));
}

/** The licence texts and notices of everything that the bundles hold: most licences ask for that. What is not permissive must not be in them. */
async function notices(folders) {
  const parts = await Promise.all(
    folders.map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
      if (!isPermissive(license ?? 'not named'))
        throw new Error(`${name} ${version} is in a bundle, and its licence is ${license ?? 'not named'}`);
      const found = readdirSync(folder, { recursive: true, withFileTypes: true })
        .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
        .filter(({ entry, path }) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(relative(folder, path)));
      if (found.length === 0) throw new Error(`${name} ${version} is in a bundle, and carries no text of its licence`);
      const texts = await Promise.all(found.map(async ({ path }) => (await readFile(path, 'utf8')).trim()));
      return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
    }),
  );
  return `The llm-d Workbench holds these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

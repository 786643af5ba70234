// Builds every bundle into dist/. `--production` minifies; `--watch` rebuilds on change.
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import esbuild from 'esbuild';

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

const bundles = [
  { ...node, entryPoints: { extension: 'src/extension.ts' }, format: 'cjs', external: ['vscode'], outExtension: { '.js': '.cjs' } },
  {
    ...node,
    entryPoints: { llmdw: 'src/cli.ts', 'trace-worker': 'src/traces/worker.ts' },
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    external: unusedByShell,
    banner: requireInEsm,
    outExtension: { '.js': '.mjs' },
  },
  {
    ...common,
    platform: 'browser',
    target: 'chrome138',
    format: 'iife',
    entryPoints: readdirSync('src/webview', { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join('src/webview', entry.name, 'main.ts')))
      .map((entry) => ({ in: join('src/webview', entry.name, 'main.ts'), out: `webview/${entry.name}` })),
    loader: { '.ttf': 'file', '.woff2': 'file' },
  },
].filter((bundle) => (Array.isArray(bundle.entryPoints) ? bundle.entryPoints.length > 0 : Object.values(bundle.entryPoints).every((file) => existsSync(file))));

await rm('dist', { recursive: true, force: true });
await mkdir('dist', { recursive: true });

if (existsSync('src/traces/scanner/scan.ts')) {
  const { default: asc } = await import('assemblyscript/asc');
  const { error, stderr } = await asc.main([
    'src/traces/scanner/scan.ts', '--outFile', 'dist/kineto.wasm', '--runtime', 'stub', '-O2', '--noAssert', '--enable', 'simd', '--enable', 'bulk-memory',
  ]);
  if (error) throw new Error(stderr.toString(), { cause: error });
}

if (watch) for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
else for (const bundle of bundles) await esbuild.build(bundle);

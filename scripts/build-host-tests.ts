// Bundles test/host/ for the extension host: out/test/host/index.cjs (which exports `run`) and one file a suite beside it.
import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import esbuild from 'esbuild';

const source = 'test/host';
const target = 'out/test/host';

// What the tests run inside VS Code: the runner and every `*.test.ts`, found and not listed.
const names = readdirSync(source).filter((name) => name === 'index.ts' || name.endsWith('.test.ts'));
await rm(target, { recursive: true, force: true });
await esbuild.build({
  entryPoints: names.map((name) => join(source, name)),
  outdir: target,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode', 'mocha'],
  sourcemap: 'inline',
  logLevel: 'warning',
});

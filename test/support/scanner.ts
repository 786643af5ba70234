import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A folder like `dist/` with the compiled scanner. Compiles when a source is newer. */
export async function scannerDist(): Promise<string> {
  const sources = join(root, 'src/traces/assemblyscript');
  const folder = join(root, 'out/scanner');
  const wasm = join(folder, 'kineto.wasm');
  await mkdir(folder, { recursive: true });
  const times = await Promise.all(
    (await readdir(sources)).map(async (name) => (await stat(join(sources, name))).mtimeMs),
  );
  const built = await stat(wasm).then(
    (found) => found.mtimeMs,
    () => 0,
  );
  if (built < Math.max(...times)) await compile(join(sources, 'scan.ts'), wasm);
  return folder;
}

async function compile(source: string, target: string): Promise<void> {
  const { default: asc } = await import('assemblyscript/asc');
  const fresh = `${target}.${process.pid}`;
  const { error } = await asc.main([
    source,
    '--outFile',
    fresh,
    '--runtime',
    'stub',
    '-O2',
    '--noAssert',
    '--enable',
    'simd',
    '--enable',
    'bulk-memory',
  ]);
  if (error) throw error;
  await rename(fresh, target);
}

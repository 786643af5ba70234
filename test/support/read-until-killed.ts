// A window that reads the trace it is given over and over, until it is killed.
import { join } from 'node:path';
import { scannerDist } from './scanner.ts';
import { sourceReaders } from './readers.ts';

const [path = ''] = process.argv.slice(2);
const readers = sourceReaders();
const wasm = join(await scannerDist(), 'kineto.wasm');
const { signal } = new AbortController();

async function readOn(): Promise<never> {
  for (;;) {
    await readers.run('summarise trace', { path, wasm }, { signal });
    process.stdout.write('read\n');
  }
}

await Promise.all([readOn(), readOn()]);

// `npm run bench`: measured figures, each beside its peer in the same run, as a table for docs/performance.md.
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { run } from '../../scripts/lib/run.ts';
import { benchAggregate } from './agg.ts';
import { benchCluster } from './cluster.ts';
import { benchTraces } from './traces.ts';
import type { BenchRow } from './types.ts';
import { benchWindow } from './window.ts';

const root = join(import.meta.dirname, '..', '..');
const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { name: string; version: string };

await run('node', ['scripts/package.ts'], { cwd: root });
const rows: BenchRow[] = [];
for (const bench of [() => benchWindow(join(root, 'out', `${name}-${version}.vsix`)), benchCluster, benchTraces, benchAggregate]) rows.push(...(await bench()));

console.log(`\n${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}\n`);
console.log('| what | ours | peer | note |\n| --- | --- | --- | --- |');
for (const row of rows) console.log(`| ${row.what} | ${row.ours} | ${row.peer} | ${row.note} |`);

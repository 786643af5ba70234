// `npm run bench`: measured figures, each beside its peer in the same run, as a table for docs/performance.md.
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { run } from '../../scripts/lib/run.ts';
import { benchAggregate } from './agg.ts';
import { benchCluster } from './cluster.ts';
import { benchInventory } from './inventory.ts';
import { printTable } from './table.ts';
import { benchTraces } from './traces.ts';
import type { BenchRow } from './types.ts';
import { benchActivation, benchPackage } from './window.ts';

const root = join(import.meta.dirname, '..', '..');
const { name, version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  name: string;
  version: string;
};

await run('node', ['scripts/package.ts'], { cwd: root });
const rows: BenchRow[] = [];
for (const bench of [
  benchActivation,
  () => benchPackage(join(root, 'out', `${name}-${version}.vsix`)),
  benchCluster,
  benchInventory,
  benchTraces,
  benchAggregate,
])
  rows.push(...(await bench()));

printTable(rows);

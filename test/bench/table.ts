import { cpus, totalmem } from 'node:os';
import type { BenchRow } from './types.ts';

/** The figures as a table for docs/performance.md, with the machine above it. */
export function printTable(rows: readonly BenchRow[]): void {
  console.log(
    `\n${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}\n`,
  );
  console.log('| what | ours | peer | note |\n| --- | --- | --- | --- |');
  for (const row of rows) console.log(`| ${row.what} | ${row.ours} | ${row.peer} | ${row.note} |`);
}

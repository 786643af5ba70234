import { WorkbenchError } from '../../base/errors.ts';
import type { Score } from '../types.ts';
import type { TextFormat } from './reading.ts';
import { pipeCells, plainLines, tableNumber } from './text-table.ts';

const HEADER = /^\|\s*(?:Tasks|Groups)\s*\|\s*Version\s*\|/;

/** lm_eval's printed Markdown table. Later rows of a task leave its name blank. */
export const lmEvalText: TextFormat = {
  name: 'lm_eval output',
  matches: (text) => /^\|\s*(?:Tasks|Groups)\s*\|\s*Version\s*\|/m.test(text),
  read(text, path) {
    const scores = tableScores(plainLines(text));
    if (scores.length === 0)
      throw new WorkbenchError({
        code: 'no-result',
        message: `${path} holds lm_eval's table without a score`,
        hint: 'Look at the output of lm_eval above the table.',
      });
    return { tool: 'lm_eval', tool_version: null, points: [], scores, warnings: [] };
  },
};

function tableScores(lines: readonly string[]): Score[] {
  const scores: Score[] = [];
  let columns: readonly string[] | undefined;
  let task = '';
  for (const raw of lines) {
    const line = raw.trim();
    if (HEADER.test(line)) {
      columns = pipeCells(line);
      task = '';
      continue;
    }
    if (!columns || !line.startsWith('|')) {
      columns = undefined;
      continue;
    }
    const cells = pipeCells(line);
    const cell = (name: string): string => cells[columns?.indexOf(name) ?? -1] ?? '';
    const value = tableNumber(cell('Value'));
    task = cells[0] === '' ? task : (cells[0] ?? task);
    if (value === null) continue;
    const filter = cell('Filter');
    scores.push({
      task,
      metric: cell('Metric'),
      filter: filter === '' ? null : filter,
      value,
      stderr: tableNumber(cell('Stderr')),
      n: null,
    });
  }
  return scores;
}

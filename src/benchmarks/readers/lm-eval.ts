import * as z from 'zod';
import { isObject } from '../../base/json.ts';
import { WorkbenchError } from '../../base/errors.ts';
import type { Score } from '../types.ts';
import { figure, text, throughDoor } from './door.ts';
import type { DocumentFormat } from './reading.ts';

const file = z.object({
  results: z.record(z.string(), z.record(z.string(), z.unknown())),
  'n-samples': z.record(z.string(), z.object({ effective: figure })).nullish(),
  lm_eval_version: text,
});

/** lm_eval's `results_<time>.json`. */
export const lmEvalJson: DocumentFormat = {
  name: 'lm_eval JSON',
  matches: (document) =>
    isObject(document) &&
    isObject(document['results']) &&
    ('n-shot' in document || 'lm_eval_version' in document || ('versions' in document && 'configs' in document)),
  read(document, path) {
    const raw = throughDoor(file, document, 'lm_eval', path);
    const scores = Object.entries(raw.results).flatMap(([task, figures]) =>
      taskScores(task, figures, raw['n-samples']?.[task]?.effective ?? null),
    );
    if (scores.length === 0)
      throw new WorkbenchError({
        code: 'no-result',
        message: `${path} is an lm_eval file without a score`,
        hint: 'Look at the output of lm_eval: no task has finished.',
      });
    return { tool: 'lm_eval', tool_version: raw.lm_eval_version, points: [], scores, warnings: [] };
  },
};

/** Keys are `metric,filter`; the error of `m,f` stands in `m_stderr,f` and may be the text N/A. */
function taskScores(task: string, figures: Readonly<Record<string, unknown>>, n: number | null): Score[] {
  const scores: Score[] = [];
  for (const [key, value] of Object.entries(figures)) {
    const [metric, filter] = key.split(',', 2);
    if (metric === undefined || filter === undefined || metric.endsWith('_stderr') || typeof value !== 'number')
      continue;
    const stderr = figures[`${metric}_stderr,${filter}`];
    scores.push({ task, metric, filter, value, stderr: typeof stderr === 'number' ? stderr : null, n });
  }
  return scores;
}

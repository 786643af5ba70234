import * as z from 'zod';
import type { RunRecord } from './types.ts';

const nullableText = z.string().nullable().catch(null);

/** `run.json` as it is on disk. What an older version or a person left out gets its neutral value. */
const schema = z.object({
  kind: z.enum(['benchmark', 'profile']),
  recipe: z.string(),
  label: z.string(),
  parameters: z.record(z.string(), z.string()).catch({}),
  context: z.string(),
  namespace: z.string(),
  deployment: nullableText,
  model: nullableText,
  gpus: z.int().nonnegative().nullable().catch(null),
  command: z.array(z.string()).catch([]),
  pod: nullableText,
  job: nullableText,
  state: z.enum(['starting', 'running', 'succeeded', 'failed', 'cancelled', 'lost']),
  cancelAsked: z.boolean().optional(),
  startedAt: z.iso.datetime({ offset: true }),
  endedAt: nullableText,
  summary: nullableText,
  files: z.array(z.string()).catch([]),
  baseline: z.boolean().catch(false),
});

export type RecordReading = { readonly record: RunRecord } | { readonly problem: string };

/** The folder's name is the id: a copied folder is a run of its own. */
export function parseRecord(id: string, text: string): RecordReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problem: 'it is not JSON' };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { record: { id, ...parsed.data } };
  const issue = parsed.error.issues[0];
  return { problem: `its field "${issue?.path.join('.') ?? ''}" is wrong (${issue?.message ?? 'invalid'})` };
}

/** How a run shows that is under way by its record, and that this workspace did not start. */
export function foreignRecord(record: RunRecord): RunRecord {
  return {
    ...record,
    state: 'lost',
    summary: `it was not started from this folder on this machine, so it is neither followed nor cancelled here; where it was started its record said: ${record.summary ?? record.state}`,
  };
}

/** Stands in the list for a run whose record cannot be read, so that its results are not lost from sight. */
export function brokenRecord(id: string, problem: string, startedAt: Date): RunRecord {
  return {
    id,
    kind: 'benchmark',
    recipe: '',
    label: id,
    parameters: {},
    context: '',
    namespace: '',
    deployment: null,
    model: null,
    gpus: null,
    command: [],
    pod: null,
    job: null,
    state: 'lost',
    startedAt: startedAt.toISOString(),
    endedAt: null,
    summary: `run.json cannot be read: ${problem}. Mend or delete it.`,
    files: [],
    baseline: false,
  };
}

/** `20261123-154205-vllm-bench`: sorts by time, in the time zone of this machine. */
export function runId(time: Date, recipe: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const clock = `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
  return `${day}-${clock}-${recipe.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`;
}

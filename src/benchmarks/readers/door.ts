import * as z from 'zod';
import { WorkbenchError } from '../../base/errors.ts';

/** A figure: a number, or null where the file has none or has NaN or Infinity. A value of another type fails. */
export const figure = z
  .custom<number>((value) => typeof value === 'number', 'not a number')
  .nullish()
  .transform((value) => (typeof value === 'number' && Number.isFinite(value) ? value : null));

export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/** Figures by name, e.g. a row of percentiles; other values are left out. */
export const figures = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => value ?? {});

/** Validates a document that a format recognised; what does not fit is a version that this reader does not know. */
export function throughDoor<T>(schema: z.ZodType<T>, document: unknown, tool: string, path: string): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') ?? '';
  throw new WorkbenchError({
    code: 'version-unknown',
    message: `${path} looks like a result of ${tool}, but its field "${where}" is not as known versions write it (${issue?.message ?? 'invalid'})`,
    hint: 'It is from another version of the tool. Known versions stand in docs/benchmarks.md.',
    cause: parsed.error,
  });
}

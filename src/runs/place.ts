import * as z from 'zod';
import type { RunPlace } from './types.ts';

const schema = z.object({
  context: z.string(),
  server: z.string(),
  namespace: z.string(),
  runsIn: z.object({ kind: z.enum(['Pod', 'Job']), name: z.string(), uid: z.string().nullable() }).nullable(),
});

/** Undefined for what is no place. */
export function parsePlace(text: string): RunPlace | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

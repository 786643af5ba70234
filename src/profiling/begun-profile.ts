import * as z from 'zod';
import type { BegunProfile } from './begun-profiles.ts';

const schema = z.object({
  cluster: z.object({ context: z.string(), namespace: z.string(), server: z.string() }),
  targets: z.array(z.object({ pod: z.string(), ip: z.string(), port: z.int().positive() })),
});

/** Undefined for what is no note. */
export function parseBegunProfile(text: string): BegunProfile | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

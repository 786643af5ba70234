/** What a person reads instead of a stack: something is missing that only they can bring, and the message says how. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** Ends a script with the message of a refusal alone; any other error goes on. */
export function refused(error: unknown): never {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exit(1);
}

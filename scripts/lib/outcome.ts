import { stripVTControlCharacters } from 'node:util';

/** What a suite came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** What failed and why, in mocha's own words; told once more at the end, where a cut log still shows it. */
  readonly failures: readonly string[];
}

export const nothing: Outcome = { passed: 0, failed: 0, skipped: 0, failures: [] };

/** Reads mocha's closing lines; a run that ends without them, or with an exit code for which no test stands, failed. */
export function mochaOutcome(output: string, exitCode: number): Outcome {
  const text = stripVTControlCharacters(output);
  const count = (word: string): number => Number(new RegExp(`^\\s+(\\d+) ${word}`, 'm').exec(text)?.[1] ?? 0);
  const outcome = { passed: count('passing'), failed: count('failing'), skipped: count('pending') };
  const told = /^\s+\d+ failing$/m.exec(text);
  const failures = told === null ? [] : [text.slice(told.index).trim()];
  const closed = /^\s+\d+ passing/m.test(text);
  if (closed && (exitCode === 0 || outcome.failed > 0)) return { ...outcome, failures };
  const why = closed ? `beside ${outcome.passed} tests that passed` : "without mocha's closing lines";
  return { ...outcome, failed: 1, failures: [`ended with ${exitCode} ${why}`] };
}

export function total(each: readonly Outcome[]): Outcome {
  return each.reduce(
    (sum, { passed, failed, skipped, failures }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
      failures: [...sum.failures, ...failures],
    }),
    nothing,
  );
}

export function said({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

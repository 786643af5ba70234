/** A filter of the task: how an answer is read from what the model wrote. */
export interface Filter {
  readonly name: 'strict-match' | 'flexible-extract';
  readonly extract: (text: string) => string | undefined;
}

export const FILTERS: readonly Filter[] = [
  { name: 'strict-match', extract: (text) => /#### (-?[0-9.,]+)/.exec(text)?.[1] },
  { name: 'flexible-extract', extract: (text) => text.match(/-?[$0-9.,]{2,}|-?[0-9]+/g)?.at(-1) },
];

/** Equal once thousands separators, dollar signs and a final point are gone. */
export function matches(extracted: string | undefined, answer: number): boolean {
  return extracted !== undefined && extracted.replaceAll(/[,$]/g, '').replace(/\.$/, '') === String(answer);
}

export interface Score {
  readonly value: number;
  /** Standard error of the mean of a sample; undefined for fewer than two. */
  readonly standardError: number | undefined;
}

export function score(results: readonly boolean[]): Score {
  const value = results.filter(Boolean).length / results.length;
  return {
    value,
    standardError: results.length < 2 ? undefined : Math.sqrt((value * (1 - value)) / (results.length - 1)),
  };
}

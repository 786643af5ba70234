import { UsageError } from '../command-line.ts';

/** How load is offered. One benchmark runs for each stream count or rate. */
export type Strategy =
  | { readonly kind: 'synchronous' }
  | { readonly kind: 'concurrent'; readonly streams: number }
  | { readonly kind: 'throughput'; readonly maxConcurrency: number }
  | { readonly kind: 'constant' | 'poisson'; readonly rate: number };

export type ProfileKind = Strategy['kind'] | 'sweep';

export interface SyntheticData {
  readonly promptTokens: number;
  readonly promptSpread: number;
  readonly outputTokens: number;
  readonly outputSpread: number;
  readonly prefixTokens: number;
}

/** A run of any version of the tool. */
export interface GuidellmOptions {
  readonly version: string;
  readonly target: string;
  readonly model: string | undefined;
  readonly chat: boolean;
  readonly profile: ProfileKind;
  /** Streams, rates, or the number of strategies of a sweep. */
  readonly rates: readonly number[];
  readonly maxRequests: number | undefined;
  readonly maxSeconds: number | undefined;
  readonly maxErrors: number | undefined;
  readonly rampupSeconds: number;
  readonly data: SyntheticData;
  /** The data argument as it was given, for the file. */
  readonly dataText: string;
  readonly seed: number;
  readonly sampleRequests: number | undefined;
  /** JSON files to write. */
  readonly outputPath: string | undefined;
  readonly console: boolean;
}

const PROFILES = new Set(['synchronous', 'concurrent', 'throughput', 'constant', 'poisson', 'sweep']);

export function profileKind(text: string): ProfileKind {
  const kind = text === 'async' ? 'constant' : text;
  if (!PROFILES.has(kind))
    throw new UsageError(
      `Invalid value for '--profile' / '--rate-type': '${text}' is not one of ${[...PROFILES].map((name) => `'${name}'`).join(', ')}.`,
    );
  return kind as ProfileKind;
}

/** Synthetic data from `prompt_tokens=..,output_tokens=..` or JSON. Names of data sets need a network that the demo has not. */
export function syntheticData(text: string): SyntheticData {
  const values = text.trim().startsWith('{') ? jsonValues(text) : pairValues(text);
  const number = (name: string): number | undefined => {
    const value = values.get(name);
    if (value === undefined) return undefined;
    if (!Number.isFinite(Number(value)))
      throw new UsageError(`Invalid value for '--data': ${name}=${value} is not a number`);
    return Number(value);
  };
  const prompt = number('prompt_tokens');
  const output = number('output_tokens');
  if (prompt === undefined || output === undefined)
    throw new UsageError(
      `Invalid value for '--data': could not deserialize '${text}': prompt_tokens and output_tokens are needed`,
    );
  return {
    promptTokens: prompt,
    promptSpread: (number('prompt_tokens_stdev') ?? 0) / prompt,
    outputTokens: output,
    outputSpread: (number('output_tokens_stdev') ?? 0) / output,
    prefixTokens: number('prefix_tokens') ?? 0,
  };
}

function pairValues(text: string): ReadonlyMap<string, string> {
  return new Map(keyValues(text));
}

function jsonValues(text: string): ReadonlyMap<string, string> {
  try {
    return new Map(Object.entries(JSON.parse(text) as object).map(([key, value]) => [key, String(value)]));
  } catch {
    throw new UsageError(`Invalid value for '--data': '${text}' is not valid JSON`);
  }
}

/** `a=1,b=2`; a value may itself contain `=`. */
export function keyValues(text: string): readonly (readonly [string, string])[] {
  return text
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new UsageError(`Invalid value: '${pair}' is not KEY=VALUE`);
      return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
    });
}

/** The strategies that a profile runs, apart from a sweep, whose rates depend on its first two. */
export function strategies(options: GuidellmOptions): readonly Strategy[] {
  const { profile, rates } = options;
  switch (profile) {
    case 'synchronous':
      return [{ kind: 'synchronous' }];
    case 'concurrent':
      return needed(rates, 'concurrent').map((streams) => ({ kind: 'concurrent', streams }));
    case 'throughput':
      return [{ kind: 'throughput', maxConcurrency: rates[0] ?? 512 }];
    case 'constant':
    case 'poisson':
      return needed(rates, profile).map((rate) => ({ kind: profile, rate }));
    case 'sweep':
      return [{ kind: 'synchronous' }, { kind: 'throughput', maxConcurrency: 512 }];
  }
}

function needed(rates: readonly number[], profile: string): readonly number[] {
  if (rates.length === 0) throw new UsageError(`Rate (--rate) must be provided for the ${profile} profile.`);
  return rates;
}

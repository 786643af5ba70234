import { seededRandom, type Random } from '../../../random.ts';

const SYLLABLES = [
  'ba',
  'ce',
  'di',
  'fo',
  'gu',
  'ha',
  'je',
  'ki',
  'lo',
  'mu',
  'na',
  'pe',
  'ri',
  'so',
  'tu',
  'va',
  'we',
  'xi',
  'yo',
  'zu',
];

/** Prompts of random words; each word is one token of the demo's models. The same seed gives the same prompts. */
export class PromptSource {
  readonly #random: Random;
  /** Words that every prompt starts with, for the prefix cache. */
  readonly #prefix: string;
  readonly #prefixTokens: number;

  constructor(seed: number, prefixTokens = 0) {
    this.#random = seededRandom(seed + 1);
    this.#prefixTokens = prefixTokens;
    this.#prefix = this.#words(prefixTokens);
  }

  next(tokens: number): string {
    const rest = this.#words(tokens);
    return this.#prefixTokens === 0 ? rest : `${this.#prefix} ${rest}`;
  }

  /** A length around the one asked for, uniformly within `spread` (0 to 1) of it. */
  length(tokens: number, spread: number): number {
    return Math.max(1, Math.round(tokens * (1 + spread * (2 * this.#random() - 1))));
  }

  #words(count: number): string {
    const pick = (): string => SYLLABLES[Math.floor(this.#random() * SYLLABLES.length)] ?? 'ba';
    return Array.from({ length: count }, () => pick() + pick() + pick()).join(' ');
  }
}

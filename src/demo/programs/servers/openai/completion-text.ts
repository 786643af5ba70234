import { hashText, seededRandom, type Random } from '../../../random.ts';
import { tokenize } from './tokenizer.ts';
import { solveWordProblem } from './word-problems.ts';

const WORDS = (
  'the of and to in a is that for it as was with be by on not he this are or his from at which but have an had they you were ' +
  'there one all we can her has more if their will each about how up out them then she many some so these would other into its who than ' +
  'them time two could no make first been call water long down day did get come made may part over new sound take only little work know ' +
  'place year live me back give most very after thing our just name good man think say great where help through much before line right too ' +
  'mean old any same tell boy follow came want show also around form three small set put end does well large must big even such turn here'
).split(' ');

/** What a demo model says: tokens by index, and where it would stop of its own. */
export interface CompletionText {
  token(index: number): string;
  /** Undefined: it would go on for ever. */
  readonly naturalLength: number | undefined;
}

/** Answers an arithmetic question by working it out; else speaks in common words, the same ones for the same prompt. */
export function completionText(prompt: string, seed: number): CompletionText {
  const solution = solveWordProblem(prompt);
  const random = seededRandom(hashText(prompt, seed));
  const head = solution === undefined ? [] : tokenize(solution.text);
  const naturalLength = solution === undefined ? 24 + Math.floor(random() ** 2 * 1800) : head.length;
  return { naturalLength, token: lazyWords(head, random) };
}

function lazyWords(head: readonly string[], random: Random): (index: number) => string {
  const words = [...head];
  return (index) => {
    while (words.length <= index) words.push(` ${WORDS[Math.floor(random() * WORDS.length)] ?? 'the'}`);
    return words[index] ?? '';
  };
}

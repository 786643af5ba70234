import { hashText } from '../../../random.ts';

/** Words of up to six letters, runs of up to three digits, single signs, and blanks with what follows: near the counts of real tokenizers. */
const TOKEN = /\s?[A-Za-z]{1,6}|\s?\d{1,3}|\s?[^\sA-Za-z\d]|\s+/g;

/** The demo models' tokens of a text. Joined they give the text again. */
export function tokenize(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

/** Hashes of the full blocks of a prompt, each depending on all before it, as vLLM's prefix cache keys them. */
export function blockHashes(tokens: readonly (string | number)[], blockSize: number): readonly number[] {
  const hashes: number[] = [];
  let hash = hashText('prefix');
  for (let start = 0; start + blockSize <= tokens.length; start += blockSize) {
    for (let index = start; index < start + blockSize; index += 1) hash = hashText(String(tokens[index]), hash ^ index);
    hashes.push(hash);
  }
  return hashes;
}

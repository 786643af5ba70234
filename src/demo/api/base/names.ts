import { randomInt } from 'node:crypto';

/** Kubernetes' alphabet for generated names: no vowels and nothing that looks like another letter. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffixLength = 5;
const maxBase = 63 - suffixLength;

/** What a generated name ends with. */
export function nameSuffix(): string {
  return Array.from({ length: suffixLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** A name of the base and a random suffix, cut to what a label may hold. */
export function freeName(base: string): string {
  return base.slice(0, maxBase) + nameSuffix();
}

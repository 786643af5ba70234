import { createHash } from 'node:crypto';
import { isObject } from '../../../base/json.ts';

const SAFE = 'bcdfghjklmnpqrstvwxz2456789';

/** A short hash of JSON data, in the letters that Kubernetes uses in names. Key order does not matter. */
export function templateHash(value: unknown): string {
  const digits = String(fnv1a(canonical(value)));
  return Array.from(digits, (digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join('');
}

export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) {
    hash ^= byte;
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join(',')}}`;
}

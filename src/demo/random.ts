/** A seeded source of numbers in [0, 1), so that a demo run can be repeated (mulberry32). */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A 32-bit hash of a text (FNV-1a), to seed a generator from a name. */
export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Multiplies a duration: mostly within 2 %, now and then a hiccup of a host that does something else. */
export function durationNoise(random: Random): number {
  const spread = 1 + (random() + random() - 1) * 0.04;
  return random() < 0.004 ? spread * (1.3 + random()) : spread;
}

const binaryUnits: Readonly<Record<string, number>> = {
  '': 1,
  c: 1,
  b: 512,
  k: 1024,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};
const decimalUnits: Readonly<Record<string, number>> = { kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** `4`, `4k`, `4M`, `4MB`, `4MiB`, `4kx8` as coreutils read sizes; undefined when it is none. */
export function parseSize(text: string | undefined): number | undefined {
  const match = /^(\d+)([a-zA-Z]*)$/.exec(text ?? '');
  if (match?.[1] === undefined) return undefined;
  const unit = (match[2] ?? '').replace(/iB$/, '');
  const factor = binaryUnits[unit] ?? decimalUnits[unit];
  return factor === undefined ? undefined : Number(match[1]) * factor;
}

/** Seconds of `10`, `1.5s`, `2m`, `1h`, `infinity`; undefined when it is none. */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY;
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text ?? '');
  if (match?.[1] === undefined) return undefined;
  const factor = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? ''] ?? 1;
  return Number(match[1]) * factor;
}

/** A resource quantity, exactly, in billionths of its unit; and how it was written. */
export interface Quantity {
  readonly nano: bigint;
  readonly notation: 'binary' | 'decimal' | 'exponent';
}

const PATTERN = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL: readonly (readonly [suffix: string, exponent: number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
];
const NANO = 1_000_000_000n;

/** Longer than any amount that means something: exact arithmetic of what a server sends has to end. */
const LONGEST = 128;

/** Undefined when the text is no quantity. More than nine decimal places round up, as the server does. */
export function parseQuantity(value: unknown): Quantity | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || text.length > LONGEST) return undefined;
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', binary, decimal, exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const power =
    decimal === undefined ? Number(exponent ?? 0) : (DECIMAL.find(([suffix]) => suffix === decimal)?.[1] ?? 0);
  const scale = 9 + power - fraction.length;
  const factor = binary === undefined ? 1n : 1024n ** BigInt(BINARY.indexOf(binary));
  const nano = scale >= 0 ? digits * factor * 10n ** BigInt(scale) : divideUp(digits * factor, 10n ** BigInt(-scale));
  return {
    nano: sign === '-' ? -nano : nano,
    notation: binary === undefined ? (exponent === undefined ? 'decimal' : 'exponent') : 'binary',
  };
}

/** A quantity as a number of its unit, to the nearest; undefined when it is none. */
export function quantityNumber(value: unknown): number | undefined {
  const quantity = parseQuantity(value);
  return quantity && unitsOf(quantity.nano);
}

/** Billionths as a number of the unit, to the nearest. */
export function unitsOf(nano: bigint): number {
  return Number(nano / NANO) + Number(nano % NANO) / 1e9;
}

/** As the server prints it: no fraction, the largest suffix that loses nothing (`1000m` is `1`, `1024Mi` is `1Gi`). */
export function formatQuantity({ nano, notation }: Quantity): string {
  if (nano === 0n) return '0';
  const size = nano < 0n ? -nano : nano;
  if (notation === 'binary' && size >= 1024n * NANO) return formatBinary(nano);
  let power = -9;
  let rest = nano;
  while (power < 18 && rest % 1000n === 0n) {
    rest /= 1000n;
    power += 3;
  }
  const suffix = DECIMAL.find(([, exponent]) => exponent === power)?.[0] ?? '';
  if (notation === 'exponent') return power === 0 ? String(rest) : `${rest}e${power}`;
  return `${rest}${suffix}`;
}

function formatBinary(nano: bigint): string {
  let rest = nano % NANO === 0n ? nano / NANO : divideUp(nano, NANO);
  let power = 0;
  while (power < BINARY.length - 1 && rest % 1024n === 0n) {
    rest /= 1024n;
    power += 1;
  }
  return `${rest}${BINARY[power] ?? ''}`;
}

function divideUp(value: bigint, divisor: bigint): bigint {
  return value % divisor === 0n ? value / divisor : value / divisor + 1n;
}

const lengthDelimited = 2;
const varintType = 0;
const more = 0x80;

/** A message of the fields given, in their order; undefined ones are left out. */
export function message(...fields: readonly (Buffer | undefined)[]): Buffer {
  return Buffer.concat(fields.filter((field) => field !== undefined));
}

/** A text or message field. */
export function field(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((number << 3) | lengthDelimited), varint(bytes.length), bytes]);
}

export function flag(number: number, value: boolean): Buffer {
  return Buffer.concat([varint((number << 3) | varintType), varint(Number(value))]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= more; rest = Math.floor(rest / more)) bytes.push((rest % more) | more);
  return Buffer.from([...bytes, rest]);
}

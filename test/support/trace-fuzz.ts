// Traces that are valid JSON and as odd as writers make them: every spelling of numbers and strings, keys in any order and
// twice, objects where none belong, unsorted and missing times. The same seed gives the same trace.

export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }

  shuffle(items: unknown[]): void {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [items[i], items[j]] = [items[j], items[i]];
    }
  }
}

const NAMES = [
  'nccl x',
  'a"b"{}[]',
  'back\\slash',
  'trail\\',
  'k<{lambda()#3}>',
  'é日本\u{1F600}',
  '"device": 3,',
  '\\"',
  'x'.repeat(5160),
  '',
  'moe_a2a',
  'deep_ep::dispatch',
  'ProfilerStep#3',
  'execute_context_0(0)_generation_64(64)',
  'cudaGraphLaunch',
  '}{',
  'a,b',
  'line\nend',
  'step[DECODE bs=32]',
];
const CATEGORIES = [
  'Kernel',
  'gpu_memcpy',
  'Memcpy',
  'gpu_memset',
  'Memset',
  'user_annotation',
  'gpu_user_annotation',
  'cuda_runtime',
  'cuda_driver',
  'Runtime',
  'python_function',
  'cpu_op',
  'Trace',
  'ac2g',
  'weird "cat"',
  'k',
];
const EPOCHS = [6520430063606411n, 1712195495502094565n, 1000n, 0n, 1661938466265032000n];

class Writer {
  readonly #dice: Dice;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  space(): string {
    return this.#dice.pick(['', '', ' ', '\n', '\n    ', '\t', ` \r\n${' '.repeat(this.#dice.integer(0, 40))}`]);
  }

  string(text: string): string {
    const json = JSON.stringify(text);
    if (this.#dice.chance(0.7)) return json;
    return json
      .replaceAll(/[^\\"\u0020-\u007E]/gu, (found) =>
        Array.from({ length: found.length }, (_, i) => `\\u${found.charCodeAt(i).toString(16).padStart(4, '0')}`).join(
          '',
        ),
      )
      .replaceAll('/', '\\/');
  }

  /** Nanoseconds as microseconds, in one of many spellings. */
  time(value: bigint): string {
    const sign = value < 0n ? '-' : '';
    const size = value < 0n ? -value : value;
    const whole = `${sign}${size / 1000n}`;
    const rest = String(size % 1000n).padStart(3, '0');
    const kind = this.#dice.next();
    if (kind < 0.5) return `${whole}.${rest}`;
    if (kind < 0.6 && size % 10n === 0n) return `${whole}.${rest.slice(0, 2)}`;
    if (kind < 0.65)
      return `${whole}.${rest}${Array.from({ length: this.#dice.integer(1, 9) }, () => this.#dice.integer(0, 9)).join('')}`;
    if (kind < 0.7) return `${whole}.${rest}e${this.#dice.pick(['0', '+0', '-0'])}`;
    if (kind < 0.75) return `${sign}${size}E-3`;
    if (kind < 0.8) return whole;
    if (kind < 0.85) return `"${whole}.${rest}"`;
    if (kind < 0.9) return `${whole}.${rest}5`;
    return `${whole}.${rest}`;
  }

  object(items: readonly (readonly [string, string])[]): string {
    const pairs = items.map(
      ([key, value]) => `${this.space()}${JSON.stringify(key)}${this.space()}:${this.space()}${value}${this.space()}`,
    );
    return `{${this.space()}${pairs.join(',')}${this.space()}}`;
  }
}

export function oddTrace(seed: number): string {
  const dice = new Dice(seed);
  const writer = new Writer(dice);
  const rareCategories = dice.chance(0.1) ? 400 : 0;
  const events: string[] = [];
  let now = dice.pick(EPOCHS);
  for (let i = dice.integer(0, 120); i > 0; i--) {
    now += BigInt(dice.integer(-2000, 9000));
    events.push(writer.object(fields(dice, writer, now, i)));
  }
  for (let i = 0; i < rareCategories; i++)
    events.push(`{"ph":"X","cat":"rare ${i}","name":"r","ts":${now / 1000n},"dur":1}`);
  const around: [string, string][] = [
    ['schemaVersion', '1'],
    ['x', '["traceEvents"]'],
    ['n', '{"traceEvents": [1]}'],
    ['displayTimeUnit', '"ms"'],
    ['distributedInfo', `{"rank": ${seed}, "world_size": 8, "backend": "nccl"}`],
    ['baseTimeNanoseconds', '1735632360000000001'],
  ];
  dice.shuffle(around);
  const list = `[${writer.space()}${events.map((event) => `${writer.space()}${event}${writer.space()}`).join(',')}${writer.space()}]`;
  around.splice(dice.integer(0, around.length), 0, ['traceEvents', list]);
  return `${writer.space()}${writer.object(around)}${writer.space()}`;
}

function fields(dice: Dice, writer: Writer, now: bigint, index: number): [string, string][] {
  const category = dice.chance(0.4) ? dice.pick(CATEGORIES) : 'kernel';
  const items: [string, string][] = [
    ['ph', writer.string(dice.pick(['X', 'X', 'X', 'X', 'X', 'X', 'X', 's', 'f', 'M', 'i', 'begin']))],
  ];
  if (dice.chance(0.97)) items.push(['cat', dice.chance(0.02) ? 'null' : writer.string(category)]);
  items.push(['name', writer.string(dice.pick(NAMES))]);
  if (dice.chance(0.98))
    items.push(
      ['pid', writer.string(dice.pick(['Spans', '7']))].map((value, i) =>
        i === 1 && dice.chance(0.7) ? dice.pick(['0', '851', 'null']) : value,
      ) as [string, string],
    );
  items.push(['tid', dice.pick(['7', '"stream 7"', '23'])]);
  if (dice.chance(0.97)) items.push(['ts', writer.time(now)]);
  const duration = dice.pick([BigInt(dice.integer(0, 9000)), BigInt(dice.integer(0, 9000)), -5n, 0n, 5_000_000_000n]);
  if (dice.chance(0.95)) items.push(['dur', dice.chance(0.98) ? writer.time(duration) : 'null']);
  if (dice.chance(0.9)) items.push(['args', writer.object(args(dice, writer, index))]);
  if (dice.chance(0.1)) {
    items.push([
      dice.pick(['id', 'bp', 's', 'tts', 'namex', 'phx', 'dura', 'weird \\ key', 'args2']),
      dice.pick(['1', '"x"', '{"a":[1,"]"]}', '[{"ph":"X"}]', 'null', 'true', '-1.5e3']),
    ]);
  }
  if (dice.chance(0.4)) dice.shuffle(items);
  return items;
}

function args(dice: Dice, writer: Writer, index: number): [string, string][] {
  const items: [string, string][] = [
    ['External id', String(index)],
    ['kind', writer.string(dice.pick(['device', 'stream', 'corr"elation":4', '}', 'a\\']))],
    ['grid', dice.chance(0.1) ? `[${index}, 1, {"device": 9}]` : '[1, 2, 3]'],
  ];
  if (dice.chance(0.15)) items.push(['nest', '{"device": 77, "stream": {"correlation": 5}, "s": "}"}']);
  for (let twice = dice.chance(0.1) ? 2 : 1; twice > 0; twice--) {
    if (dice.chance(0.9)) items.push(['device', dice.pick(['0', '1', '"0"', 'null'])]);
    if (dice.chance(0.9)) items.push(['stream', dice.pick(['7', '23', '"7"'])]);
    if (dice.chance(0.9))
      items.push([
        'correlation',
        dice.chance(0.1)
          ? dice.pick(['4294967295', '4294967301', '18446744073709551616', '-1', '"5"'])
          : String(dice.integer(1, 40)),
      ]);
  }
  dice.shuffle(items);
  return items;
}

/** One question with its worked answer. */
export interface Question {
  readonly question: string;
  readonly steps: string;
  readonly answer: number;
}

type Template = (a: number, b: number, c: number, name: string) => Question;

const NAMES = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eva', 'Finn', 'Gita', 'Hugo', 'Ida', 'Jon'];

/** Word problems of our own in the manner of grade-school arithmetic: one to three steps, whole numbers. */
const TEMPLATES: readonly Template[] = [
  (a, b, c, name) => ({
    question: `${name} has ${a} apples. ${name} buys ${b} more apples. Then ${name} gives away ${c} apples. How many apples are left?`,
    steps: `${a} + ${b} = ${a + b}. ${a + b} - ${c} = ${a + b - c}.`,
    answer: a + b - c,
  }),
  (a, b, _, name) => ({
    question: `${name} packs ${a} boxes. Each box holds ${b} books. How many books are there?`,
    steps: `${a} * ${b} = ${a * b}.`,
    answer: a * b,
  }),
  (a, b, c, name) => ({
    question: `${name} plants ${a} rows of ${b} flowers. ${c} flowers are lost in a storm. How many flowers remain?`,
    steps: `${a} * ${b} = ${a * b}. ${a * b} - ${c} = ${a * b - c}.`,
    answer: a * b - c,
  }),
  (a, b, c, name) => ({
    question: `${name} collects ${a} shells on Monday. On Tuesday ${name} finds ${b} shells. On Wednesday ${name} finds ${c} shells. How many shells does ${name} have?`,
    steps: `${a} + ${b} = ${a + b}. ${a + b} + ${c} = ${a + b + c}.`,
    answer: a + b + c,
  }),
  (a, b, _, name) => ({
    question: `${name} has ${a * b} stickers. They are shared equally among ${b} friends. How many stickers does a friend get?`,
    steps: `${a * b} / ${b} = ${a}.`,
    answer: a,
  }),
  (a, b, c, name) => ({
    question: `A train has ${a} coaches. Each coach seats ${b} people. ${name} counts the tickets. Another ${c} people get standing tickets more. How many people ride?`,
    steps: `${a} * ${b} = ${a * b}. ${a * b} + ${c} = ${a * b + c}.`,
    answer: a * b + c,
  }),
  (a, b, _, name) => ({
    question: `${name} is ${a + b} years old. A brother is ${b} years younger. How old is the brother?`,
    steps: `${a + b} - ${b} = ${a}.`,
    answer: a,
  }),
  (a, b, c, name) => ({
    question: `${name} earns ${a} dollars per hour. ${name} works ${b} hours each day. ${name} spends ${c} dollars on lunch. How many dollars remain?`,
    steps: `${a} * ${b} = ${a * b}. ${a * b} - ${c} = ${a * b - c}.`,
    answer: a * b - c,
  }),
];

/** Questions `from` to `from + count`; the numbers follow from the index alone. */
export function questions(from: number, count: number): readonly Question[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = from + offset;
    const template = TEMPLATES[index % TEMPLATES.length] ?? TEMPLATES[0];
    if (template === undefined) throw new Error('there is no template');
    const a = 6 + ((index * 7) % 23);
    const b = 3 + ((index * 5) % 11);
    return template(a, b, 1 + (index % (a - 2)), NAMES[(index * 3) % NAMES.length] ?? 'Ada');
  });
}

export const TEST_QUESTIONS = 120;

/** Examples for the prompt stand behind the test questions, so that none is both. */
export function fewShot(count: number): readonly Question[] {
  return questions(TEST_QUESTIONS, count);
}

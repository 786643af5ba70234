/**
 * The demo models' arithmetic: reads the last question of a prompt sentence by sentence, keeps a running amount and
 * tells the steps in the answer format of grade-school data sets. It misreads what it has no rule for, as small
 * models do, so an evaluation of it has a true score below 1.
 */
export interface Solution {
  readonly text: string;
  readonly answer: number;
}

interface Rule {
  readonly pattern: RegExp;
  readonly operator: '+' | '-' | '*' | '/';
}

const RULES: readonly Rule[] = [
  { pattern: /\b(shared?|splits?|divides?d?|equally)\b/i, operator: '/' },
  { pattern: /\b(each|every|per|times|rows? of|boxes of|packs of)\b/i, operator: '*' },
  {
    pattern: /\b(gives?|gave|loses?|lost|eats?|ate|sells?|sold|spends?|spent|uses?|used|breaks?|leaves?)\b/i,
    operator: '-',
  },
  {
    pattern: /\b(more|buys?|bought|finds?|found|gets?|receives?|earns?|adds?|collects?|joins?|picks?)\b/i,
    operator: '+',
  },
];

/** Undefined when the prompt does not end with a question that asks for an answer. */
export function solveWordProblem(prompt: string): Solution | undefined {
  const question = /Question:((?:(?!Question:)[\s\S])*)Answer:\s*$/.exec(prompt)?.[1];
  if (question === undefined) return undefined;
  let amount: number | undefined;
  const steps: string[] = [];
  for (const sentence of question.split(/[.?!]\s/)) {
    const numbers = (sentence.match(/\d[\d,]*(?:\.\d+)?/g) ?? []).map((digits) => Number(digits.replaceAll(',', '')));
    for (const number of numbers) {
      if (amount === undefined) {
        amount = number;
        continue;
      }
      const operator = RULES.find((rule) => rule.pattern.test(sentence))?.operator;
      if (operator === undefined) continue;
      const next = apply(operator, amount, number);
      steps.push(`${amount} ${operator} ${number} = ${next}.`);
      amount = next;
    }
  }
  if (amount === undefined) return undefined;
  return { text: ` ${steps.length === 0 ? `It is ${amount}.` : steps.join(' ')}\n#### ${amount}\n\n`, answer: amount };
}

function apply(operator: Rule['operator'], left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? left : Math.round((left / right) * 100) / 100;
  }
}

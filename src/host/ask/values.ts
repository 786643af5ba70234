import { WorkbenchError } from '../../base/errors.ts';
import type { BenchmarkParameter } from '../../benchmarks/types.ts';
import type { GuideValue } from '../../deployment/types.ts';
import { choose, enter, type Answer } from './steps.ts';

/** A value that can be asked for, from a guide or a recipe. */
export interface AskedValue {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly kind: GuideValue['kind'] | BenchmarkParameter['kind'];
  readonly default: string;
  readonly minimum?: number;
  /** Refuses what the kind alone would take. */
  readonly refuse?: (text: string) => string | undefined;
  /** What may be chosen, where that is known. */
  readonly options?: () => readonly string[];
}

export type Values = Readonly<Record<string, string>>;

const CONTINUE = Symbol('continue');

/** All values in one list with what they are now: Enter takes them as they stand, choosing one changes it. */
export async function askValues(
  options: { readonly title: string; readonly step: number; readonly totalSteps: number; readonly values: readonly AskedValue[]; readonly now: Values; readonly go: string },
): Promise<Answer<Values>> {
  let now: Values = Object.fromEntries(options.values.map((value) => [value.id, options.now[value.id] ?? value.default]));
  for (;;) {
    const chosen = await choose<AskedValue | typeof CONTINUE>({
      title: options.title,
      step: options.step,
      totalSteps: options.totalSteps,
      placeholder: 'Enter takes these values; choose one to change it',
      choices: () =>
        Promise.resolve([
          { label: `$(check) ${options.go}`, alwaysShow: true, value: CONTINUE },
          ...options.values.map((value) => ({ label: value.title, description: now[value.id] ?? '', detail: value.description, value })),
        ]),
    });
    if (chosen.kind !== 'answer') return chosen;
    const { value } = chosen;
    if (value === CONTINUE) {
      refuseAll(options.values, now);
      return { kind: 'answer', value: now };
    }
    const changed = await changeValue(options.title, value, now[value.id] ?? '');
    if (changed.kind === 'away') return changed;
    if (changed.kind === 'answer') now = { ...now, [value.id]: changed.value };
  }
}

function changeValue(title: string, value: AskedValue, now: string): Promise<Answer<string>> {
  const known = value.options?.() ?? [];
  if (known.length > 0) {
    return choose<string>({
      title: `${title}: ${value.title}`,
      step: 2,
      placeholder: value.description,
      choices: () => Promise.resolve(known.map((option) => ({ label: option, value: option }))),
      last: (option) => option === now,
    });
  }
  return enter({ title: `${title}: ${value.title}`, prompt: value.description, value: now, refuse: (text) => refusal(value, text) });
}

/** Remembered values may no longer fit a newer guide. */
function refuseAll(values: readonly AskedValue[], now: Values): void {
  for (const value of values) {
    const why = refusal(value, now[value.id] ?? '');
    if (why !== undefined) throw new WorkbenchError({ code: 'bad-usage', message: `${value.title}: ${why}`, hint: 'Choose the value in the list to change it.' });
  }
}

export function refusal(value: AskedValue, text: string): string | undefined {
  const trimmed = text.trim();
  switch (value.kind) {
    case 'integer':
      if (!/^\d+$/.test(trimmed)) return 'A whole number is wanted';
      if (value.minimum !== undefined && Number(trimmed) < value.minimum) return `At least ${value.minimum}`;
      return value.refuse?.(trimmed);
    case 'integers':
      return /^\d+(\s*,\s*\d+)*$/.test(trimmed) ? value.refuse?.(trimmed) : 'Whole numbers separated by commas are wanted, such as 1,8,64';
    case 'string':
      return value.refuse?.(trimmed);
    case 'pod':
      return value.refuse?.(trimmed);
  }
}

import { WorkbenchError } from '../../base/errors.ts';
import { refusal, type AskedValue } from './asked-value.ts';
import { choose, enter, type Answer } from './steps.ts';

export type Values = Readonly<Record<string, string>>;

const CONTINUE = Symbol('continue');

/** All values in one list with what they are now: Enter takes them as they stand, choosing one changes it. */
export async function askValues(options: {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly values: readonly AskedValue[];
  readonly now: Values;
  readonly go: string;
}): Promise<Answer<Values>> {
  let now: Values = Object.fromEntries(
    options.values.map((value) => [value.id, options.now[value.id] ?? value.default]),
  );
  for (;;) {
    const chosen = await choose<AskedValue | typeof CONTINUE>({
      title: options.title,
      step: options.step,
      totalSteps: options.totalSteps,
      placeholder: 'Enter takes these values; choose one to change it',
      choices: () =>
        Promise.resolve([
          { icon: 'check', label: options.go, alwaysShow: true, value: CONTINUE },
          ...options.values.map((value) => ({
            label: value.title,
            description: now[value.id] ?? '',
            detail: value.description,
            value,
          })),
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
  return enter({
    title: `${title}: ${value.title}`,
    prompt: value.description,
    value: now,
    refuse: (text) => refusal(value, text),
  });
}

/** Remembered values may no longer fit a newer guide. */
function refuseAll(values: readonly AskedValue[], now: Values): void {
  for (const value of values) {
    const why = refusal(value, now[value.id] ?? '');
    if (why !== undefined)
      throw new WorkbenchError({
        code: 'bad-usage',
        message: `${value.title}: ${why}`,
        hint: 'Choose the value in the list to change it.',
      });
  }
}

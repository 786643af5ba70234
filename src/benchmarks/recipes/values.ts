import { WorkbenchError } from '../../base/errors.ts';
import type { BenchmarkParameter, BenchmarkRecipe } from '../types.ts';

/** Parameter values of one run, checked by kind: what a recipe reads from here is never malformed. */
export interface RecipeValues {
  text(id: string): string;
  integer(id: string): number;
  integers(id: string): readonly number[];
}

/** A benchmark that asks for more does so by mistake. */
const LARGEST = 10_000_000;

/** Fills in defaults and checks every value. Throws `bad-usage` that names the parameter. */
export function checkValues(
  recipe: Pick<BenchmarkRecipe, 'id' | 'parameters'>,
  given: Readonly<Record<string, string>>,
): RecipeValues {
  for (const id of Object.keys(given)) {
    if (!recipe.parameters.some((parameter) => parameter.id === id)) {
      throw badValue(
        `recipe ${recipe.id} has no parameter ${id}`,
        `It has ${recipe.parameters.map((parameter) => parameter.id).join(', ')}.`,
      );
    }
  }
  const values = new Map(
    recipe.parameters.map((parameter) => [
      parameter.id,
      check(recipe.id, parameter, (given[parameter.id] ?? parameter.default).trim()),
    ]),
  );
  const text = (id: string): string => {
    const value = values.get(id);
    if (value === undefined)
      throw new WorkbenchError({
        code: 'internal',
        message: `recipe ${recipe.id} reads its parameter ${id}, which it does not declare`,
      });
    return value;
  };
  return { text, integer: (id) => Number(text(id)), integers: (id) => text(id).split(',').map(Number) };
}

/** All values as text, for the run's record. */
export function recordedValues(
  recipe: Pick<BenchmarkRecipe, 'parameters'>,
  values: RecipeValues,
): Readonly<Record<string, string>> {
  return Object.fromEntries(recipe.parameters.map(({ id }) => [id, values.text(id)]));
}

function check(recipe: string, parameter: BenchmarkParameter, value: string): string {
  const { id, kind } = parameter;
  switch (kind) {
    case 'integer':
      if (!isCount(value))
        throw badValue(`parameter ${id} of recipe ${recipe} is "${value}"`, 'Give a whole number, 0 or more.');
      return value;
    case 'integers': {
      const items = value.split(',').map((item) => item.trim());
      if (!items.every((item) => isCount(item) && Number(item) > 0))
        throw badValue(
          `parameter ${id} of recipe ${recipe} is "${value}"`,
          'Give whole numbers above 0, separated by commas.',
        );
      return items.join(',');
    }
    case 'string':
    case 'pod':
      return value;
  }
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= LARGEST;
}

function badValue(message: string, hint: string): WorkbenchError {
  return new WorkbenchError({ code: 'bad-usage', message, hint });
}

import { WorkbenchError } from '../../base/errors.ts';
import { guidellm, parallelGuidellm } from './guidellm.ts';
import { lmEval } from './lm-eval.ts';
import { oneInstance, pureDecode } from './one-instance.ts';
import type { Recipe } from './recipe.ts';
import { vllmBench } from './vllm-bench.ts';

export const RECIPES: readonly Recipe[] = [vllmBench, guidellm, parallelGuidellm, pureDecode, oneInstance, lmEval];

export function recipeById(id: string): Recipe {
  const recipe = RECIPES.find((each) => each.id === id);
  if (!recipe)
    throw new WorkbenchError({
      code: 'bad-usage',
      message: `there is no benchmark recipe ${id}`,
      hint: `There are ${RECIPES.map((each) => each.id).join(', ')}.`,
    });
  return recipe;
}

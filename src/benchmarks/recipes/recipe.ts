import type { Endpoint } from '../../poker/types.ts';
import type { BenchmarkRecipe } from '../types.ts';
import type { RecipeValues } from './values.ts';

/** One command of a run. Steps run one after another; a step that fails ends the run. */
export interface Step {
  /** The load level, e.g. `concurrency 64`. */
  readonly title: string;
  readonly argv: readonly string[];
}

/** What a recipe's commands are made from. */
export interface RecipeContext {
  readonly values: RecipeValues;
  readonly endpoint: Endpoint;
  /** The model-server pod that a parameter of kind `pod` names; undefined for recipes without one. */
  readonly target: { readonly name: string; readonly ip: string } | undefined;
  /** Folder in the pod; each JSON file that a step leaves in it is a result of the run. */
  readonly results: string;
  /** Version of guidellm in the pod, for recipes with `asksGuidellm`. */
  readonly guidellm: GuidellmVersion | undefined;
}

export type GuidellmVersion = readonly [major: number, minor: number, patch: number];

/** A recipe as data and pure functions: nothing in it talks to a cluster. */
export interface Recipe extends BenchmarkRecipe {
  /** Its commands differ by guidellm's version, so that the pod is asked for it first. */
  readonly asksGuidellm?: boolean;
  /** A short name of a run, e.g. `vllm bench c=8,64 128/128`. */
  label(values: RecipeValues): string;
  steps(context: RecipeContext): readonly Step[];
  /** Pods of the Job; 1 in the poker pod. */
  workers(values: RecipeValues): number;
}

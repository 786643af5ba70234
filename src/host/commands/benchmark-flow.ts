import type { BenchmarkParameter, BenchmarkRecipe, BenchmarkRequest } from '../../benchmarks/types.ts';
import { podsReport } from '../../inventory/pods.ts';
import type { ClusterRef } from '../../kube/types.ts';
import { askDeployment } from '../ask/deployment.ts';
import { askInTurn, choose } from '../ask/steps.ts';
import type { AskedValue } from '../ask/asked-value.ts';
import { askValues, type Values } from '../ask/values.ts';
import type { Host } from '../host.ts';
import { placeOf } from '../../kube/place.ts';
import type { ClusterCall } from './definition.ts';

interface BenchmarkAnswers {
  readonly recipe?: BenchmarkRecipe;
  readonly parameters?: Values;
}

const QUESTION = 'benchmark';

/** Recipe, then its parameters as they were the last time. Enter twice repeats the last run. */
export async function askBenchmark(
  call: ClusterCall,
  given: string | undefined,
): Promise<BenchmarkRequest | undefined> {
  const { host, cluster, title } = call;
  const deployment = await askDeployment(call, given);
  if (deployment === undefined) return undefined;
  const last = host.memory.recall(QUESTION);
  const answers = await askInTurn<BenchmarkAnswers>({}, [
    async (state, place) => {
      const answer = await choose<BenchmarkRecipe>({
        title,
        ...place,
        placeholder: `What to run against ${deployment} in ${placeOf(cluster)}`,
        choices: async () =>
          (await host.workbench.benchmarks.recipes()).map((recipe) => ({
            label: recipe.title,
            description: recipe.where === 'poker' ? 'in the poker pod' : 'as a Job',
            detail: recipe.description,
            value: recipe,
          })),
        last: (recipe) => recipe.id === last['recipe'],
      });
      return answer.kind === 'answer' ? { kind: 'answer', value: { ...state, recipe: answer.value } } : answer;
    },
    async (state, place) => {
      const answer = await askValues({
        title: `${title}: ${state.recipe?.title ?? ''}`,
        ...place,
        values: (state.recipe?.parameters ?? []).map((parameter) => asked(host, cluster, deployment, parameter)),
        now: host.memory.recall(`${QUESTION}.${state.recipe?.id ?? ''}`),
        go: `Run against ${deployment}`,
      });
      return answer.kind === 'answer' ? { kind: 'answer', value: { ...state, parameters: answer.value } } : answer;
    },
  ]);
  if (!answers?.recipe || !answers.parameters) return undefined;
  await host.memory.keep(QUESTION, { recipe: answers.recipe.id });
  await host.memory.keep(`${QUESTION}.${answers.recipe.id}`, answers.parameters);
  return { cluster, recipe: answers.recipe.id, parameters: answers.parameters, deployment };
}

function asked(host: Host, cluster: ClusterRef, deployment: string, parameter: BenchmarkParameter): AskedValue {
  return parameter.kind === 'pod' ? { ...parameter, options: () => serverPods(host, cluster, deployment) } : parameter;
}

function serverPods(host: Host, cluster: ClusterRef, deployment: string): readonly string[] {
  const { snapshot } = host.workbench.inventory;
  if (!snapshot) return [];
  return podsReport(snapshot, host.workbench.owner)
    .deployments.filter((found) => found.name === deployment && found.namespace === cluster.namespace)
    .flatMap((found) => found.roles.filter(({ role }) => role === 'decode' || role === 'both' || role === 'prefill'))
    .flatMap((role) => role.groups.flatMap((group) => group.pods.map((pod) => pod.name)));
}

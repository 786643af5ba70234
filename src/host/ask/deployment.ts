import { timeLimit } from '../../base/clock.ts';
import { WorkbenchError } from '../../base/errors.ts';
import type { ClusterCall } from '../commands/definition.ts';
import { placeOf } from '../../kube/place.ts';
import { choose } from './steps.ts';

/** One of my deployments by name: the one that was given, or the only one, without asking; else from a list. */
export async function askDeployment(
  { host, cluster, title }: ClusterCall,
  given: string | undefined,
): Promise<string | undefined> {
  if (given !== undefined) return given;
  const deployed = await host.workbench.deployments.list(
    cluster,
    timeLimit(30_000, `list deployments in ${placeOf(cluster)}`),
  );
  const [first] = deployed;
  if (!first) {
    throw new WorkbenchError({
      code: 'not-found',
      message: `${host.workbench.owner} has no deployment in ${placeOf(cluster)}`,
      hint: 'Deploy a guide first, or select the namespace where it is.',
    });
  }
  if (deployed.length === 1) return first.name;
  const answer = await choose<string>({
    title,
    placeholder: `Deployments of ${host.workbench.owner} in ${placeOf(cluster)}`,
    choices: () =>
      Promise.resolve(
        deployed.map(({ name, model, guide }) => ({
          label: name,
          description: model,
          detail: guide === undefined ? 'made from a guide that this Workbench does not have' : `guide ${guide}`,
          value: name,
        })),
      ),
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

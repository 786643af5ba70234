import { WorkbenchError } from '../../base/errors.ts';
import { choose } from '../ask/steps.ts';
import { placeOf } from '../../kube/place.ts';
import type { PodName } from './arguments.ts';
import { clusterCommand, type ClusterCall } from './definition.ts';

export const EVIDENCE_COMMANDS = {
  'llmd.showEvidence': clusterCommand('llmd.showEvidence', {
    ask: askCrash,
    async run({ host, cluster }, { namespace, name }) {
      const crash = host.workbench.loading.crashes.get(`${namespace}/${name}`);
      if (!crash)
        throw new WorkbenchError({
          code: 'pod-gone',
          message: `no crash of pod ${name} in ${cluster.context}/${namespace} is remembered`,
          hint: 'Crashes are noticed while the Model Servers view is open; evidence of former ones is in .tmp/evidence.',
        });
      await host.evidence.show(name, crash.evidence);
    },
  }),
};

async function askCrash(
  { host, title, cluster }: ClusterCall,
  given: PodName | undefined,
): Promise<PodName | undefined> {
  if (given !== undefined) return given;
  const crashes = [...host.workbench.loading.crashes];
  if (crashes.length === 0) {
    host.say(`No crash was noticed in ${placeOf(cluster)}.`);
    return undefined;
  }
  const answer = await choose<PodName>({
    title,
    placeholder: `Crashed pods in ${placeOf(cluster)}`,
    choices: () =>
      Promise.resolve(
        crashes.map(([key, { times, evidence }]) => {
          const name = key.slice(evidence.namespace.length + 1);
          return {
            label: name,
            description: `${evidence.cause?.title ?? 'cause not known'} (${times}x)`,
            value: { namespace: evidence.namespace, name },
          };
        }),
      ),
  });
  return answer.kind === 'answer' ? answer.value : undefined;
}

import { WorkbenchError } from '../../base/errors.ts';
import { choose } from '../ask/steps.ts';
import { placeOf } from '../session.ts';
import { firstTarget } from './arguments.ts';
import { clusterCommand, type ClusterCall, type TableEntry } from './definition.ts';

interface PodName {
  readonly namespace: string;
  readonly name: string;
}

export const EVIDENCE_COMMANDS: readonly TableEntry[] = [
  clusterCommand<PodName>({
    id: 'llmd.showEvidence',
    title: 'Show Evidence of Crash',
    doing: 'show the evidence of a crash',
    argument: (given) => firstTarget(given, 'pod'),
    ask: (call) => askCrash(call),
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
];

async function askCrash({ host, cluster }: ClusterCall): Promise<PodName | undefined> {
  const crashes = [...host.workbench.loading.crashes];
  if (crashes.length === 0) {
    host.say(`No crash was noticed in ${placeOf(cluster)}.`);
    return undefined;
  }
  const answer = await choose<PodName>({
    title: 'Show Evidence of Crash',
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

import { isWorkbenchError } from '../base/errors.ts';
import { at, isObject, numberAt } from '../base/json.ts';
import type { GpuReport } from '../inventory/types.ts';
import { describeNeed, describeNeeds, needOf } from '../kube/access/access.ts';
import type { AccessNeed } from '../kube/access/types.ts';
import type { KubeClient } from '../kube/types.ts';
import { effectiveGpus } from '../kube/model/effective-request.ts';
import type { LeaderWorkerSet } from '../kube/model/custom-kinds.ts';
import type { Deployment, PodSpec } from '../kube/model/kinds.ts';
import type { KubeObject } from '../kube/model/types.ts';
import type { GuideFile } from './guides.ts';
import { podTemplates } from './render.ts';
import type { Finding } from './types.ts';
import { Namespaces, Secrets } from '../kube/resources.ts';

/** What would make the deployment fail or wait, found before anything is applied. Empty: nothing in the way. `present`: what an earlier deploy of the same name left running. */
export async function preflight(
  client: KubeClient,
  guide: GuideFile,
  objects: readonly KubeObject[],
  present: readonly KubeObject[],
  gpus: GpuReport | undefined,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const found = await Promise.all([
    missingKinds(client, guide, signal),
    missingNamespace(client, signal),
    missingSecrets(client, guide, signal),
    deniedVerbs(client, objects, present, signal),
  ]);
  return [...found.flat(), ...capacity(client, objects, present, gpus)];
}

async function missingKinds(client: KubeClient, guide: GuideFile, signal: AbortSignal): Promise<readonly Finding[]> {
  const served = await Promise.all(
    guide.requires.map(async (need) => ({
      need,
      resource: await client.resourceOf(need.apiVersion, need.kind, signal),
    })),
  );
  return served
    .filter(({ resource }) => resource === undefined)
    .map(({ need }) => ({
      severity: 'error',
      code: 'resource-absent',
      message: `Context ${client.cluster.context} does not serve ${need.kind} (${need.apiVersion}).`,
      hint: need.hint,
    }));
}

async function missingNamespace(client: KubeClient, signal: AbortSignal): Promise<readonly Finding[]> {
  try {
    await client.get(Namespaces, undefined, client.cluster.namespace, signal);
    return [];
  } catch (error) {
    // A user who may not read namespaces finds out at the apply; that is no reason to stop him here.
    if (!isWorkbenchError(error, 'not-found')) return [];
    return [
      {
        severity: 'error',
        code: 'namespace-missing',
        message: `Namespace ${client.cluster.namespace} is not there in context ${client.cluster.context}.`,
        hint: `Create it with "kubectl --context ${client.cluster.context} create namespace ${client.cluster.namespace}", or select another one.`,
      },
    ];
  }
}

async function missingSecrets(client: KubeClient, guide: GuideFile, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    guide.secrets.map(async ({ name, key }): Promise<Finding | undefined> => {
      try {
        const secret = await client.get(Secrets, client.cluster.namespace, name, signal);
        if (isObject(secret['data']) && key in secret['data']) return undefined;
      } catch (error) {
        if (!isWorkbenchError(error, 'not-found')) return undefined;
      }
      return {
        severity: 'warning',
        code: 'secret-missing',
        message: `Secret ${name} with key ${key} is not there in ${client.cluster.context}/${client.cluster.namespace}: a gated model will not load.`,
        hint: 'Run "llm-d: Create Secrets".',
      };
    }),
  );
  return findings.filter((finding) => finding !== undefined);
}

/** Applying looks at what is there and patches it, and creates what is not: the API server asks for both verbs then. */
async function deniedVerbs(
  client: KubeClient,
  objects: readonly KubeObject[],
  present: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const there = new Set(present.map((object) => `${object.kind}/${object.metadata.name}`));
  const needs = await Promise.all(
    objects.map(async (object): Promise<readonly AccessNeed[]> => {
      const resource = await client.resourceOf(object.apiVersion, object.kind, signal);
      if (!resource) return [];
      const verbs = there.has(`${object.kind}/${object.metadata.name}`) ? ['get', 'patch'] : ['get', 'create', 'patch'];
      return verbs.map((verb) => needOf(verb, resource));
    }),
  );
  const different = [...new Map(needs.flat().map((need) => [describeNeed(need), need])).values()];
  const missing = await client.missing(different, client.cluster.namespace, signal);
  const { context, namespace } = client.cluster;
  return [...Map.groupBy(missing, (need) => `${need.resource}${need.group === '' ? '' : `.${need.group}`}`)].map(
    ([resource, denied]): Finding => ({
      severity: 'error',
      code: 'forbidden',
      message: `You may not ${denied.map(({ verb }) => verb).join(' and ')} ${resource} in ${context}/${namespace}.`,
      hint: `Ask the cluster's administrator for a role in namespace ${namespace} with: ${describeNeeds(denied).join('; ')}; or select another namespace.`,
    }),
  );
}

/** GPUs that the deployment wants in all, by resource name. */
export function wantedGpus(objects: readonly KubeObject[]): ReadonlyMap<string, number> {
  const wanted = new Map<string, number>();
  for (const object of objects) {
    const workload: LeaderWorkerSet | Deployment = object;
    const replicas = numberAt(workload, 'spec', 'replicas') ?? 1;
    const size = numberAt(workload, 'spec', 'leaderWorkerTemplate', 'size') ?? 1;
    const leader = at(workload, 'spec', 'leaderWorkerTemplate', 'leaderTemplate') !== undefined;
    podTemplates(object).forEach((template, index, all) => {
      const copies = replicas * (all.length === 2 ? (leader && index === 0 ? 1 : size - 1) : size);
      for (const [resource, count] of Object.entries(effectiveGpus(template['spec'] as PodSpec)))
        wanted.set(resource, (wanted.get(resource) ?? 0) + copies * count);
    });
  }
  return wanted;
}

function capacity(
  { cluster }: KubeClient,
  objects: readonly KubeObject[],
  present: readonly KubeObject[],
  gpus: GpuReport | undefined,
): readonly Finding[] {
  if (!gpus) return [];
  const held = wantedGpus(present);
  return [...wantedGpus(objects)].flatMap(([resource, all]): Finding[] => {
    const total = gpus.totals[resource];
    const wanted = all - (held.get(resource) ?? 0);
    if (wanted <= 0 || (total && total.free >= wanted)) return [];
    const holders = new Map<string, number>();
    for (const holder of gpus.nodes.flatMap((node) => node.holders))
      holders.set(holder.owner, (holders.get(holder.owner) ?? 0) + holder.count);
    const who = [...holders]
      .toSorted((a, b) => b[1] - a[1])
      .slice(0, 3)
      .map(([owner, count]) => `${owner} holds ${count}`)
      .join(', ');
    return [
      {
        severity: 'warning',
        code: 'capacity-missing',
        message: `The deployment wants ${wanted}${held.size > 0 ? ' more' : ''} ${resource}, ${total?.free ?? 0} are free in context ${cluster.context}${who === '' ? '' : ` (${who})`}: pods will wait.`,
        hint: 'Deploy fewer groups, or wait until GPUs are free.',
      },
    ];
  });
}

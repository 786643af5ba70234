import { WorkbenchError } from '../../base/errors.ts';
import { arrayAt, stringAt } from '../../base/json.ts';
import { labels, manager } from '../../base/labels.ts';
import type { ClusterRef } from '../types.ts';
import type { KubeObject } from '../model/types.ts';

/** In whose name an object is to be changed. */
export interface Claim {
  readonly owner: string;
  /** Where a person has several: the deployment that the object has to be a part of. */
  readonly deployment?: string;
}

/**
 * Whose an object is, in words that go on from its name: `belongs to alice`, `is managed by the Helm release web`.
 * Undefined: it was made with the Workbench for this claim. What has lost our labels is nobody's to change by itself.
 */
export function notOurs(object: KubeObject, { owner, deployment }: Claim): string | undefined {
  const { labels: marks = {} } = object.metadata;
  const maker = controllerOf(object);
  if (maker !== undefined) return `is managed by ${maker}`;
  const whose = marks[labels.owner];
  if (marks[labels.managedBy] !== manager) {
    const tool = toolOf(object);
    return whose === undefined ? `is managed by ${tool}` : `belongs to ${named(whose)} and is managed by ${tool}`;
  }
  if (whose === undefined) return 'does not say whose it is any more';
  if (whose !== owner) return `belongs to ${named(whose)}`;
  const part = marks[labels.deployment];
  if (deployment === undefined || part === deployment) return undefined;
  return part === undefined ? 'is yours and no part of a deployment' : `belongs to your deployment ${named(part)}`;
}

/** Throws `not-yours` for what is not ours. `doing`: what for, as in `stop the poker pod`. */
export function requireOurs(object: KubeObject, claim: Claim, cluster: ClusterRef, doing: string): void {
  const whose = notOurs(object, claim);
  if (whose !== undefined) throw notYours(`${object.kind} ${object.metadata.name}`, whose, cluster, doing);
}

export function notYours(what: string, whose: string, cluster: ClusterRef, doing: string): WorkbenchError {
  return new WorkbenchError({
    code: 'not-yours',
    message: `cannot ${doing}: ${what} in ${cluster.context}/${cluster.namespace} ${whose}`,
    hint: 'It stays as it is. Choose another name or another namespace, or ask whoever made it.',
  });
}

/** What made the object for itself, as a gateway's controller makes Services with the gateway's own labels. */
function controllerOf({ metadata }: KubeObject): string | undefined {
  const reference =
    metadata.ownerReferences?.find(({ controller }) => controller === true) ?? metadata.ownerReferences?.[0];
  return reference === undefined ? undefined : `${named(reference.kind)} ${named(reference.name)}`;
}

/** Where tools leave their name, the most telling first; the value is the name of what they manage it as. */
const TOOL_MARKS: readonly { readonly tool: string; readonly annotation?: string; readonly label?: string }[] = [
  { tool: 'the Helm release', annotation: 'meta.helm.sh/release-name' },
  { tool: 'the Argo CD application', annotation: 'argocd.argoproj.io/tracking-id' },
  { tool: 'the Argo CD application', label: 'argocd.argoproj.io/instance' },
  { tool: 'the Flux release', label: 'helm.toolkit.fluxcd.io/name' },
  { tool: 'the Flux kustomization', label: 'kustomize.toolkit.fluxcd.io/name' },
  { tool: '', label: labels.managedBy },
];

function toolOf(object: KubeObject): string {
  const { annotations = {}, labels: marks = {} } = object.metadata;
  for (const { tool, annotation, label } of TOOL_MARKS) {
    const value = annotation === undefined ? marks[label ?? ''] : annotations[annotation];
    // Argo CD's tracking id goes on after the application's name: `web:apps/Deployment:ns/name`.
    if (value !== undefined) return `${tool} ${named(value.split(':', 1)[0] ?? '')}`.trim();
  }
  return firstManager(object) ?? 'someone who left no name';
}

/** Who wrote the object first, as far as the server remembers. */
function firstManager(object: KubeObject): string | undefined {
  const managers = arrayAt(object, 'metadata', 'managedFields')
    .filter((entry) => stringAt(entry, 'subresource') === undefined)
    .toSorted((a, b) => (stringAt(a, 'time') ?? '').localeCompare(stringAt(b, 'time') ?? ''));
  const first = stringAt(managers[0], 'manager');
  return first === undefined ? undefined : named(first);
}

/** A name from the cluster as it may stand in a sentence; one that is none is not repeated. */
function named(name: string): string {
  return /^[\w.@/-]{1,128}$/.test(name) ? name : '(a name that cannot be shown)';
}

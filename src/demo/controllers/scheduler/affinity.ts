import { selectorMatches } from '../../api/schema/index.ts';
import type { Node, Pod } from '../../../kube/model/kinds.ts';
import { arrayAt, at, isObject, jsonAt, labelsOf, namespaceOf, stringAt, stringMapAt } from '../core/objects.ts';

/** Whether a node has what the pod's nodeSelector and required node affinity ask for. */
export function matchesNode(pod: Pod, node: Node): boolean {
  const labels = labelsOf(node);
  const selector = Object.entries(stringMapAt(pod, 'spec', 'nodeSelector'));
  if (!selector.every(([key, value]) => labels[key] === value)) return false;
  const required = at(pod, 'spec', 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
  if (!isObject(required)) return true;
  return arrayAt(required, 'nodeSelectorTerms').some((term) => {
    const expressions = arrayAt(term, 'matchExpressions');
    const fields = arrayAt(term, 'matchFields');
    // An empty term matches nothing.
    if (expressions.length + fields.length === 0) return false;
    return (
      expressions.every((expression) => nodeExpression(expression, labels)) &&
      fields.every((field) => nodeExpression(field, { 'metadata.name': node.metadata.name }))
    );
  });
}

function nodeExpression(expression: unknown, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[stringAt(expression, 'key') ?? ''];
  const [bound] = arrayAt(expression, 'values');
  switch (stringAt(expression, 'operator')) {
    case 'Gt':
      return value !== undefined && Number(value) > Number(bound);
    case 'Lt':
      return value !== undefined && Number(value) < Number(bound);
    default:
      return selectorMatches({ matchExpressions: [expression] }, labels);
  }
}

/** Where pods are, by node: what pod affinity looks at. */
export interface Placement {
  readonly pod: Pod;
  readonly node: Node;
}

export type AffinityFailure = 'affinity' | 'anti-affinity' | 'existing-anti-affinity';

/** Why a node cannot take the pod as far as other pods are concerned; undefined when it can. */
export function podAffinityFailure(pod: Pod, node: Node, placed: readonly Placement[]): AffinityFailure | undefined {
  for (const term of requiredTerms(pod, 'podAffinity')) {
    const peers = placed.filter((other) => termMatches(term, pod, other.pod));
    // The first pod of a group that asks for its own kind has no one to join.
    const first = peers.length === 0 && termMatches(term, pod, pod);
    if (topologyOf(node, term) === undefined || (!first && !peers.some((other) => sameDomain(term, node, other.node))))
      return 'affinity';
  }
  for (const term of requiredTerms(pod, 'podAntiAffinity')) {
    if (placed.some((other) => sameDomain(term, node, other.node) && termMatches(term, pod, other.pod)))
      return 'anti-affinity';
  }
  const refused = placed.some((other) =>
    requiredTerms(other.pod, 'podAntiAffinity').some(
      (term) => sameDomain(term, node, other.node) && termMatches(term, other.pod, pod),
    ),
  );
  return refused ? 'existing-anti-affinity' : undefined;
}

export function hasPodAffinity(pod: Pod): boolean {
  return requiredTerms(pod, 'podAffinity').length + requiredTerms(pod, 'podAntiAffinity').length > 0;
}

function requiredTerms(pod: Pod, kind: 'podAffinity' | 'podAntiAffinity'): readonly unknown[] {
  return arrayAt(pod, 'spec', 'affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution');
}

function termMatches(term: unknown, owner: Pod, other: Pod): boolean {
  const namespaces = arrayAt(term, 'namespaces');
  const anyNamespace = isObject(at(term, 'namespaceSelector'));
  const inNamespace =
    anyNamespace ||
    (namespaces.length > 0 ? namespaces.includes(namespaceOf(other)) : namespaceOf(owner) === namespaceOf(other));
  return inNamespace && selectorMatches(jsonAt(term, 'labelSelector'), labelsOf(other));
}

function topologyOf(node: Node, term: unknown): string | undefined {
  return labelsOf(node)[stringAt(term, 'topologyKey') ?? ''];
}

function sameDomain(term: unknown, node: Node, other: Node): boolean {
  const domain = topologyOf(node, term);
  return domain !== undefined && domain === topologyOf(other, term);
}

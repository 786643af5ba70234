import { WorkbenchError } from '../../base/errors.ts';
import { arrayAt, at } from '../../base/json.ts';
import type { AccessNeed, AccessRule, AccessRules } from './types.ts';
import type { ClusterRef } from '../types.ts';
import type { SelfSubjectRulesReview } from '../model/kinds.ts';
import type { ResourceType } from '../model/types.ts';

/**
 * What rules say of a need. `some`: it is granted for certain objects by name only. `unknown`: the server could not list
 * every rule, so that no rule is no proof.
 */
export type Verdict = 'allowed' | 'denied' | 'some' | 'unknown';

/** Nothing is known: the server was not willing to tell. */
export const UNKNOWN_RULES: AccessRules = { rules: [], incomplete: true };

export function needOf(
  verb: string,
  resource: Pick<ResourceType, 'group' | 'plural'>,
  subresource?: string,
): AccessNeed {
  return {
    verb,
    group: resource.group,
    resource: resource.plural,
    ...(subresource === undefined ? {} : { subresource }),
  };
}

/** Reads the status of a SelfSubjectRulesReview; a rule that is none of the API's shape grants nothing. */
export function parseRules(review: unknown): AccessRules {
  const status = at(review as SelfSubjectRulesReview, 'status');
  const rules = arrayAt(status, 'resourceRules').map((rule): AccessRule => ({
    verbs: texts(arrayAt(rule, 'verbs')),
    groups: texts(arrayAt(rule, 'apiGroups')),
    resources: texts(arrayAt(rule, 'resources')),
    names: texts(arrayAt(rule, 'resourceNames')),
  }));
  return { rules, incomplete: at(status, 'incomplete') !== false };
}

function texts(items: readonly unknown[]): readonly string[] {
  return items.filter((item) => typeof item === 'string');
}

/** Judges as the RBAC authorizer does: rules only grant, wildcards stand for everything, and a rule with names is for those objects. */
export function judge(rules: AccessRules, need: AccessNeed): Verdict {
  const fitting = rules.rules.filter(
    (rule) => covers(rule.verbs, need.verb) && covers(rule.groups, need.group) && coversResource(rule.resources, need),
  );
  if (fitting.some(({ names }) => names.length === 0 || (need.name !== undefined && names.includes(need.name))))
    return 'allowed';
  if (rules.incomplete) return 'unknown';
  return need.name === undefined && fitting.length > 0 ? 'some' : 'denied';
}

function covers(granted: readonly string[], wanted: string): boolean {
  return granted.includes('*') || granted.includes(wanted);
}

function coversResource(granted: readonly string[], { resource, subresource }: AccessNeed): boolean {
  if (subresource === undefined) return covers(granted, resource);
  return covers(granted, `${resource}/${subresource}`) || granted.includes(`*/${subresource}`);
}

/** `create leaderworkersets.leaderworkerset.x-k8s.io`, `get pods/exec`: as `kubectl auth can-i` takes it. */
export function describeNeed({ verb, group, resource, subresource, name }: AccessNeed): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  return `${verb} ${kind}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : ` "${name}"`}`;
}

/** Needs in the fewest words, a line a resource: `create and patch pods`. */
export function describeNeeds(needs: readonly AccessNeed[]): readonly string[] {
  const byResource = Map.groupBy(needs, (need) => describeNeed({ ...need, verb: '' }).trim());
  return [...byResource].map(([resource, all]) => {
    const verbs = [...new Set(all.map(({ verb }) => verb))];
    const last = verbs.pop() ?? '';
    return `${verbs.length === 0 ? last : `${verbs.join(', ')} and ${last}`} ${resource}`;
  });
}

/** The error of an action that is not begun because these verbs are missing. `doing` is its verb phrase: "deploy". */
export function accessError(
  doing: string,
  missing: readonly AccessNeed[],
  cluster: ClusterRef,
  namespace = cluster.namespace,
): WorkbenchError {
  const verbs = describeNeeds(missing).join('; ');
  return new WorkbenchError({
    code: 'forbidden',
    message: `cannot ${doing}: you may not ${verbs} in namespace "${namespace}" (context "${cluster.context}")`,
    hint: 'Ask the administrator of this cluster for a role in that namespace with these verbs, or choose another namespace.',
  });
}

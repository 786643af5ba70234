import { arrayAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import type { User } from '../base/requests.ts';
import { ApiError } from '../base/status.ts';
import { keyOf, type Store } from '../storage/store.ts';

/** What someone wants to do: with a resource, or with a plain path. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly plural: string;
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string | undefined;
}

/** A PolicyRule with where it holds. */
export interface EffectiveRule {
  readonly namespace: string | undefined;
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';

/** RBAC over the role objects in the store; members of system:masters may do everything. */
export class Authorizer {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  allows(user: User, wanted: Attributes): boolean {
    if (isMaster(user)) return true;
    return this.rules(user, wanted.namespace).some((rule) => ruleAllows(rule, wanted));
  }

  allowsPath(user: User, verb: string, path: string): boolean {
    if (isMaster(user)) return true;
    return this.rules(user, undefined).some(
      (rule) => matches(rule.verbs, verb) && rule.nonResourceURLs.some((pattern) => pathMatches(pattern, path)),
    );
  }

  /** The rules that hold for someone: cluster-wide, and in the namespace when one is given. */
  rules(user: User, namespace: string | undefined): readonly EffectiveRule[] {
    const clusterWide = this.#store
      .entries(`clusterrolebindings.${rbac}`)
      .flatMap(([, binding]) => this.#rulesOf(binding, user, undefined));
    if (namespace === undefined) return clusterWide;
    const local = this.#store
      .entries(`rolebindings.${rbac}`)
      .filter(([, binding]) => binding.metadata.namespace === namespace)
      .flatMap(([, binding]) => this.#rulesOf(binding, user, namespace));
    return [...clusterWide, ...local];
  }

  #rulesOf(binding: ApiObject, user: User, namespace: string | undefined): readonly EffectiveRule[] {
    if (!arrayAt(binding, 'subjects').some((subject) => isSubject(subject, user))) return [];
    const name = stringAt(binding, 'roleRef', 'name') ?? '';
    const role =
      stringAt(binding, 'roleRef', 'kind') === 'Role'
        ? this.#store.get(`roles.${rbac}`, keyOf(binding.metadata.namespace, name))
        : this.#store.get(`clusterroles.${rbac}`, name);
    return arrayAt(role, 'rules').map((rule) => ({
      namespace,
      verbs: strings(rule, 'verbs'),
      apiGroups: strings(rule, 'apiGroups'),
      resources: strings(rule, 'resources'),
      resourceNames: strings(rule, 'resourceNames'),
      nonResourceURLs: strings(rule, 'nonResourceURLs'),
    }));
  }
}

function isMaster(user: User): boolean {
  return user.groups.includes('system:masters');
}

function ruleAllows(rule: EffectiveRule, wanted: Attributes): boolean {
  const resource = wanted.subresource === '' ? wanted.plural : `${wanted.plural}/${wanted.subresource}`;
  return (
    matches(rule.verbs, wanted.verb) &&
    matches(rule.apiGroups, wanted.group) &&
    (matches(rule.resources, resource) ||
      (wanted.subresource !== '' && rule.resources.includes(`*/${wanted.subresource}`))) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(wanted.name))
  );
}

function matches(patterns: readonly string[], value: string): boolean {
  return patterns.includes('*') || patterns.includes(value);
}

function pathMatches(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));
}

function isSubject(subject: unknown, user: User): boolean {
  const name = stringAt(subject, 'name') ?? '';
  switch (stringAt(subject, 'kind')) {
    case 'User':
      return name === user.name;
    case 'Group':
      return user.groups.includes(name);
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${stringAt(subject, 'namespace') ?? ''}:${name}`;
    default:
      return false;
  }
}

function strings(rule: unknown, field: string): readonly string[] {
  return arrayAt(rule, field).filter((item) => typeof item === 'string');
}

/** The 403 in the words that users know from every cluster. */
export function denied(user: User, wanted: Attributes): ApiError {
  const resource = wanted.subresource === '' ? wanted.plural : `${wanted.plural}/${wanted.subresource}`;
  const qualified = wanted.group === '' ? wanted.plural : `${wanted.plural}.${wanted.group}`;
  const subject = wanted.name === '' ? `${qualified} is forbidden` : `${qualified} "${wanted.name}" is forbidden`;
  const where = wanted.namespace === undefined ? 'at the cluster scope' : `in the namespace "${wanted.namespace}"`;
  const message = `${subject}: User "${user.name}" cannot ${wanted.verb} resource "${resource}" in API group "${wanted.group}" ${where}`;
  return new ApiError(403, 'Forbidden', message, {
    ...(wanted.name === '' ? {} : { name: wanted.name }),
    ...(wanted.group === '' ? {} : { group: wanted.group }),
    kind: wanted.plural,
  });
}

export function deniedPath(user: User, verb: string, path: string): ApiError {
  return new ApiError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
}

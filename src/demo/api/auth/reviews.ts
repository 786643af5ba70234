import { arrayAt, at, isObject, stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../core.ts';
import type { User } from '../requests.ts';
import { badRequest } from '../status.ts';
import type { EffectiveRule } from './authorizer.ts';

/** Kinds that are questions: posted, answered, never stored. */
export function answerReview(core: ApiCore, kind: string, namespace: string | undefined, body: unknown, asker: User): unknown {
  if (!isObject(body)) throw badRequest(`the body is no ${kind}`);
  switch (kind) {
    case 'SelfSubjectReview': return { ...body, status: { userInfo: userInfo(asker) } };
    case 'SelfSubjectAccessReview': return { ...body, status: accessOf(core, asker, at(body, 'spec')) };
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview': return { ...body, status: accessOf(core, subjectOf(body), withNamespace(at(body, 'spec'), namespace)) };
    case 'SelfSubjectRulesReview': return { ...body, status: rulesStatus(core.authorizer.rules(asker, stringAt(body, 'spec', 'namespace') ?? 'default')) };
    case 'TokenReview': return { ...body, status: tokenStatus(core, stringAt(body, 'spec', 'token') ?? '') };
    default: throw badRequest(`${kind} is no review`);
  }
}

function accessOf(core: ApiCore, user: User, spec: unknown): unknown {
  const path = at(spec, 'nonResourceAttributes');
  const resource = at(spec, 'resourceAttributes');
  if (path !== undefined) return verdict(core.authorizer.allowsPath(user, stringAt(path, 'verb') ?? '', stringAt(path, 'path') ?? ''));
  if (resource === undefined) throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  return verdict(core.authorizer.allows(user, {
    verb: stringAt(resource, 'verb') ?? '',
    group: stringAt(resource, 'group') ?? '',
    plural: stringAt(resource, 'resource') ?? '',
    subresource: stringAt(resource, 'subresource') ?? '',
    name: stringAt(resource, 'name') ?? '',
    namespace: stringAt(resource, 'namespace') || undefined,
  }));
}

function verdict(allowed: boolean): unknown {
  return allowed ? { allowed, reason: 'RBAC: allowed' } : { allowed };
}

function subjectOf(body: Record<string, unknown>): User {
  const groups = arrayAt(body, 'spec', 'groups').filter((group) => typeof group === 'string');
  return { name: stringAt(body, 'spec', 'user') ?? '', groups };
}

function withNamespace(spec: unknown, namespace: string | undefined): unknown {
  if (namespace === undefined || !isObject(spec) || !isObject(spec['resourceAttributes'])) return spec;
  return { ...spec, resourceAttributes: { ...spec['resourceAttributes'], namespace } };
}

function rulesStatus(rules: readonly EffectiveRule[]): unknown {
  const named = (rule: EffectiveRule): object => (rule.resourceNames.length > 0 ? { resourceNames: rule.resourceNames } : {});
  return {
    incomplete: false,
    resourceRules: rules.filter((rule) => rule.resources.length > 0).map((rule) => ({ verbs: rule.verbs, apiGroups: rule.apiGroups, resources: rule.resources, ...named(rule) })),
    nonResourceRules: rules.filter((rule) => rule.nonResourceURLs.length > 0).map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs })),
  };
}

function tokenStatus(core: ApiCore, token: string): unknown {
  const user = core.authenticator.userOfToken(token);
  return user === undefined ? { error: 'invalid bearer token', user: {} } : { authenticated: true, user: userInfo(user) };
}

function userInfo(user: User): unknown {
  return { username: user.name, ...(user.uid === undefined ? {} : { uid: user.uid }), groups: user.groups, ...(user.extra === undefined ? {} : { extra: user.extra }) };
}

import { arrayAt, at, stringAt } from '../../../base/json.ts';
import type { ApiCore } from '../verbs/core.ts';
import { checkFields, decodeObject } from '../verbs/decode.ts';
import { timestamp, type ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import type { User, WriteOptions } from '../base/requests.ts';
import { asGoWrites, prune } from '../schema/index.ts';
import { badRequest, invalid } from '../base/status.ts';
import type { EffectiveRule } from '../auth/authorizer.ts';

/** Kinds that are questions: posted, answered, never stored. */
const answers: Readonly<Record<string, (core: ApiCore, asker: User, review: ApiObject) => ApiObject>> = {
  SelfSubjectReview: (core, asker, review) => ({
    ...review,
    metadata: { ...review.metadata, creationTimestamp: timestamp(core.clock.now()) },
    status: { userInfo: userInfo(asker) },
  }),
  SelfSubjectAccessReview: (core, asker, review) => ({ ...review, status: accessOf(core, asker, review) }),
  SubjectAccessReview: (core, _asker, review) => ({ ...review, status: accessOf(core, subjectOf(review), review) }),
  LocalSubjectAccessReview: (core, _asker, review) => {
    const asked = stringAt(review, 'spec', 'resourceAttributes', 'namespace') ?? '';
    if (asked !== review.metadata.namespace)
      throw refused('spec.resourceAttributes.namespace', asked, 'must match metadata.namespace');
    return { ...review, status: accessOf(core, subjectOf(review), review) };
  },
  // The namespace is the question; it is not repeated in the answer.
  SelfSubjectRulesReview: (core, asker, review) => {
    const namespace = stringAt(review, 'spec', 'namespace') ?? '';
    if (namespace === '') throw badRequest('no namespace on request');
    return { ...review, spec: {}, status: rulesStatus(core.authorizer.rules(asker, namespace)) };
  },
  TokenReview: (core, _asker, review) => {
    const token = stringAt(review, 'spec', 'token') ?? '';
    if (token === '') throw badRequest('token is required for TokenReview in authentication');
    return { ...review, status: tokenStatus(core, token) };
  },
};

export function isReview(resource: ServedResource): boolean {
  return resource.kind in answers;
}

/** The review with its answer as status. */
export function answerReview(
  core: ApiCore,
  resource: ServedResource,
  namespace: string | undefined,
  body: unknown,
  options: WriteOptions,
): unknown {
  const sent = decodeObject(resource, namespace, body);
  checkFields(resource.schema, sent, options);
  if (sent.metadata.name !== '') throw refused('metadata', sent.metadata, 'must be empty');
  const { name: _name, ...metadata } = sent.metadata;
  const { schema } = resource;
  const review = {
    ...(schema === undefined ? sent : (asGoWrites(schema.root, prune(schema, { ...sent, metadata })) as ApiObject)),
    apiVersion: sent.apiVersion,
    kind: sent.kind,
  };
  return answers[resource.kind]?.(core, options.user, review);
}

function accessOf(core: ApiCore, user: User, review: ApiObject): unknown {
  const path = at(review, 'spec', 'nonResourceAttributes');
  const resource = at(review, 'spec', 'resourceAttributes');
  if ((path === undefined) === (resource === undefined))
    throw refused('spec', path ?? null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified');
  if (path !== undefined)
    return verdict(core.authorizer.allowsPath(user, stringAt(path, 'verb') ?? '', stringAt(path, 'path') ?? ''));
  return verdict(
    core.authorizer.allows(user, {
      verb: stringAt(resource, 'verb') ?? '',
      group: stringAt(resource, 'group') ?? '',
      plural: stringAt(resource, 'resource') ?? '',
      subresource: stringAt(resource, 'subresource') ?? '',
      name: stringAt(resource, 'name') ?? '',
      namespace: stringAt(resource, 'namespace') || undefined,
    }),
  );
}

function verdict(allowed: boolean): unknown {
  return { allowed };
}

/** Reviews that are refused have no kind in the answer. */
function refused(path: string, value: unknown, why: string): Error {
  return invalid({ group: 'authorization.k8s.io', kind: '' }, '', [
    { path, reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}` },
  ]);
}

function subjectOf(review: ApiObject): User {
  const groups = arrayAt(review, 'spec', 'groups').filter((group) => typeof group === 'string');
  const name = stringAt(review, 'spec', 'user') ?? '';
  if (name === '' && groups.length === 0)
    throw refused('spec.user', name, 'at least one of user or group must be specified');
  return { name, groups };
}

function rulesStatus(rules: readonly EffectiveRule[]): unknown {
  const named = (rule: EffectiveRule): object =>
    rule.resourceNames.length > 0 ? { resourceNames: rule.resourceNames } : {};
  return {
    incomplete: false,
    resourceRules: rules
      .filter((rule) => rule.resources.length > 0)
      .map((rule) => ({ verbs: rule.verbs, apiGroups: rule.apiGroups, resources: rule.resources, ...named(rule) })),
    nonResourceRules: rules
      .filter((rule) => rule.nonResourceURLs.length > 0)
      .map((rule) => ({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs })),
  };
}

function tokenStatus(core: ApiCore, token: string): unknown {
  const user = core.authenticator.userOfToken(token);
  return user === undefined
    ? { error: 'invalid bearer token', user: {} }
    : { authenticated: true, user: userInfo(user) };
}

function userInfo(user: User): unknown {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: user.groups,
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  };
}

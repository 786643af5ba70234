import type { IncomingHttpHeaders } from 'node:http';
import type { User } from '../base/requests.ts';
import { internalError } from '../base/status.ts';
import { denied, type Authorizer } from './authorizer.ts';

const extraPrefix = 'impersonate-extra-';
const everyone = 'system:authenticated';

/** Who a request is made as: the user, or the user that its headers name, if impersonating them is allowed. */
export function actingUser(authorizer: Authorizer, user: User, headers: IncomingHttpHeaders): User {
  const name = text(headers['impersonate-user']);
  const groups = list(headers['impersonate-group']);
  const uid = text(headers['impersonate-uid']);
  const extra = extraOf(headers);
  if (name === '') {
    if (groups.length > 0 || uid !== '' || Object.keys(extra).length > 0)
      throw internalError('groups, uid or extra of nobody were asked for: Impersonate-User is missing');
    return user;
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account) demand(authorizer, user, { plural: 'serviceaccounts', namespace: account[1], name: account[2] ?? '' });
  else demand(authorizer, user, { plural: 'users', name });
  for (const group of groups) demand(authorizer, user, { plural: 'groups', name: group });
  if (uid !== '') demand(authorizer, user, { group: 'authentication.k8s.io', plural: 'uids', name: uid });
  for (const [key, values] of Object.entries(extra))
    for (const value of values)
      demand(authorizer, user, { group: 'authentication.k8s.io', plural: 'userextras', subresource: key, name: value });
  const own =
    groups.length > 0 || !account ? groups : ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`];
  return {
    name,
    groups: [...new Set([...own, everyone])],
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

interface Impersonated {
  readonly group?: string;
  readonly plural: string;
  readonly subresource?: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

function demand(
  authorizer: Authorizer,
  user: User,
  { group = '', subresource = '', namespace, plural, name }: Impersonated,
): void {
  const wanted = { verb: 'impersonate', group, plural, subresource, name, namespace };
  if (!authorizer.allows(user, wanted)) throw denied(user, wanted);
}

function extraOf(headers: IncomingHttpHeaders): Readonly<Record<string, readonly string[]>> {
  const entries = Object.entries(headers).filter(([header]) => header.startsWith(extraPrefix));
  return Object.fromEntries(
    entries.map(([header, value]) => [decodeURIComponent(header.slice(extraPrefix.length)), list(value)]),
  );
}

function text(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' ? header : (header?.[0] ?? '');
}

/** Node joins what a client sends several times. */
function list(header: string | readonly string[] | undefined): readonly string[] {
  const values = header === undefined ? [] : typeof header === 'string' ? header.split(',') : header;
  return values.map((value) => value.trim()).filter((value) => value !== '');
}

import { randomUUID } from 'node:crypto';
import { arrayAt, at, numberAt, stringAt } from '../../../base/json.ts';
import { issuer } from '../auth/authenticator.ts';
import type { ApiCore } from '../verbs/core.ts';
import { timestamp, type ApiObject } from '../base/object.ts';
import { invalid, notFound, type FieldError } from '../base/status.ts';
import { keyOf } from '../storage/store.ts';

const defaultSeconds = 3600;
const leastSeconds = 600;
/** What a token may be bound to, by kind. */
const boundPlurals: Readonly<Record<string, string>> = { Pod: 'pods', Secret: 'secrets' };

/** A TokenRequest with the token of a service account. */
export function issueToken(core: ApiCore, account: ApiObject, request: unknown): unknown {
  const { name, namespace = '', uid = '' } = account.metadata;
  const seconds = numberAt(request, 'spec', 'expirationSeconds') ?? defaultSeconds;
  const named = stringAt(request, 'metadata', 'name') ?? '';
  if (named !== '' && named !== name)
    throw refused(name, 'metadata.name', named, 'must match the service account name if specified');
  if (seconds < leastSeconds)
    throw refused('', 'spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes');
  const bound = at(request, 'spec', 'boundObjectRef');
  checkBound(core, namespace, bound);
  const wanted = arrayAt(request, 'spec', 'audiences').filter((audience) => typeof audience === 'string');
  const audiences = wanted.length > 0 ? wanted : [issuer];
  const issued = core.authenticator.issue({ namespace, name, uid }, seconds, audiences);
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, uid: randomUUID(), creationTimestamp: timestamp(core.clock.now()) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: bound ?? null },
    status: { token: issued.token, expirationTimestamp: timestamp(issued.expires) },
  };
}

function checkBound(core: ApiCore, namespace: string, bound: unknown): void {
  const plural = boundPlurals[stringAt(bound, 'kind') ?? ''];
  const name = stringAt(bound, 'name') ?? '';
  if (plural !== undefined && core.store.get(plural, keyOf(namespace, name)) === undefined)
    throw notFound({ group: '', plural }, name);
}

function refused(name: string, path: string, value: unknown, why: string): Error {
  const error: FieldError = {
    path,
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  };
  return invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [error]);
}

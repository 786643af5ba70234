import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { User } from '../base/requests.ts';
import type { Store } from '../storage/store.ts';
import { keyOf } from '../storage/store.ts';

export const issuer = 'https://kubernetes.default.svc.cluster.local';

export const adminUser: User = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };

interface ServiceAccountRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface IssuedToken {
  readonly token: string;
  /** Wall ms. */
  readonly expires: number;
}

/** Knows who a bearer token belongs to: the tokens that it was made with, and those it issued to service accounts. */
export class Authenticator {
  readonly #users: ReadonlyMap<string, User>;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #key = randomBytes(32);

  constructor(users: ReadonlyMap<string, User>, store: Store, clock: Clock) {
    this.#users = users;
    this.#store = store;
    this.#clock = clock;
  }

  /** Undefined for no token or an unknown, expired or orphaned one. */
  user(authorization: string | undefined): User | undefined {
    const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
    return token === undefined ? undefined : this.userOfToken(token);
  }

  userOfToken(token: string): User | undefined {
    const known = this.#users.get(token);
    if (known) return { ...known, groups: [...new Set([...known.groups, 'system:authenticated'])] };
    return this.#serviceAccountOf(token);
  }

  /** Only a token for this server's own audience opens it. */
  issue(account: ServiceAccountRef, seconds: number, audiences: readonly string[]): IssuedToken {
    const now = Math.trunc(this.#clock.now() / 1000);
    const claims = {
      aud: audiences,
      exp: now + seconds,
      iat: now,
      nbf: now,
      iss: issuer,
      'kubernetes.io': { namespace: account.namespace, serviceaccount: { name: account.name, uid: account.uid } },
      sub: `system:serviceaccount:${account.namespace}:${account.name}`,
    };
    const unsigned = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
    return { token: `${unsigned}.${this.#sign(unsigned)}`, expires: claims.exp * 1000 };
  }

  #serviceAccountOf(token: string): User | undefined {
    const dot = token.lastIndexOf('.');
    if (dot < 0) return undefined;
    const unsigned = token.slice(0, dot);
    const expected = Buffer.from(this.#sign(unsigned));
    const given = Buffer.from(token.slice(dot + 1));
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const claims: unknown = JSON.parse(
      Buffer.from(unsigned.slice(unsigned.indexOf('.') + 1), 'base64url').toString('utf8'),
    );
    if ((numberAt(claims, 'exp') ?? 0) * 1000 < this.#clock.now()) return undefined;
    if (!arrayAt(claims, 'aud').includes(issuer)) return undefined;
    const bound = at(claims, 'kubernetes.io');
    const namespace = stringAt(bound, 'namespace');
    const name = stringAt(bound, 'serviceaccount', 'name');
    if (!isObject(bound) || namespace === undefined || name === undefined) return undefined;
    const account = this.#store.get('serviceaccounts', keyOf(namespace, name));
    const uid = stringAt(bound, 'serviceaccount', 'uid');
    if (account === undefined || account.metadata.uid !== uid) return undefined;
    return serviceAccountUser({ namespace, name, uid: uid ?? '' });
  }

  #sign(unsigned: string): string {
    return createHmac('sha256', this.#key).update(unsigned).digest('base64url');
  }
}

function serviceAccountUser(account: ServiceAccountRef): User {
  return {
    name: `system:serviceaccount:${account.namespace}:${account.name}`,
    uid: account.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'],
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

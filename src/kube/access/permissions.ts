import { abortable, type Clock } from '../../base/clock.ts';
import { isWorkbenchError, type ErrorCode } from '../../base/errors.ts';
import { at } from '../../base/json.ts';
import { judge, parseRules, UNKNOWN_RULES } from './access.ts';
import type { JsonCalls } from '../http/json-calls.ts';
import { apiVersionOf, resourcePath, SelfSubjectAccessReviews, SelfSubjectRulesReviews } from '../resources.ts';
import type { AccessNeed, AccessRules } from './types.ts';
import type { KubeObject, ResourceType } from '../model/types.ts';

const REMEMBERED_MS = 60_000;
/** A review decides whether a button is shown; nobody waits a minute for that. */
const TIMEOUT_MS = 10_000;
/** A server that will not answer the question has not said no to the action. */
const NO_ANSWER: readonly ErrorCode[] = ['forbidden', 'resource-absent', 'not-found', 'not-supported', 'invalid'];

/** What we may do on one cluster: one rules review a namespace, single questions only where that leaves a doubt. Both are remembered for a minute. */
export class Permissions {
  readonly #calls: JsonCalls;
  readonly #namespace: string;
  readonly #rules: TimedCache<AccessRules>;
  readonly #answers: TimedCache<boolean>;
  readonly #lifetime: AbortSignal;

  /** `namespace`: the one whose rules answer for the whole cluster, where a rule that is missing there is missing everywhere. */
  constructor(calls: JsonCalls, clock: Clock, namespace: string, lifetime: AbortSignal) {
    this.#calls = calls;
    this.#namespace = namespace;
    this.#rules = new TimedCache(clock);
    this.#answers = new TimedCache(clock);
    this.#lifetime = lifetime;
  }

  rules(namespace: string, signal: AbortSignal): Promise<AccessRules> {
    return abortable(
      this.#rules.get(namespace, () => this.#reviewRules(namespace)),
      signal,
    );
  }

  /** A namespace's rules may grant what they cannot grant outside of it, so that only their "no" counts for the whole cluster. */
  async allowed(need: AccessNeed, namespace: string | undefined, signal: AbortSignal): Promise<boolean> {
    const verdict = judge(await this.rules(namespace ?? this.#namespace, signal), need);
    if (verdict === 'denied') return false;
    if (namespace !== undefined && verdict !== 'unknown') return true;
    const key = JSON.stringify([need.verb, need.group, need.resource, need.subresource, need.name, namespace]);
    return abortable(
      this.#answers.get(key, () => this.#reviewAccess(need, namespace)),
      signal,
    );
  }

  async missing(needs: readonly AccessNeed[], namespace: string, signal: AbortSignal): Promise<readonly AccessNeed[]> {
    const allowed = await Promise.all(needs.map((need) => this.allowed(need, namespace, signal)));
    return needs.filter((_need, index) => allowed[index] === false);
  }

  /** Roles may have changed: the next question is put to the server. */
  forget(): void {
    this.#rules.clear();
    this.#answers.clear();
  }

  async #reviewRules(namespace: string): Promise<AccessRules> {
    const answer = await this.#review(SelfSubjectRulesReviews, { namespace });
    return answer === undefined ? UNKNOWN_RULES : parseRules(answer);
  }

  async #reviewAccess(
    { verb, group, resource, subresource, name }: AccessNeed,
    namespace: string | undefined,
  ): Promise<boolean> {
    const answer = await this.#review(SelfSubjectAccessReviews, {
      resourceAttributes: {
        verb,
        group,
        resource,
        ...(namespace === undefined ? {} : { namespace }),
        ...(subresource === undefined ? {} : { subresource }),
        ...(name === undefined ? {} : { name }),
      },
    });
    return answer === undefined || at(answer, 'status', 'allowed') === true;
  }

  /** Undefined: the server does not answer such questions. Not bound to the caller's signal: others may wait for the same answer. */
  async #review<T extends KubeObject>(resource: ResourceType<T>, spec: object): Promise<T | undefined> {
    const body = { apiVersion: apiVersionOf(resource), kind: resource.kind, spec };
    try {
      return (await this.#calls.call({
        method: 'POST',
        path: resourcePath(resource),
        body,
        timeoutMs: TIMEOUT_MS,
        signal: this.#lifetime,
      })) as T;
    } catch (error) {
      if (isWorkbenchError(error, ...NO_ANSWER)) return undefined;
      throw error;
    }
  }
}

interface Remembered<T> {
  readonly until: number;
  readonly value: Promise<T>;
}

/** One fetch a key for all who ask within the time; a failed one is not kept. */
class TimedCache<T> {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Remembered<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string, fetch: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept && kept.until > this.#clock.monotonic()) return kept.value;
    const fetched: Remembered<T> = { until: this.#clock.monotonic() + REMEMBERED_MS, value: fetch() };
    this.#kept.set(key, fetched);
    fetched.value.catch(() => {
      if (this.#kept.get(key) === fetched) this.#kept.delete(key);
    });
    return fetched.value;
  }

  clear(): void {
    this.#kept.clear();
  }
}

import { arrayAt, at, stringAt } from '../base/json.ts';
import { isWorkbenchError } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { JsonCalls } from './json-calls.ts';
import { groupPath, parseApiVersion, SelfSubjectAccessReviews, resourcePath, apiVersionOf } from './resources.ts';
import type { ResourceType } from './types.ts';

/** A CRD may be installed in the next moment, so that it is missing is not believed for long. */
const ABSENT_FOR_MS = 5000;
const ALLOWED_FOR_MS = 60_000;

interface Cached<T> {
  readonly until: number;
  readonly value: T;
}

/** What the server serves and what we may do there, remembered for a while. */
export class Discovery {
  readonly #calls: JsonCalls;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Cached<ReadonlyMap<string, ResourceType>>>();
  readonly #allowed = new Map<string, Cached<boolean>>();

  constructor(calls: JsonCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  async resourceOf(apiVersion: string, kind: string, signal: AbortSignal): Promise<ResourceType | undefined> {
    const cached = this.#kinds.get(apiVersion);
    if (cached && cached.until > this.#clock.monotonic()) return cached.value.get(kind);
    const kinds = await this.#readKinds(apiVersion, signal);
    const found = kinds.get(kind);
    const until = found === undefined ? this.#clock.monotonic() + ABSENT_FOR_MS : Number.POSITIVE_INFINITY;
    this.#kinds.set(apiVersion, { until, value: kinds });
    return found;
  }

  async allowed(verb: string, resource: ResourceType, namespace: string | undefined, signal: AbortSignal, subresource?: string): Promise<boolean> {
    const key = JSON.stringify([verb, resource.group, resource.plural, subresource, namespace]);
    const cached = this.#allowed.get(key);
    if (cached && cached.until > this.#clock.monotonic()) return cached.value;
    const answer = await this.#review(verb, resource, namespace, signal, subresource);
    this.#allowed.set(key, { until: this.#clock.monotonic() + ALLOWED_FOR_MS, value: answer });
    return answer;
  }

  async #readKinds(apiVersion: string, signal: AbortSignal): Promise<ReadonlyMap<string, ResourceType>> {
    const groupVersion = parseApiVersion(apiVersion);
    try {
      const answer = await this.#calls.call({ path: groupPath(groupVersion), signal });
      return new Map(arrayAt(answer, 'resources').flatMap((entry) => {
        const plural = stringAt(entry, 'name');
        const kind = stringAt(entry, 'kind');
        if (plural === undefined || kind === undefined || plural.includes('/')) return [];
        return [[kind, { ...groupVersion, plural, kind, namespaced: at(entry, 'namespaced') === true }] as const];
      }));
    } catch (error) {
      if (isWorkbenchError(error, 'resource-absent', 'not-found')) return new Map();
      throw error;
    }
  }

  async #review(verb: string, resource: ResourceType, namespace: string | undefined, signal: AbortSignal, subresource: string | undefined): Promise<boolean> {
    const answer = await this.#calls.call({
      method: 'POST',
      path: resourcePath(SelfSubjectAccessReviews),
      body: {
        apiVersion: apiVersionOf(SelfSubjectAccessReviews),
        kind: SelfSubjectAccessReviews.kind,
        spec: { resourceAttributes: { verb, group: resource.group, resource: resource.plural, ...(namespace === undefined ? {} : { namespace }), ...(subresource === undefined ? {} : { subresource }) } },
      },
      signal,
    });
    return at(answer, 'status', 'allowed') === true;
  }
}

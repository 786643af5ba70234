import { arrayAt, at, stringAt } from '../base/json.ts';
import { isWorkbenchError } from '../base/errors.ts';
import type { Clock } from '../base/clock.ts';
import type { JsonCalls } from './http/json-calls.ts';
import { groupPath, parseApiVersion } from './resources.ts';
import type { ApiResourceList } from './model/kinds.ts';
import type { ResourceType } from './model/types.ts';

/** A CRD may be installed in the next moment, so that it is missing is not believed for long. */
const ABSENT_FOR_MS = 5000;

interface Cached<T> {
  readonly until: number;
  readonly value: T;
}

/** What the server serves, remembered for a while. */
export class Discovery {
  readonly #calls: JsonCalls;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Cached<ReadonlyMap<string, ResourceType>>>();

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

  async #readKinds(apiVersion: string, signal: AbortSignal): Promise<ReadonlyMap<string, ResourceType>> {
    const groupVersion = parseApiVersion(apiVersion);
    try {
      const answer = (await this.#calls.call({ path: groupPath(groupVersion), signal })) as ApiResourceList;
      return new Map(
        arrayAt(answer, 'resources').flatMap((entry) => {
          const plural = stringAt(entry, 'name');
          const kind = stringAt(entry, 'kind');
          if (plural === undefined || kind === undefined || plural.includes('/')) return [];
          return [[kind, { ...groupVersion, plural, kind, namespaced: at(entry, 'namespaced') === true }] as const];
        }),
      );
    } catch (error) {
      if (isWorkbenchError(error, 'resource-absent', 'not-found')) return new Map();
      throw error;
    }
  }
}

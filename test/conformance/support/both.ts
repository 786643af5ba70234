import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { isObject } from '../../../src/base/json.ts';
import { readText } from '../../../src/kube/http/json-calls.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { KubeRequest, Query } from '../../../src/kube/http/types.ts';
import { differences, type Difference } from './differences.ts';
import { isAccepted } from './accepted.ts';
import { normalise } from './normalise.ts';
import { targets, type Target } from './targets.ts';

const patienceMs = 60_000;
const shownDifferences = 40;

/** JSON that a case reads without ceremony. */
export type Loose = ReturnType<typeof JSON.parse>;

export interface Call extends Pick<KubeRequest, 'body' | 'contentType' | 'accept'> {
  readonly query?: Query;
  readonly by?: KubeClient;
}

export interface Answer {
  readonly status: number;
  readonly json: Loose;
}

interface Observation {
  readonly what: string;
  readonly value: unknown;
}

/** One server as a case sees it: what it is sent and what it answers is written down. */
export class Server {
  readonly target: Target;
  /** Of this case alone, under one name on both servers. */
  readonly namespace: string;
  readonly #observations: Observation[] = [];

  constructor(target: Target, namespace: string) {
    this.target = target;
    this.namespace = namespace;
  }

  get observations(): readonly Observation[] {
    return this.#observations;
  }

  /** The path of a list in the case's namespace; `group/version` is `v1` for the core. */
  path(plural: string, groupVersion = 'v1'): string {
    return `${groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`}/namespaces/${this.namespace}/${plural}`;
  }

  /** Asks, and writes the answer down. */
  async send(method: NonNullable<KubeRequest['method']>, path: string, call: Call = {}): Promise<Answer> {
    const answer = await this.ask(method, path, call);
    this.note(
      `${method} ${path}${call.query === undefined ? '' : ` ${JSON.stringify({ ...call.query, ...(call.query['continue'] === undefined ? {} : { continue: '<continue>' }) })}`}`,
      answer,
    );
    return answer;
  }

  /** Asks without writing it down: preparation, or answers of which only a part can be compared. */
  async ask(method: NonNullable<KubeRequest['method']>, path: string, { by, ...call }: Call = {}): Promise<Answer> {
    const response = await (by ?? this.target.admin).stream({
      method,
      path,
      ...call,
      signal: AbortSignal.timeout(patienceMs),
    });
    const body = await readText(response, `read ${path}`);
    return {
      status: response.status,
      json: (response.headers['content-type'] ?? '').includes('json') ? JSON.parse(body) : body,
    };
  }

  /** Writes down what else a client sees. */
  note(what: string, value: unknown): void {
    this.#observations.push({ what, value: normalise(value) });
  }

  /** Asks again until the object is as it should be; fails with how it was last. */
  async until(path: string, holds: (object: Loose, status: number) => boolean, call: Call = {}): Promise<Loose> {
    const end = Date.now() + patienceMs;
    for (;;) {
      const { status, json } = await this.ask('GET', path, call);
      if (holds(json, status)) return json;
      if (Date.now() > end)
        throw new Error(`${this.target.name}: ${path} never came to it: ${status} ${JSON.stringify(json)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** How a watch is refused; of one that is not, the types of its events within a second. */
  async refusal(path: string, query: Query): Promise<unknown> {
    const { status, body } = await this.target.admin.stream({
      path,
      query: { ...query, watch: true, timeoutSeconds: 1 },
      signal: AbortSignal.timeout(patienceMs),
    });
    const lines = (await text(body))
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Loose => JSON.parse(line));
    return status === 200
      ? lines.map(({ type }) => type).filter((type) => type !== 'BOOKMARK')
      : { status, json: lines[0] };
  }

  /** The events of a watch, until as many have come or the server ends it. */
  async watch(path: string, query: Query, count: number, withinMs: number = patienceMs): Promise<readonly Loose[]> {
    const stop = AbortSignal.timeout(withinMs);
    const { body } = await this.target.admin.stream({ path, query: { watch: true, ...query }, signal: stop });
    const events: Loose[] = [];
    let rest = '';
    for await (const chunk of body) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      events.push(...lines.map((line) => JSON.parse(line)));
      if (events.length >= count) break;
    }
    return events.slice(0, count);
  }
}

let cases = 0;

/** A case: the same steps on both servers, which have to answer alike. */
export function both(title: string, steps: (server: Server) => Promise<void>): Mocha.Test {
  return it(title, async () => {
    cases += 1;
    const namespace = `conformance-${cases}`;
    const [demo = [], real = []] = await Promise.all(
      targets().map(async (target) => {
        const server = new Server(target, namespace);
        await createNamespace(server);
        await steps(server);
        await server.ask('DELETE', `/api/v1/namespaces/${namespace}`);
        return server.observations;
      }),
    );
    compare(demo, real);
  });
}

/** A namespace takes pods when its service account has come. */
async function createNamespace(server: Server): Promise<void> {
  const { status, json } = await server.ask('POST', '/api/v1/namespaces', {
    body: { metadata: { name: server.namespace } },
  });
  assert.equal(status, 201, `${server.target.name}: ${JSON.stringify(json)}`);
  await server.until(server.path('serviceaccounts/default'), (_, answered) => answered === 200);
  await server.until(server.path('configmaps/kube-root-ca.crt'), (_, answered) => answered === 200);
}

function compare(demo: readonly Observation[], real: readonly Observation[]): void {
  const found = Array.from({ length: Math.max(demo.length, real.length) }, (_, index) => {
    const what = demo[index]?.what ?? real[index]?.what ?? '';
    const lines = differencesOf(demo[index], real[index])
      .filter(({ path }) => !isAccepted(what, path))
      .map(
        ({ path, demo: ours, real: theirs }) => `    ${path}\n      demo ${shown(ours)}\n      real ${shown(theirs)}`,
      );
    return lines.length === 0 ? [] : [`  ${index + 1}. ${what}`, ...lines];
  }).flat();
  if (found.length > 0) assert.fail(`the servers differ:\n${found.slice(0, shownDifferences).join('\n')}`);
}

/** Answers of different outcome have nothing else in common. */
function differencesOf(demo: Observation | undefined, real: Observation | undefined): readonly Difference[] {
  const [ours, theirs] = [outcome(demo), outcome(real)];
  return ours === theirs
    ? differences(demo, real)
    : [{ path: 'outcome', demo: ours ?? demo?.value, real: theirs ?? real?.value }];
}

function outcome(observation: Observation | undefined): string | undefined {
  const value = observation?.value;
  if (!isObject(value) || typeof value['status'] !== 'number') return undefined;
  const { status, json } = value as { readonly status: number; readonly json: Loose };
  return status < 300 ? 'success' : `${status} ${json?.reason ?? 'without a reason'}`;
}

function shown(value: unknown): string {
  return value === undefined ? '(absent)' : JSON.stringify(value);
}

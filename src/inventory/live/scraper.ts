import { aborted, throwIfAborted, type Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposables.ts';
import { toWorkbenchError, WorkbenchError } from '../../base/errors.ts';
import { Limiter } from '../../base/limiter.ts';
import { isWanted } from './metric-names.ts';
import { MetricsReader, type Sample } from './prometheus-text.ts';
import { PATH, type Route } from './routes.ts';
import type { MetricsTarget, RouteName, ScrapeFailure } from './types.ts';

/** Pages that are read at once. */
const AT_ONCE = 8;
const LONGEST_BACK_OFF_MS = 60_000;
/** After so many failures in a row the way that once worked is not trusted any longer. */
const FAILURES_UNTIL_DOUBT = 3;

export type Scrape =
  | {
      readonly target: MetricsTarget;
      readonly samples: readonly Sample[];
      /** Monotonic ms. */ readonly at: number;
      readonly route: RouteName;
    }
  /** Failed now, or left out because it failed before. */
  | { readonly target: MetricsTarget; readonly failure: ScrapeFailure };

export interface ScraperOptions {
  /** In the order in which they are tried. */
  readonly routes: readonly Route[];
  /** The way that worked last in this cluster. */
  readonly remembered: RouteName | undefined;
  readonly remember: (route: RouteName) => void;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

interface TargetState {
  readonly uid: string;
  readonly failures: number;
  readonly failure: (ScrapeFailure & { readonly nextMonotonic: number }) | undefined;
  /** The way that worked. */
  readonly route: RouteName | undefined;
}

interface Answer {
  readonly status: number;
  readonly samples: readonly Sample[];
}

/** Reads metrics pages, each by the way that works for it. A page that fails is asked less and less often. */
export class Scraper implements Disposable {
  readonly #options: ScraperOptions;
  readonly #limiter = new Limiter(AT_ONCE);
  readonly #states = new Map<string, TargetState>();
  #preferred: RouteName | undefined;

  constructor(options: ScraperOptions) {
    this.#options = options;
    this.#preferred = options.remembered;
  }

  /** Asks all of them, a few at a time. Rejects only when cancelled, or when no page may be read at all. */
  async round(targets: readonly MetricsTarget[], signal: AbortSignal): Promise<readonly Scrape[]> {
    for (const route of this.#options.routes) route.keep(targets);
    const wanted = new Set(targets.map(({ id }) => id));
    for (const id of this.#states.keys()) if (!wanted.has(id)) this.#states.delete(id);
    const open = await this.#openRoutes(targets, signal);
    return Promise.all(targets.map((target) => this.#scrape(target, open.get(target.namespace) ?? [], signal)));
  }

  dispose(): void {
    for (const route of this.#options.routes) route.dispose();
  }

  /** The ways that the user may go, by namespace. */
  async #openRoutes(
    targets: readonly MetricsTarget[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly Route[]>> {
    const namespaces = [...new Set(targets.map(({ namespace }) => namespace))];
    const found = await Promise.all(
      namespaces.map(async (namespace) => {
        const answers = await Promise.all(this.#options.routes.map((route) => route.allowed(namespace, signal)));
        return [namespace, this.#options.routes.filter((_, index) => answers[index] === true)] as const;
      }),
    );
    if (found.length > 0 && found.every(([, routes]) => routes.length === 0)) throw noPermission(namespaces);
    return new Map(found);
  }

  async #scrape(target: MetricsTarget, routes: readonly Route[], signal: AbortSignal): Promise<Scrape> {
    const { clock, intervalMs } = this.#options;
    const known = this.#states.get(target.id);
    const state = known?.uid === target.uid ? known : undefined;
    if (state?.failure && state.failure.nextMonotonic > clock.monotonic()) return { target, failure: state.failure };
    try {
      const { samples, route } = await this.#limiter.run(signal, () =>
        this.#firstAnswer(target, this.#inOrder(routes, state), signal),
      );
      this.#states.set(target.id, { uid: target.uid, failures: 0, failure: undefined, route });
      if (state?.route !== route) this.#prefer(route);
      return { target, samples, at: clock.monotonic(), route };
    } catch (error) {
      throwIfAborted(signal);
      const failures = (state?.failures ?? 0) + 1;
      const waitMs = Math.min(LONGEST_BACK_OFF_MS, intervalMs * 2 ** failures);
      const failure = {
        port: target.port,
        error: toWorkbenchError(error, question(target)),
        since: state?.failure?.since ?? clock.now(),
        nextAt: clock.now() + waitMs,
        nextMonotonic: clock.monotonic() + waitMs,
      };
      this.#states.set(target.id, {
        uid: target.uid,
        failures,
        failure,
        route: failures < FAILURES_UNTIL_DOUBT ? state?.route : undefined,
      });
      return { target, failure };
    }
  }

  /** One that is known to work alone; else the preferred one first. */
  #inOrder(routes: readonly Route[], state: TargetState | undefined): readonly Route[] {
    const proven = routes.filter(({ name }) => name === state?.route);
    if (proven.length > 0) return proven;
    return routes.toSorted((a, b) => Number(b.name === this.#preferred) - Number(a.name === this.#preferred));
  }

  /** A pod that refuses was reached: no other way would lead past that. */
  async #firstAnswer(
    target: MetricsTarget,
    routes: readonly Route[],
    signal: AbortSignal,
  ): Promise<{ readonly samples: readonly Sample[]; readonly route: RouteName }> {
    let first: WorkbenchError | undefined;
    for (const route of routes) {
      let answer: Answer;
      try {
        answer = await this.#read(target, route, signal);
      } catch (error) {
        throwIfAborted(signal);
        first ??= toWorkbenchError(error, question(target));
        continue;
      }
      if (answer.status !== 200) throw refusal(target, answer.status);
      return { samples: answer.samples, route: route.name };
    }
    throw first ?? noPermission([target.namespace]);
  }

  async #read(target: MetricsTarget, route: Route, signal: AbortSignal): Promise<Answer> {
    const { clock, timeoutMs } = this.#options;
    const timeout = new AbortController();
    const timer = clock.setTimer(timeoutMs, () => timeout.abort());
    const either = AbortSignal.any([signal, timeout.signal]);
    try {
      const { status, body } = await route.open(target, either);
      return { status, samples: await readPage(body, either) };
    } catch (error) {
      if (signal.aborted || !timeout.signal.aborted) throw error;
      throw new WorkbenchError({
        code: 'timeout',
        message: `${question(target)}: no answer within ${timeoutMs / 1000} s through ${route.name === 'api-proxy' ? "the API server's proxy" : 'a port-forward'}`,
        hint: 'The server may be busy, or the network between here and the pod is cut.',
        cause: error,
      });
    } finally {
      timer.dispose();
    }
  }

  /** A way that worked where another was preferred is tried first from now on. */
  #prefer(route: RouteName): void {
    if (this.#preferred === route) return;
    this.#preferred = route;
    this.#options.remember(route);
  }
}

async function readPage(
  body: Awaited<ReturnType<Route['open']>>['body'],
  signal: AbortSignal,
): Promise<readonly Sample[]> {
  const onAbort = (): void => void body.destroy(aborted(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) onAbort();
    const reader = new MetricsReader(isWanted);
    body.setEncoding('utf8');
    for await (const piece of body) if (!reader.push(piece as string)) break;
    return reader.end().samples;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function question({ port, podKey }: MetricsTarget): string {
  return `GET ${PATH} on port ${port} of pod ${podKey}`;
}

/** Credentials are never sent to a pod, so a page behind a login stays closed. */
function refusal(target: MetricsTarget, status: number): WorkbenchError {
  if (status === 401 || status === 403) {
    return new WorkbenchError({
      code: 'forbidden',
      message: `${question(target)}: it wants a token (HTTP ${status})`,
      hint:
        target.kind === 'picker'
          ? 'An endpoint picker started with --metrics-endpoint-auth=false answers without one.'
          : 'Its metrics cannot be read without its key.',
    });
  }
  return new WorkbenchError({
    code: status === 404 ? 'not-supported' : 'server-error',
    message: `${question(target)}: HTTP ${status}`,
    hint: 'Look at the logs of the pod.',
  });
}

function noPermission(namespaces: readonly string[]): WorkbenchError {
  return new WorkbenchError({
    code: 'forbidden',
    message: `no permission to read metrics from pods in namespace ${namespaces.map((name) => `"${name}"`).join(', ')}`,
    hint: "Ask the cluster's administrator for get on pods/proxy or get and create on pods/portforward.",
  });
}

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { throwIfAborted } from '../../base/clock.ts';
import { disposable, type Disposable } from '../../base/disposables.ts';
import { WorkbenchError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Readers } from '../../readers/types.ts';
import { inspectFile } from '../kineto/inflate.ts';
import type { TraceTasks } from '../reader-tasks.ts';
import type { ServedTrace, TraceSummary } from '../types.ts';
import { planFor } from './plan.ts';
import { answer, notFound, send, type Site, type SiteTrace } from './routes.ts';

export type PerfettoSource = 'auto' | 'bundled' | 'public';

export interface PerfettoDependencies {
  /** Has `perfetto-host/` and, where it was fetched, `perfetto/`. */
  readonly media: string;
  readonly readers: Readers<TraceTasks>;
  readonly source: () => PerfettoSource;
  readonly summary: (path: string, signal: AbortSignal) => Promise<TraceSummary>;
  /** Which pod a trace is from, for names in the UI. */
  readonly podOf: (path: string) => string | undefined;
  readonly logger: Logger;
}

const TOKEN_BYTES = 24;

/** Serves traces to panels on 127.0.0.1, each under a path that nobody can guess. Listens only while a trace is served. */
export class PerfettoServer implements Disposable {
  readonly #dependencies: PerfettoDependencies;
  readonly #sites = new Map<string, Site>();
  #listening: Promise<Server> | undefined;

  constructor(dependencies: PerfettoDependencies) {
    this.#dependencies = dependencies;
  }

  /** Rejects with the reader's codes for a file that Perfetto would refuse, a cut one above all. */
  async serve(path: string, options: { readonly dark: boolean; readonly signal: AbortSignal }): Promise<ServedTrace> {
    const { media, readers, summary: summarise, podOf } = this.#dependencies;
    const ui = await this.#chooseUi();
    const [file, summary] = await Promise.all([inspectFile(path), summarise(path, options.signal)]);
    const pod = podOf(path);
    const plan = planFor(summary, pod);
    const fileName = `${basename(path, '.gz')}.gz`;
    const title = [pod, summary.meta.rank === null ? undefined : `rank ${summary.meta.rank}`, fileName]
      .filter((part) => part !== undefined)
      .join(' ');
    const trace: SiteTrace = (signal, onChunk) =>
      readers.run('normalise trace', { path, gzip: file.gzip, plan }, { signal, onChunk });
    const site: Site = {
      title,
      fileName,
      dark: options.dark,
      ui,
      trace,
      hostFolder: join(media, 'perfetto-host'),
      uiFolder: join(media, 'perfetto'),
    };
    const token = randomBytes(TOKEN_BYTES).toString('hex');
    this.#sites.set(token, site);
    const end = disposable(() => this.#remove(token));
    try {
      const server = await (this.#listening ??= listen((request, response) => this.#handle(request, response)));
      throwIfAborted(options.signal);
      const { port } = server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}/${token}/`, title, ui, dispose: () => end.dispose() };
    } catch (error) {
      end.dispose();
      throw error;
    }
  }

  dispose(): void {
    for (const token of this.#sites.keys().toArray()) this.#remove(token);
  }

  #remove(token: string): void {
    this.#sites.delete(token);
    if (this.#sites.size > 0) return;
    const listening = this.#listening;
    this.#listening = undefined;
    void listening?.then(
      (server) => {
        server.close();
        server.closeAllConnections();
        return undefined;
      },
      () => undefined,
    );
  }

  async #chooseUi(): Promise<Site['ui']> {
    const source = this.#dependencies.source();
    if (source === 'public') return 'public';
    const bundled = await access(join(this.#dependencies.media, 'perfetto', 'index.html')).then(
      () => true,
      () => false,
    );
    if (bundled) return 'bundled';
    if (source === 'auto') return 'public';
    throw new WorkbenchError({
      code: 'not-supported',
      message: 'cannot open the trace in Perfetto: this package carries no offline Perfetto UI',
      hint: 'Set the Perfetto source to "auto" or "public", or build the package where "npm run perfetto" can fetch the UI.',
    });
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'text/plain; charset=utf-8', 'only GET\n');
      return;
    }
    const [, token = '', rest = ''] = /^\/([0-9a-f]+)\/([^?#]*)/.exec(request.url ?? '') ?? [];
    const site = this.#sites.get(token);
    if (site === undefined || !isSameOrigin(request)) {
      notFound(response);
      return;
    }
    answer(site, rest, request, response).catch((error: unknown) => {
      // A panel that was closed, or reloaded in the middle of the trace, is no failure.
      if (!response.destroyed) this.#dependencies.logger.warn(`Perfetto's page could not be served: ${String(error)}`);
      response.destroy();
    });
  }
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/**
 * A page of another origin that fetches says so; ours, which only gets, sends no origin, whatever tunnel or proxy it was opened
 * through. So nothing is believed of what a proxy, or anybody in its place, says of the outside.
 */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  return (
    headers.origin === undefined || (headers.host !== undefined && URL.parse(headers.origin)?.host === headers.host)
  );
}

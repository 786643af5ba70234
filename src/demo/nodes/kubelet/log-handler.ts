import type { ServerResponse } from 'node:http';
import { formatEntry, selectEntries, type LogQuery } from '../pods/container-log.ts';
import type { ContainerRun } from '../pods/container-run.ts';

/** Reads the query of `/containerLogs`; the spelling is that of PodLogOptions. */
export function readLogQuery(query: URLSearchParams, now: number): LogQuery {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    return text === null || !/^\d+$/.test(text) ? undefined : Number(text);
  };
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const sinceSeconds = number('sinceSeconds');
  const sinceTime = Date.parse(query.get('sinceTime') ?? '');
  const since =
    sinceSeconds === undefined ? (Number.isNaN(sinceTime) ? undefined : sinceTime) : now - sinceSeconds * 1000;
  return {
    follow: flag('follow'),
    timestamps: flag('timestamps'),
    tailLines: number('tailLines'),
    limitBytes: number('limitBytes'),
    since,
  };
}

/** Writes a container's log and, when it is to be followed, what comes until the container ends or the client leaves. */
export function sendLog(run: ContainerRun, query: LogQuery, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' });
  response.flushHeaders();
  const limit = new ByteLimit(response, query.limitBytes);
  for (const entry of selectEntries(run.log.entries(), query)) limit.write(formatEntry(entry, query.timestamps));
  if (!query.follow || run.log.closed || limit.reached) {
    response.end();
    return;
  }
  const following = run.log.follow(
    (entry) => {
      limit.write(formatEntry(entry, query.timestamps));
      if (limit.reached) response.end();
    },
    () => response.end(),
  );
  response.on('close', () => following.dispose());
}

/** Passes on no more bytes than were asked for. */
class ByteLimit {
  readonly #response: ServerResponse;
  #left: number;

  constructor(response: ServerResponse, limit: number | undefined) {
    this.#response = response;
    this.#left = limit ?? Number.POSITIVE_INFINITY;
  }

  get reached(): boolean {
    return this.#left <= 0;
  }

  write(text: string): void {
    if (this.reached || !this.#response.writable) return;
    const bytes = Buffer.from(text);
    this.#response.write(bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes);
    this.#left -= bytes.length;
  }
}

import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Hands the bytes of the trace over, as Perfetto takes them. */
export type SiteTrace = (signal: AbortSignal, onChunk: (chunk: Uint8Array) => Promise<void>) => Promise<void>;

/** One trace and the pages around it, under one secret path. */
export interface Site {
  readonly title: string;
  readonly fileName: string;
  readonly dark: boolean;
  readonly ui: 'bundled' | 'public';
  readonly trace: SiteTrace;
  /** `media/perfetto-host`: the page that frames the UI. */
  readonly hostFolder: string;
  /** `media/perfetto`: the UI, when it is bundled. */
  readonly uiFolder: string;
}

export const PUBLIC_UI = 'https://ui.perfetto.dev';

const HOST_FILES = new Set(['index.html', 'host.js', 'host.css']);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

/** The bundled UI compiles code and starts workers; nothing outside this origin can be reached from it. */
const UI_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' blob: data:",
  "font-src 'self'",
  "worker-src 'self' blob:",
].join('; ');

function hostPolicy(ui: Site['ui']): string {
  const frame = ui === 'bundled' ? "'self'" : PUBLIC_UI;
  return `default-src 'none'; img-src data:; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src ${frame}; base-uri 'none'; form-action 'none'`;
}

/** Answers a request for a path below a site's secret prefix. */
export async function answer(
  site: Site,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === '' || HOST_FILES.has(path)) {
    response.setHeader('Content-Security-Policy', hostPolicy(site.ui));
    await sendFile(join(site.hostFolder, path === '' ? 'index.html' : path), request, response);
  } else if (path === 'config.json') {
    send(
      response,
      200,
      TYPES['.json'] ?? '',
      JSON.stringify({ title: site.title, fileName: site.fileName, dark: site.dark, ui: site.ui }),
    );
  } else if (path === 'trace') {
    await sendTrace(site.trace, request, response);
  } else if (path.startsWith('ui/') && site.ui === 'bundled') {
    await sendUiFile(site.uiFolder, path.slice('ui/'.length), request, response);
  } else {
    notFound(response);
  }
}

export function notFound(response: ServerResponse): void {
  send(response, 404, 'text/plain; charset=utf-8', 'not found\n');
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

async function sendUiFile(
  folder: string,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const root = await realpath(folder);
  const file = await realpath(join(root, decodeURIComponent(name))).catch(() => undefined);
  if (file === undefined || !file.startsWith(root + sep)) {
    notFound(response);
    return;
  }
  response.setHeader('Content-Security-Policy', UI_POLICY);
  // A version of the UI never changes under its name, and without this its 11 MB of WASM are fetched twice.
  if (!file.endsWith('.html')) response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
  await sendFile(file, request, response);
}

async function sendFile(file: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) {
    notFound(response);
    return;
  }
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': found.size,
  });
  if (request.method === 'HEAD') response.end();
  else if (found.size < 1 << 20) response.end(await readFile(file));
  else await pipeline(createReadStream(file), response);
}

async function sendTrace(trace: SiteTrace, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  await trace(gone.signal, (chunk) => written(response, chunk));
  response.end();
}

/** Resolves when the chunk is on its way: nothing piles up for a slow reader. */
function written(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => response.write(chunk, (error) => (error ? reject(error) : resolve())));
}

import type { IncomingMessage } from 'node:http';
import { sleep, systemClock } from '../../../../base/clock.ts';
import { errorText, systemCode } from '../../../../base/errors.ts';
import type { ShellCommand, ShellIo } from '../../../nodes/types.ts';
import { drained, print } from '../command-line.ts';
import { podRequest, podUrl } from '../load/pod-http.ts';
import { CurlUsage, parseCurl, type CurlOptions } from './options.ts';

type Container = Parameters<ShellCommand['run']>[2];

/** curl's own exit codes. */
const EXIT = {
  badUrl: 3,
  resolve: 6,
  connect: 7,
  httpError: 22,
  write: 23,
  read: 26,
  timeout: 28,
  empty: 52,
  receive: 56,
} as const;

class CurlFailure extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** `curl` over the pods' network. Bodies are streamed. */
export const curlCommand: ShellCommand = {
  name: 'curl',
  async run(argv, io, container) {
    if (argv[0] === '--version' || argv[0] === '-V') {
      await print(io, 'curl 8.5.0 (x86_64-pc-linux-gnu) libcurl/8.5.0\nProtocols: http\n');
      return 0;
    }
    let options: CurlOptions;
    try {
      options = parseCurl(argv);
    } catch (error) {
      if (!(error instanceof CurlUsage)) throw error;
      await print(io, `${error.message}\n`, 'stderr');
      return 2;
    }
    let code = 0;
    for (const url of options.urls) code = await transferWithRetries(url, options, io, container);
    return code;
  },
};

async function transferWithRetries(
  url: string,
  options: CurlOptions,
  io: ShellIo,
  container: Container,
): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    const transfer = new Transfer(url, options, io, container);
    try {
      await transfer.run();
      return 0;
    } catch (error) {
      if (io.signal.aborted) return 130;
      if (!(error instanceof CurlFailure)) throw error;
      if (attempt < options.retries && error.code !== EXIT.badUrl) {
        await sleep(systemClock, 1000, io.signal);
        continue;
      }
      if (!options.silent || options.showError) await print(io, `curl: (${error.code}) ${error.message}\n`, 'stderr');
      return error.code;
    }
  }
}

class Transfer {
  readonly #url: string;
  readonly #options: CurlOptions;
  readonly #io: ShellIo;
  readonly #container: Container;
  readonly #startedAt = performance.now();
  #size = 0;
  #firstByteAt: number | undefined;

  constructor(url: string, options: CurlOptions, io: ShellIo, container: Container) {
    this.#url = url;
    this.#options = options;
    this.#io = io;
    this.#container = container;
  }

  async run(): Promise<void> {
    const url = podUrl(this.#url);
    if (url === undefined) throw new CurlFailure(EXIT.badUrl, `URL using bad/illegal format or missing URL`);
    if (url.protocol !== 'http:') throw new CurlFailure(1, `Protocol "${url.protocol.slice(0, -1)}" not supported`);
    const timeout = this.#options.maxTimeSeconds;
    const limit = timeout === undefined ? undefined : AbortSignal.timeout(timeout * 1000);
    const signal = limit ? AbortSignal.any([this.#io.signal, limit]) : this.#io.signal;
    let status = 0;
    try {
      const response = await this.#request(url, signal);
      status = response.statusCode ?? 0;
      this.#firstByteAt = performance.now();
      if (this.#options.failOnError && status >= 400) {
        response.destroy();
        throw new CurlFailure(EXIT.httpError, `The requested URL returned error: ${status}`);
      }
      await this.#receive(response);
    } catch (error) {
      if (error instanceof CurlFailure) throw error;
      throw this.#explain(error, url, limit);
    } finally {
      await print(this.#io, this.#writeOut(status));
    }
  }

  async #request(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const body = await this.#body();
    if (this.#options.verbose)
      await print(
        this.#io,
        `> ${this.#options.method} ${url.pathname}${url.search} HTTP/1.1\n> Host: ${url.host}\n> User-Agent: curl/8.5.0\n> Accept: */*\n>\n`,
        'stderr',
      );
    return await podRequest(this.#container.network, this.#container.namespace, {
      method: this.#options.method,
      url,
      signal,
      headers: { 'user-agent': 'curl/8.5.0', accept: '*/*', ...Object.fromEntries(this.#options.headers) },
      ...(body === undefined ? {} : { body }),
    });
  }

  async #body(): Promise<Buffer | undefined> {
    if (this.#options.data.length === 0) return undefined;
    const parts: Buffer[] = [];
    for (const part of this.#options.data) {
      if (parts.length > 0) parts.push(Buffer.from('&'));
      const file = part.kind !== 'raw' && part.text.startsWith('@');
      const bytes = file ? await this.#read(part.text.slice(1)) : Buffer.from(part.text);
      parts.push(file && part.kind === 'data' ? Buffer.from(bytes.toString('utf8').replaceAll(/[\r\n]/g, '')) : bytes);
    }
    return Buffer.concat(parts);
  }

  async #read(name: string): Promise<Buffer> {
    if (name === '-') {
      const chunks: Buffer[] = [];
      for await (const chunk of this.#io.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    }
    const path = this.#container.fs.resolvePath(this.#io.cwd, name);
    if (!(await this.#container.fs.exists(path))) throw new CurlFailure(EXIT.read, `Failed to open ${name}`);
    return Buffer.from(await this.#container.fs.readFileBuffer(path));
  }

  async #receive(response: IncomingMessage): Promise<void> {
    if (this.#options.includeHeaders || this.#options.verbose) await this.#headers(response);
    const output = this.#options.output ?? (this.#options.remoteName ? this.#url.split('/').at(-1) : undefined);
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      const bytes = chunk as Buffer;
      this.#size += bytes.length;
      if (output === undefined || output === '-') await this.#toStdout(bytes);
      else chunks.push(bytes);
    }
    if (output !== undefined && output !== '-' && output !== '/dev/null')
      await this.#container.fs.writeFile(this.#container.fs.resolvePath(this.#io.cwd, output), Buffer.concat(chunks));
  }

  async #headers(response: IncomingMessage): Promise<void> {
    const lines = [`HTTP/1.1 ${response.statusCode ?? 0} ${response.statusMessage ?? ''}`];
    for (let index = 0; index + 1 < response.rawHeaders.length; index += 2)
      lines.push(`${response.rawHeaders[index] ?? ''}: ${response.rawHeaders[index + 1] ?? ''}`);
    if (this.#options.verbose) await print(this.#io, lines.map((line) => `< ${line}\n`).join(''), 'stderr');
    if (this.#options.includeHeaders) await print(this.#io, `${lines.join('\r\n')}\r\n\r\n`);
  }

  async #toStdout(bytes: Buffer): Promise<void> {
    const { stdout } = this.#io;
    if (stdout.destroyed) throw new CurlFailure(EXIT.write, 'Failure writing output to destination');
    if (!stdout.write(bytes)) await drained(this.#io);
  }

  #explain(error: unknown, url: URL, limit: AbortSignal | undefined): CurlFailure {
    const port = url.port === '' ? '80' : url.port;
    const ms = Math.round(performance.now() - this.#startedAt);
    if (limit?.aborted === true)
      return new CurlFailure(
        EXIT.timeout,
        `Operation timed out after ${ms} milliseconds with ${this.#size} bytes received`,
      );
    switch (systemCode(error)) {
      case 'ENOTFOUND':
        return new CurlFailure(EXIT.resolve, `Could not resolve host: ${url.hostname}`);
      case 'ECONNREFUSED':
        return new CurlFailure(
          EXIT.connect,
          `Failed to connect to ${url.hostname} port ${port} after ${ms} ms: Couldn't connect to server`,
        );
      case 'ECONNRESET':
        return this.#firstByteAt === undefined
          ? new CurlFailure(EXIT.empty, 'Empty reply from server')
          : new CurlFailure(EXIT.receive, 'Recv failure: Connection reset by peer');
      default:
        return new CurlFailure(EXIT.receive, errorText(error));
    }
  }

  #writeOut(status: number): string {
    const seconds = (at: number | undefined): string =>
      at === undefined ? '0.000000' : ((at - this.#startedAt) / 1000).toFixed(6);
    const values: Readonly<Record<string, string>> = {
      http_code: String(status).padStart(3, '0'),
      response_code: String(status).padStart(3, '0'),
      size_download: String(this.#size),
      time_total: seconds(performance.now()),
      time_starttransfer: seconds(this.#firstByteAt),
      url: this.#url,
      url_effective: this.#url,
    };
    return this.#options.writeOut
      .replaceAll(/%\{(\w+)\}/g, (_, name: string) => values[name] ?? '')
      .replaceAll(String.raw`\n`, '\n')
      .replaceAll(String.raw`\t`, '\t');
  }
}

/** curl's options as far as scripts against model servers use them. */
export interface CurlOptions {
  readonly urls: readonly string[];
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Parts of the body in order; `@file` and `@-` are read later. */
  readonly data: readonly DataPart[];
  readonly silent: boolean;
  readonly showError: boolean;
  readonly failOnError: boolean;
  readonly includeHeaders: boolean;
  readonly verbose: boolean;
  readonly output: string | undefined;
  readonly remoteName: boolean;
  readonly writeOut: string;
  readonly maxTimeSeconds: number | undefined;
  readonly retries: number;
}

export interface DataPart {
  readonly text: string;
  /** `--data` strips line ends from files, `--data-binary` does not, `--data-raw` knows no files. */
  readonly kind: 'data' | 'binary' | 'raw';
}

export class CurlUsage extends Error {}

const SHORT_WITH_VALUE: Readonly<Record<string, string>> = {
  X: 'request',
  H: 'header',
  d: 'data',
  o: 'output',
  w: 'write-out',
  m: 'max-time',
  A: 'user-agent',
  u: 'user',
  x: 'proxy',
};
const SHORT_FLAGS: Readonly<Record<string, string>> = {
  s: 'silent',
  S: 'show-error',
  f: 'fail',
  i: 'include',
  N: 'no-buffer',
  v: 'verbose',
  L: 'location',
  k: 'insecure',
  I: 'head',
  O: 'remote-name',
  G: 'get',
  '#': 'progress-bar',
};
const LONG_WITH_VALUE = new Set([
  ...Object.values(SHORT_WITH_VALUE),
  'data-raw',
  'data-binary',
  'json',
  'url',
  'connect-timeout',
  'retry',
  'retry-delay',
  'retry-max-time',
  'resolve',
]);
const LONG_FLAGS = new Set([
  ...Object.values(SHORT_FLAGS),
  'fail-with-body',
  'compressed',
  'http1.1',
  'retry-connrefused',
  'retry-all-errors',
  'globoff',
  'no-progress-meter',
]);

/** Throws `CurlUsage` (exit code 2). */
export function parseCurl(argv: readonly string[]): CurlOptions {
  const found = collect(argv);
  const values = (name: string): readonly string[] => found.values.get(name) ?? [];
  const last = (name: string): string | undefined => values(name).at(-1);
  const data = found.data;
  const json = values('json').length > 0;
  const headers = values('header').map(header);
  if (json) headers.push(['content-type', 'application/json'], ['accept', 'application/json']);
  if (data.length > 0 && !headers.some(([name]) => name === 'content-type'))
    headers.push(['content-type', 'application/x-www-form-urlencoded']);
  if (found.urls.length === 0)
    throw new CurlUsage("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information");
  return {
    urls: found.urls,
    method: last('request') ?? (found.flags.has('head') ? 'HEAD' : data.length > 0 ? 'POST' : 'GET'),
    headers,
    data,
    silent: found.flags.has('silent'),
    showError: found.flags.has('show-error'),
    failOnError: found.flags.has('fail') || found.flags.has('fail-with-body'),
    includeHeaders: found.flags.has('include') || found.flags.has('head'),
    verbose: found.flags.has('verbose'),
    output: last('output'),
    remoteName: found.flags.has('remote-name'),
    writeOut: last('write-out') ?? '',
    maxTimeSeconds: last('max-time') === undefined ? undefined : Number(last('max-time')),
    retries: Number(last('retry') ?? 0),
  };
}

interface Collected {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string[]>;
  readonly urls: readonly string[];
  readonly data: readonly DataPart[];
}

function collect(argv: readonly string[]): Collected {
  const flags = new Set<string>();
  const values = new Map<string, string[]>();
  const urls: string[] = [];
  const data: DataPart[] = [];
  const queue = [...argv];
  const take = (name: string, inline: string | undefined): void => {
    const value = inline ?? queue.shift();
    if (value === undefined)
      throw new CurlUsage(
        `curl: option --${name}: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information`,
      );
    if (name === 'url') urls.push(value);
    if (name === 'data' || name === 'json') data.push({ text: value, kind: name === 'data' ? 'data' : 'binary' });
    if (name === 'data-raw') data.push({ text: value, kind: 'raw' });
    if (name === 'data-binary') data.push({ text: value, kind: 'binary' });
    values.set(name, [...(values.get(name) ?? []), value]);
  };
  for (let arg = queue.shift(); arg !== undefined; arg = queue.shift()) {
    if (arg.startsWith('--')) {
      const [name = '', inline] = arg.slice(2).split(/=(.*)/s);
      if (LONG_WITH_VALUE.has(name)) take(name, inline);
      else if (LONG_FLAGS.has(name)) flags.add(name);
      else throw unknown(arg);
    } else if (arg.startsWith('-') && arg.length > 1) {
      for (let index = 1; index < arg.length; index += 1) {
        const letter = arg.charAt(index);
        const withValue = SHORT_WITH_VALUE[letter];
        if (withValue !== undefined) {
          take(withValue, index + 1 < arg.length ? arg.slice(index + 1) : undefined);
          break;
        }
        const flag = SHORT_FLAGS[letter];
        if (flag === undefined) throw unknown(`-${letter}`);
        flags.add(flag);
      }
    } else urls.push(arg);
  }
  return { flags, values, urls, data };
}

function unknown(option: string): CurlUsage {
  return new CurlUsage(
    `curl: option ${option}: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information`,
  );
}

function header(text: string): [string, string] {
  const colon = text.indexOf(':');
  return colon < 0
    ? [text.toLowerCase(), '']
    : [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
}

import { isObject } from '../../base/json.ts';

export interface ClusterConfig {
  readonly server: string;
  readonly 'certificate-authority': string | undefined;
  readonly 'certificate-authority-data': string | undefined;
  readonly 'insecure-skip-tls-verify': boolean | undefined;
  readonly 'tls-server-name': string | undefined;
  readonly 'proxy-url': string | undefined;
  /** What a credential plugin is to know of this cluster, whatever it is. */
  readonly execConfig: unknown;
}

export interface ExecConfig {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean | undefined;
}

export interface UserConfig {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly 'client-certificate': string | undefined;
  readonly 'client-certificate-data': string | undefined;
  readonly 'client-key': string | undefined;
  readonly 'client-key-data': string | undefined;
  readonly as: string | undefined;
  readonly 'as-uid': string | undefined;
  readonly 'as-groups': readonly string[];
  readonly 'as-user-extra': Readonly<Record<string, readonly string[]>>;
  readonly exec: ExecConfig | undefined;
  readonly 'auth-provider': { readonly name: string; readonly config: Readonly<Record<string, string>> } | undefined;
}

export interface ContextConfig {
  readonly cluster: string;
  readonly user: string | undefined;
  readonly namespace: string | undefined;
}

export type Named<T> = readonly { readonly name: string; readonly value: T }[];

/** What counts of one kubeconfig file, as it is written there. */
export interface KubeconfigEntries {
  readonly currentContext: string | undefined;
  readonly clusters: Named<ClusterConfig>;
  readonly users: Named<UserConfig>;
  readonly contexts: Named<ContextConfig>;
}

/** Says what of the file is not as it has to be, and never what it holds: that may be a secret. */
export class ShapeError extends Error {}

/**
 * Reads a parsed kubeconfig; throws a ShapeError where kubectl refuses the file. What an entry lacks is empty, as for
 * kubectl: only whoever uses that entry has to know. By hand, since this is on the way to a window's first rows.
 */
export function readEntries(document: unknown): KubeconfigEntries {
  const file = new Fields(document ?? {}, 'the file');
  file.onlyText('apiVersion', 'v1');
  file.onlyText('kind', 'Config');
  return {
    currentContext: file.text('current-context'),
    clusters: named(file, 'clusters', 'cluster', clusterOf),
    users: named(file, 'users', 'user', userOf),
    contexts: named(file, 'contexts', 'context', contextOf),
  };
}

function named<T>(file: Fields, list: string, field: string, read: (fields: Fields) => T): Named<T> {
  const names = new Set<string>();
  return file.objects(list).map((entry) => {
    const name = entry.textOrEmpty('name');
    if (names.has(name)) throw new ShapeError(`${field} "${name}" stands in ${list} twice`);
    names.add(name);
    return { name, value: read(entry.object(field, `${field} "${name}"`)) };
  });
}

/** Where client-go looks for a plugin's settings. */
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

function clusterOf(fields: Fields): ClusterConfig {
  return {
    server: fields.textOrEmpty('server'),
    'certificate-authority': fields.text('certificate-authority'),
    'certificate-authority-data': fields.base64('certificate-authority-data'),
    'insecure-skip-tls-verify': fields.flag('insecure-skip-tls-verify'),
    'tls-server-name': fields.text('tls-server-name'),
    'proxy-url': fields.text('proxy-url'),
    execConfig: fields
      .objects('extensions')
      .find((extension) => extension.text('name') === EXEC_EXTENSION)
      ?.whatever('extension'),
  };
}

function userOf(fields: Fields): UserConfig {
  return {
    token: fields.text('token'),
    tokenFile: fields.text('tokenFile'),
    username: fields.text('username'),
    password: fields.text('password'),
    'client-certificate': fields.text('client-certificate'),
    'client-certificate-data': fields.base64('client-certificate-data'),
    'client-key': fields.text('client-key'),
    'client-key-data': fields.base64('client-key-data'),
    as: fields.text('as'),
    'as-uid': fields.text('as-uid'),
    'as-groups': fields.texts('as-groups'),
    'as-user-extra': fields.object('as-user-extra').allTextLists(),
    exec: fields.has('exec') ? execOf(fields.object('exec')) : undefined,
    'auth-provider': fields.has('auth-provider') ? providerOf(fields.object('auth-provider')) : undefined,
  };
}

function execOf(fields: Fields): ExecConfig {
  return {
    apiVersion: fields.textOrEmpty('apiVersion'),
    command: fields.textOrEmpty('command'),
    args: fields.texts('args'),
    env: fields.objects('env').map((each) => ({ name: each.textOrEmpty('name'), value: each.textOrEmpty('value') })),
    installHint: fields.text('installHint'),
    provideClusterInfo: fields.flag('provideClusterInfo'),
  };
}

function providerOf(fields: Fields): UserConfig['auth-provider'] {
  return { name: fields.textOrEmpty('name'), config: fields.object('config').allTexts() };
}

function contextOf(fields: Fields): ContextConfig {
  return { cluster: fields.textOrEmpty('cluster'), user: fields.text('user'), namespace: fields.text('namespace') };
}

/** The fields of an object of the file. One that is null counts as left out, as for kubectl. */
class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (!isObject(value)) throw new ShapeError(`${where} has to be an object`);
    this.#values = value;
    this.#where = where;
  }

  has(key: string): boolean {
    return this.whatever(key) !== undefined;
  }

  whatever(key: string): unknown {
    return this.#values[key] ?? undefined;
  }

  text(key: string): string | undefined {
    const value = this.whatever(key);
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(key, 'a text');
  }

  textOrEmpty(key: string): string {
    return this.text(key) ?? '';
  }

  /** Left out, empty or this. */
  onlyText(key: string, text: string): void {
    if ((this.text(key) || text) !== text) throw this.#wrong(key, text);
  }

  /** Checked as Go does: line breaks are passed over. */
  base64(key: string): string | undefined {
    const digits = this.text(key)?.replace(/[\r\n]/g, '');
    if (digits === undefined || (digits.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(digits))) return digits;
    throw this.#wrong(key, 'base64');
  }

  flag(key: string): boolean | undefined {
    const value = this.whatever(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.#wrong(key, 'true or false');
  }

  texts(key: string): readonly string[] {
    const values = this.#list(key).map((value) => value ?? '');
    if (values.every((value) => typeof value === 'string')) return values;
    throw this.#wrong(key, 'a list of texts');
  }

  objects(key: string): readonly Fields[] {
    return this.#list(key).map((value, index) => new Fields(value ?? {}, `${this.#where}: ${key}[${index}]`));
  }

  object(key: string, where = `${this.#where}: ${key}`): Fields {
    return new Fields(this.whatever(key) ?? {}, where);
  }

  /** All of them, each of which has to be a text. */
  allTexts(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.#values).map((key) => [key, this.textOrEmpty(key)]));
  }

  /** All of them, each of which has to be a list of texts. */
  allTextLists(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(Object.keys(this.#values).map((key) => [key, this.texts(key)]));
  }

  #list(key: string): readonly unknown[] {
    const value = this.whatever(key) ?? [];
    if (Array.isArray(value)) return value;
    throw this.#wrong(key, 'a list');
  }

  #wrong(key: string, wanted: string): ShapeError {
    return new ShapeError(`${this.#where}: ${key} has to be ${wanted}`);
  }
}

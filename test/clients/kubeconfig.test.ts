import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { mergeKubeconfigs, readKubeconfigs } from '../../src/kube/login/kubeconfig.ts';
import { kubectls, toolPath, type Tool } from './support.ts';

/** Files by name, read in this order, and how the library sees them. */
interface Case {
  readonly what: string;
  readonly files: Readonly<Record<string, string | Buffer>>;
  /** More names in KUBECONFIG than there are files. */
  readonly absent?: readonly string[];
  /** Where `KubeConfig` of @kubernetes/client-node sees something else than kubectl, and why ours follows kubectl. */
  readonly libraryDiffers?: string;
}

const exec = (apiVersion: string, more = ''): string =>
  `users: [{name: u, user: {exec: {apiVersion: ${apiVersion}, command: login, args: [a, "b c"], env: [{name: A, value: "1"}]${more}}}}]\n`;

const good = `apiVersion: v1
kind: Config
current-context: c
clusters: [{name: k, cluster: {server: "https://k.invalid:6443"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: k, user: u, namespace: team}}]
`;

const cases: readonly Case[] = [
  { what: 'a plain file', files: { config: good } },
  {
    what: 'JSON',
    files: { config: JSON.stringify({ 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'k' } }] }) },
  },
  { what: 'lines that end as on Windows', files: { config: good.replaceAll('\n', '\r\n') } },
  {
    what: 'a byte order mark',
    files: { config: `\u{FEFF}${good}` },
  },
  { what: 'an empty file', files: { config: '' }, libraryDiffers: 'it fails on a file without a document' },
  {
    what: 'comments alone',
    files: { config: '# nothing yet\n' },
    libraryDiffers: 'it fails on a file without a document',
  },
  { what: 'a list', files: { config: '[]\n' }, libraryDiffers: 'it takes any document for a kubeconfig' },
  { what: 'a text', files: { config: 'hello\n' }, libraryDiffers: 'it takes any document for a kubeconfig' },
  { what: 'what is not YAML', files: { config: 'clusters: [\n' } },
  { what: 'a tab that indents', files: { config: 'contexts:\n\t- name: c\n' } },
  {
    what: 'several documents',
    files: { config: `${good}---\ncurrent-context: other\n` },
    libraryDiffers: 'it fails on a second document',
  },
  {
    what: 'a second document that is broken',
    files: { config: `${good}---\n[broken\n` },
    libraryDiffers: 'it fails on a second document',
  },
  {
    what: 'an empty first document',
    files: { config: `---\n---\n${good}` },
    libraryDiffers: 'it fails on a second document',
  },
  {
    what: 'another kind',
    files: { config: 'apiVersion: v1\nkind: Pod\ncurrent-context: c\n' },
    libraryDiffers: 'it does not look at kind and version',
  },
  {
    what: 'another version',
    files: { config: 'apiVersion: v2\nkind: Config\ncurrent-context: c\n' },
    libraryDiffers: 'it does not look at kind and version',
  },
  {
    what: 'fields that nobody knows',
    files: {
      config: `${good}preferences: {colors: true}\nfuture: {a: 1}\nextensions: [{name: x, extension: {a: 1}}]\n`,
    },
  },
  { what: 'names in another case', files: { config: 'Current-Context: c\nContexts: [{Name: c}]\n' } },
  { what: 'no current context', files: { config: good.replace('current-context: c\n', '') } },
  {
    what: 'a current context that is not there',
    files: { config: good.replace('current-context: c\n', 'current-context: gone\n') },
  },
  {
    what: 'a key that comes twice',
    files: { config: 'users: [{name: u, user: {token: one, token: two}}]\n' },
    libraryDiffers: 'it fails on a key that comes twice',
  },
  {
    what: 'merged keys',
    files: { config: 'base: &base {server: "https://k.invalid"}\nclusters: [{name: k, cluster: {<<: *base}}]\n' },
    libraryDiffers: 'it reads YAML 1.2, which has none',
  },
  {
    what: 'the yes of YAML 1.1',
    files: { config: 'clusters: [{name: k, cluster: {server: "https://k.invalid", insecure-skip-tls-verify: yes}}]\n' },
    libraryDiffers: 'it reads YAML 1.2, where yes is a text',
  },
  {
    what: 'a namespace called n',
    files: { config: 'contexts: [{name: c, context: {cluster: k, namespace: n}}]\n' },
    libraryDiffers: 'it reads YAML 1.2, where n is a text',
  },
  { what: 'a token that looks like a date', files: { config: 'users: [{name: u, user: {token: 2026-01-01}}]\n' } },
  { what: 'a token that looks like a time', files: { config: 'users: [{name: u, user: {token: 1:30}}]\n' } },
  {
    what: 'a token that is a number',
    files: { config: 'users: [{name: u, user: {token: 1234}}]\n' },
    libraryDiffers: 'it does not check types',
  },
  {
    what: 'a server that is a number, beside a good one',
    files: { config: good.replace('clusters: [', 'clusters: [{name: bad, cluster: {server: 7}}, ') },
  },
  {
    what: 'a flag that is a text',
    files: {
      config: 'clusters: [{name: k, cluster: {server: "https://k.invalid", insecure-skip-tls-verify: "true"}}]\n',
    },
    libraryDiffers: 'it does not check types',
  },
  {
    what: 'users that are no list',
    files: { config: 'users: {name: u}\n' },
    libraryDiffers: 'it does not check types',
  },
  {
    what: 'a cluster without a server, beside a good one',
    files: { config: good.replace('clusters: [', 'clusters: [{name: bare, cluster: {}}, ') },
    libraryDiffers: 'it refuses the whole file',
  },
  {
    what: 'a context without a cluster, beside a good one',
    files: { config: good.replace('contexts: [', 'contexts: [{name: bare, context: {user: u}}, {name: none}, ') },
    libraryDiffers: 'it refuses the whole file',
  },
  {
    what: 'an entry that is null, beside good ones',
    files: { config: good.replace('clusters: [', 'clusters: [null, ') },
    libraryDiffers: 'it refuses the whole file',
  },
  {
    what: 'users with nothing in them',
    files: { config: 'users: [{name: u, user: {}}, {name: v, user: null}, {name: w}]\n' },
  },
  {
    what: 'two clusters of one name in one file',
    files: {
      config: good.replace('clusters: [', 'clusters: [{name: k, cluster: {server: "https://other.invalid"}}, '),
    },
    libraryDiffers: 'it keeps both and uses the first',
  },
  {
    what: 'data that is not base64',
    files: {
      config: 'clusters: [{name: k, cluster: {server: "https://k.invalid", certificate-authority-data: "%%%"}}]\n',
    },
    libraryDiffers: 'it decodes what can be decoded',
  },
  {
    what: 'data in base64',
    files: {
      config:
        'clusters: [{name: k, cluster: {server: "https://k.invalid", certificate-authority-data: YWJj}}]\nusers: [{name: u, user: {client-certificate-data: YWJj, client-key-data: ZGVm}}]\n',
    },
  },
  {
    what: 'data in base64 over several lines',
    files: { config: 'users:\n- name: u\n  user:\n    client-key-data: |\n      YWJj\n      ZGVm\n' },
    libraryDiffers: 'it hands the text on as it is',
  },
  {
    what: 'data in base64 with a blank in it',
    files: { config: 'users: [{name: u, user: {client-key-data: "YWJj ZGVm"}}]\n' },
    libraryDiffers: 'it decodes what can be decoded',
  },
  {
    what: 'a token in a file, and the name that the library knows',
    files: { config: 'users: [{name: u, user: {tokenFile: token}}, {name: v, user: {token-file: /dev/null}}]\n' },
    libraryDiffers: 'it knows token-file, which is no field of a kubeconfig, and not tokenFile',
  },
  { what: 'name and password', files: { config: 'users: [{name: u, user: {username: me, password: "p:w"}}]\n' } },
  {
    what: 'a credential plugin of v1',
    files: {
      config: exec(
        'client.authentication.k8s.io/v1',
        ', interactiveMode: IfAvailable, provideClusterInfo: true, installHint: get it',
      ),
    },
  },
  { what: 'a credential plugin of v1beta1', files: { config: exec('client.authentication.k8s.io/v1beta1') } },
  { what: 'a credential plugin of v1alpha1', files: { config: exec('client.authentication.k8s.io/v1alpha1') } },
  {
    what: 'a credential plugin that lacks all but its command',
    files: { config: 'users: [{name: u, user: {exec: {command: login, args: null, env: [{name: A}]}}}]\n' },
  },
  {
    what: 'an old auth-provider',
    files: {
      config:
        'users: [{name: u, user: {auth-provider: {name: oidc, config: {client-id: a, id-token: b, refresh-token: c}}}}]\n',
    },
  },
  {
    what: 'an old auth-provider without settings',
    files: { config: 'users: [{name: u, user: {auth-provider: {name: gcp}}}]\n' },
  },
  {
    what: 'proxy, server name and no check of certificates',
    files: {
      config:
        'clusters: [{name: k, cluster: {server: "https://k.invalid/path", proxy-url: "socks5://p.invalid:1", tls-server-name: s, insecure-skip-tls-verify: true}}]\n',
    },
  },
  {
    what: 'a slash at the end of the server',
    files: { config: 'clusters: [{name: k, cluster: {server: "https://k.invalid/"}}]\n' },
    libraryDiffers: 'it cuts the slash; ours does when it asks',
  },
  {
    what: 'impersonation',
    files: {
      config:
        'users: [{name: u, user: {token: t, as: me, as-uid: "1", as-groups: [g, h], as-user-extra: {scopes: [a, b]}}}]\n',
    },
    libraryDiffers: 'it knows `as` alone: no groups, uid or extra',
  },
  {
    what: 'extensions of a cluster',
    files: {
      config:
        'clusters: [{name: k, cluster: {server: "https://k.invalid", extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: x}}, {name: other, extension: 1}]}}]\n',
    },
    libraryDiffers: "it does not read a plugin's settings",
  },
  {
    what: 'relative paths, and paths from the root',
    files: {
      config:
        'clusters: [{name: k, cluster: {server: "https://k.invalid", certificate-authority: ca.pem}}]\nusers: [{name: u, user: {client-certificate: ../cert.pem, client-key: /etc/key.pem, exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login}}}, {name: v, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: login}}}]\n',
    },
    libraryDiffers: 'it does not resolve the command of a plugin',
  },
  {
    what: 'several files: the first that has an entry has all of it, the first current context counts',
    files: {
      one: 'clusters: [{name: k, cluster: {server: "https://one.invalid"}}]\nusers: [{name: u, user: {username: me}}]\ncontexts: [{name: same, context: {cluster: k}}]\n',
      two: 'current-context: two\nclusters: [{name: k, cluster: {server: "https://two.invalid", insecure-skip-tls-verify: true}}]\nusers: [{name: u, user: {token: s, password: p}}]\ncontexts: [{name: same, context: {cluster: k, user: u}}, {name: two, context: {cluster: k}}]\n',
      three: 'current-context: three\nusers: [{name: other, user: {token: t}}]\n',
    },
    libraryDiffers: 'it fails on an entry that two files name',
  },
  {
    what: 'several files with nothing in common but their current contexts',
    files: { one: good, two: good.replaceAll(/\b([kuc])\b/g, '$1$1') },
    libraryDiffers: 'the last current context counts',
  },
  {
    what: 'a file that is not there, before one that is',
    files: { config: good },
    absent: ['gone'],
    libraryDiffers: 'it fails on a file that is not there',
  },
  { what: 'no file at all', files: {}, absent: ['gone'], libraryDiffers: 'it fails on a file that is not there' },
  {
    what: 'a broken file before a good one',
    files: { broken: 'contexts: 5\n', config: good },
    libraryDiffers: 'it does not check types',
  },
];

/** What both sides say of a kubeconfig, in kubectl's words; what is empty is left out. */
type View = object | 'refused';

interface ViewParts {
  readonly current: unknown;
  readonly clusters: Iterable<readonly [string, object]>;
  readonly users: Iterable<readonly [string, object]>;
  readonly contexts: Iterable<readonly [string, object]>;
}

function view({ current, clusters, users, contexts }: ViewParts): View {
  return filled({
    current,
    clusters: Object.fromEntries(clusters),
    users: Object.fromEntries(users),
    contexts: Object.fromEntries(contexts),
  }) as object;
}

/** Without what is empty, down to the last field; undefined where nothing is left. An entry without a field is still an entry. */
function filled(value: unknown, depth = 0): unknown {
  if (value === undefined || value === null || value === '' || value === false) return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((each) => filled(each, depth + 1) ?? '');
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .map(([key, each]) => [key, filled(each, depth + 1)] as const)
    .filter(([, each]) => each !== undefined);
  return entries.length === 0 && depth !== 2 ? undefined : Object.fromEntries(entries);
}

async function ours(files: readonly string[]): Promise<View> {
  try {
    const merged = mergeKubeconfigs(await readKubeconfigs(files));
    if (merged === undefined) return view({ current: '', clusters: [], users: [], contexts: [] });
    return view({ current: merged.currentContext, ...merged });
  } catch {
    return 'refused';
  }
}

interface KubectlView {
  readonly 'current-context': string;
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, unknown>> }[] | null;
  readonly users: readonly { readonly name: string; readonly user: Readonly<Record<string, unknown>> }[] | null;
  readonly contexts: readonly { readonly name: string; readonly context: object }[] | null;
}

/** Undefined where kubectl fails. */
function run(tool: Tool, files: readonly string[], ...more: readonly string[]): Promise<string | undefined> {
  return new Promise((answer) =>
    execFile(
      toolPath(tool),
      ['config', 'view', '--raw', '-o', 'json', ...more],
      { env: { KUBECONFIG: files.join(delimiter) }, timeout: 20_000 },
      (error, text) => answer(error === null ? text : undefined),
    ),
  );
}

/** kubectl shows paths as they are in the file, after it resolved them itself. */
async function kubectl(tool: Tool, files: readonly string[]): Promise<View> {
  const stdout = await run(tool, files);
  if (stdout === undefined) return 'refused';
  const seen = JSON.parse(stdout) as KubectlView;
  const folder = dirname(files[0] ?? '');
  return view({
    current: seen['current-context'],
    clusters: (seen.clusters ?? []).map(({ name, cluster }) => [name, clusterAsOurs(cluster, folder)]),
    users: (seen.users ?? []).map(({ name, user }) => [name, userAsOurs(user, folder)]),
    contexts: (seen.contexts ?? []).map(({ name, context }) => [name, context]),
  });
}

type Entry = Readonly<Record<string, unknown>>;

function resolved(entry: Entry, fields: readonly string[], folder: string): Entry {
  const paths = fields.flatMap((field) => {
    const path = entry[field];
    return typeof path === 'string' && path !== '' ? [[field, resolve(folder, path)] as const] : [];
  });
  return { ...entry, ...Object.fromEntries(paths) };
}

function clusterAsOurs({ extensions, ...cluster }: Entry, folder: string): Entry {
  const settings = ((extensions ?? []) as readonly { readonly name: string; readonly extension: unknown }[]).find(
    ({ name }) => name === 'client.authentication.k8s.io/exec',
  );
  return { ...resolved(cluster, ['certificate-authority'], folder), execConfig: settings?.extension };
}

function userAsOurs({ exec: plugin, ...user }: Entry, folder: string): Entry {
  const { interactiveMode: _mode, ...rest } = (plugin ?? {}) as Entry;
  const { command } = rest;
  return {
    ...resolved(user, ['client-certificate', 'client-key', 'tokenFile'], folder),
    ...(plugin === undefined || plugin === null
      ? {}
      : { exec: typeof command === 'string' && command.includes('/') ? resolved(rest, ['command'], folder) : rest }),
  };
}

/** The library as it loads by itself; KUBECONFIG of this process is set for the call. */
function library(files: readonly string[]): View {
  const before = process.env['KUBECONFIG'];
  process.env['KUBECONFIG'] = files.join(delimiter);
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch {
    return 'refused';
  } finally {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
  }
  return view({
    current: config.currentContext,
    clusters: config.clusters.map((each) => [
      each.name,
      {
        server: each.server,
        'certificate-authority': each.caFile,
        'certificate-authority-data': each.caData,
        'insecure-skip-tls-verify': each.skipTLSVerify,
        'tls-server-name': each.tlsServerName,
        'proxy-url': each.proxyUrl,
      },
    ]),
    users: config.users.map((each) => [
      each.name,
      userAsOurs(
        {
          token: each.token,
          username: each.username,
          password: each.password,
          'client-certificate': each.certFile,
          'client-certificate-data': each.certData,
          'client-key': each.keyFile,
          'client-key-data': each.keyData,
          as: each.impersonateUser,
          exec: each.exec as unknown,
          'auth-provider': each.authProvider as unknown,
        },
        '',
      ),
    ]),
    contexts: config.contexts.map(({ name, ...context }) => [name, context]),
  });
}

describe('our kubeconfig reader beside kubectl and the library', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'kubeconfigs-')), 'kube');
    await mkdir(folder);
  });
  afterEach(() => rm(dirname(folder), { recursive: true, force: true }));

  for (const { what, files, absent = [], libraryDiffers } of cases) {
    it(`${what}${libraryDiffers === undefined ? '' : ` (the library: ${libraryDiffers})`}`, async () => {
      for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
      const paths = [...absent, ...Object.keys(files)].map((name) => join(folder, name));
      const seen = await ours(paths);
      for (const tool of kubectls) assert.deepEqual(seen, await kubectl(tool, paths), tool);
      if (libraryDiffers === undefined) assert.deepEqual(library(paths), seen, 'the library');
      else assert.notDeepEqual(library(paths), seen, 'the library differs no longer: take the reason away');
    });
  }

  it('paths lead to the same files, from wherever it is asked', async () => {
    await writeFile(join(folder, 'ca.pem'), 'an authority');
    await writeFile(join(dirname(folder), 'cert.pem'), 'a certificate');
    const config = join(folder, 'config');
    await writeFile(
      config,
      'clusters: [{name: k, cluster: {server: "https://k.invalid", certificate-authority: ca.pem}}]\nusers: [{name: u, user: {client-certificate: ../cert.pem}}]\n',
    );
    const merged = mergeKubeconfigs(await readKubeconfigs([config]));
    const content = async (path = ''): Promise<string> => (await readFile(path)).toString('base64');
    for (const tool of kubectls) {
      const seen = JSON.parse((await run(tool, [config], '--flatten')) ?? '') as KubectlView;
      assert.deepEqual(
        [seen.clusters?.[0]?.cluster['certificate-authority-data'], seen.users?.[0]?.user['client-certificate-data']],
        [
          await content(merged?.clusters.get('k')?.['certificate-authority']),
          await content(merged?.users.get('u')?.['client-certificate']),
        ],
      );
    }
  });
});

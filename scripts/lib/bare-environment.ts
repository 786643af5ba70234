import { homedir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { execa } from 'execa';
import { withoutOuterNpm } from './npm.ts';
import { exists, which } from './system.ts';

/** What a person's environment says of the machine and its network, and not of their work. */
const kept = [
  'LANG',
  'LC_ALL',
  'TERM',
  'TZ',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'SystemRoot',
  'ComSpec',
  'PATHEXT',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'NODE_USE_ENV_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'PIP_CONFIG_FILE',
  'PIP_INDEX_URL',
  'PIP_EXTRA_INDEX_URL',
  'PIP_FIND_LINKS',
  'PIP_TRUSTED_HOST',
  'PIP_CERT',
];

/** Settings of Go that say where modules come from; a person may have them in a file of their home. */
const goSettings = [
  'GOPROXY',
  'GOSUMDB',
  'GOPRIVATE',
  'GONOPROXY',
  'GONOSUMDB',
  'GOINSECURE',
  'GOTOOLCHAIN',
  'GOFLAGS',
];

/**
 * The environment of a stranger on this machine, whose home is `home`: empty caches, this machine's own programs and its way to the
 * registries. Files with settings of registries are named where they are, never copied.
 */
export async function bareEnvironment(home: string, env: NodeJS.ProcessEnv = process.env): Promise<NodeJS.ProcessEnv> {
  const path = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.split(sep).includes('node_modules'))
    .join(delimiter);
  const machine = { ...withoutOuterNpm(env), PATH: path };
  const npmSettings = Object.entries(machine).filter(
    ([name]) => /^npm_config_/i.test(name) && name.toLowerCase() !== 'npm_config_cache',
  );
  return {
    ...Object.fromEntries(
      [...kept.map((name) => [name, env[name]] as const), ...npmSettings].filter(([, value]) => value !== undefined),
    ),
    ...(await pipSettings(env)),
    ...(await goEnvironment(machine)),
    npm_config_userconfig: await npmFile('userconfig', machine),
    npm_config_globalconfig: await npmFile('globalconfig', machine),
    PATH: path,
    HOME: home,
  };
}

async function npmFile(setting: string, env: NodeJS.ProcessEnv): Promise<string> {
  return (await execa('npm', ['config', 'get', setting], { env, extendEnv: false, cwd: homedir() })).stdout;
}

async function pipSettings(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const file = join(homedir(), '.config', 'pip', 'pip.conf');
  return env['PIP_CONFIG_FILE'] === undefined && (await exists(file)) ? { PIP_CONFIG_FILE: file } : {};
}

async function goEnvironment(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const go = await which('go', env['PATH']);
  if (go === undefined) return {};
  const settings = JSON.parse(
    (await execa(go, ['env', '-json', ...goSettings], { env, extendEnv: false })).stdout,
  ) as Record<string, string>;
  // A cache of modules is read-only otherwise, and could not be removed with the rest.
  return { ...settings, GOFLAGS: `${settings['GOFLAGS'] ?? ''} -modcacherw`.trim() };
}

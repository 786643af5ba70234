import { execa } from 'execa';
import { WorkbenchError } from '../../base/errors.ts';
import { at, isObject } from '../../base/json.ts';
import { lastLine } from '../../base/last-line.ts';
import type { ClusterConfig, ExecConfig } from './kubeconfig.ts';
import { material } from './material.ts';
import { childEnvironment, type Environment } from '../tools/tool-path.ts';

/** Plugins may open a browser and wait for a person. */
const TIMEOUT_MS = 120_000;

/** What a credential plugin answered. Secret. */
export interface PluginCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Wall ms; infinite when the plugin names no end. */
  readonly expiresAt: number;
}

export interface PluginContext {
  readonly context: string;
  readonly cluster: ClusterConfig;
  readonly env: Environment;
  readonly home: string;
}

/** Runs a kubeconfig's credential plugin once, as client-go does. */
export async function runExecPlugin(
  exec: ExecConfig,
  where: PluginContext,
  signal: AbortSignal,
): Promise<PluginCredential> {
  if (exec.command === '' || exec.apiVersion === '') throw incomplete(where.context);
  const subject = `credential plugin "${exec.command}" of context "${where.context}"`;
  const info = {
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(exec.provideClusterInfo === true ? { cluster: await clusterInfo(where) } : {}) },
  };
  const environment = childEnvironment(where.env, where.home, {
    ...Object.fromEntries(exec.env.map(({ name, value }) => [name, value])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  });
  const result = await execa(exec.command, exec.args, {
    env: environment,
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: TIMEOUT_MS,
    cancelSignal: signal,
    killDescendants: true,
  });
  if (result.isCanceled) throw new WorkbenchError({ code: 'aborted', message: `${subject}: cancelled` });
  if (result.failed) throw pluginError(result, exec, subject);
  return parseCredential(result.stdout, subject);
}

function incomplete(context: string): WorkbenchError {
  return new WorkbenchError({
    code: 'kubeconfig-invalid',
    message: `the credential plugin of context "${context}" has no command or no apiVersion`,
    hint: 'Give users[].user.exec both in the kubeconfig.',
  });
}

interface PluginFailure {
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly timedOut: boolean;
  readonly stderr: string;
  readonly cause?: unknown;
}

function pluginError(result: PluginFailure, exec: ExecConfig, subject: string): WorkbenchError {
  if (result.code === 'ENOENT' || result.code === 'EACCES') {
    return new WorkbenchError({
      code: 'auth-plugin-missing',
      message: `${subject} is not installed or not on the PATH`,
      hint:
        exec.installHint?.trim().split('\n')[0] ?? `Install ${exec.command}, or give its whole path in the kubeconfig.`,
      cause: result.cause,
    });
  }
  const said = lastLine(result.stderr);
  const why = result.timedOut
    ? `no answer within ${TIMEOUT_MS / 1000} s`
    : `exit code ${result.exitCode ?? 'unknown'}${said === '' ? '' : `: ${said}`}`;
  return new WorkbenchError({
    code: 'auth-plugin-failed',
    message: `${subject} failed: ${why}`,
    hint: `Run "${exec.command}" in a terminal to log in again.`,
    cause: result.cause,
  });
}

function parseCredential(stdout: string, subject: string): PluginCredential {
  try {
    const answer: unknown = JSON.parse(stdout);
    const status = at(answer, 'status');
    if (at(answer, 'kind') !== 'ExecCredential' || !isObject(status)) throw new TypeError('another kind of object');
    const end = textOf(status, 'expirationTimestamp');
    const expiresAt = end === undefined ? Number.POSITIVE_INFINITY : Date.parse(end);
    if (Number.isNaN(expiresAt)) throw new TypeError('expirationTimestamp is no time');
    const token = textOf(status, 'token');
    const [cert, key] = [textOf(status, 'clientCertificateData'), textOf(status, 'clientKeyData')];
    if ((cert === undefined) !== (key === undefined) || (token ?? cert) === undefined)
      throw new TypeError('neither a token nor a certificate with its key');
    return { token, cert, key, expiresAt };
  } catch {
    // The answer may hold a token: neither it nor the parser's message, which quotes it, goes on.
    throw new WorkbenchError({
      code: 'auth-plugin-failed',
      message: `${subject} failed: its answer is no ExecCredential with a token, or with a certificate and its key`,
      hint: 'Update the plugin, or run it in a terminal to see what it says.',
    });
  }
}

/** Undefined where it is left out, null or empty; anything but a text makes the whole answer unusable. */
function textOf(status: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = status[key] ?? undefined;
  if (value === undefined || typeof value === 'string') return value || undefined;
  throw new TypeError(`${key} is no text`);
}

/** What client-go tells a plugin of the cluster: the authority as data, whichever way the kubeconfig has it, and the plugin's own settings there. */
async function clusterInfo({ cluster, context }: PluginContext): Promise<object> {
  const ca = await material(cluster['certificate-authority-data'], cluster['certificate-authority'], context);
  return {
    server: cluster.server,
    'certificate-authority-data': ca?.toString('base64'),
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'tls-server-name': cluster['tls-server-name'],
    'proxy-url': cluster['proxy-url'],
    config: cluster.execConfig,
  };
}
